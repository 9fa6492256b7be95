#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""apxm over real sockets, with `apxm sim` in the part of the LLM server.

    tests/network_test.py --apxm build/apxm [--large] [TEST...]

The server's own log is the witness: how many requests came, in which run, how
many were open at once, which were left by their client. Every test carries the
canary of processes.py, and none may show it. `--large` adds what takes more
memory and processors than a test may: ten thousand calls at once.
"""

import argparse
import collections
import http.server
import json
import os
import shutil
import signal
import socket
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import processes  # noqa: E402
from processes import CANARY, CANARY_NAME, ROOT, wait_for  # noqa: E402

SETUP = argparse.Namespace(apxm=None, large=False, slow=False)

HELLO = os.path.join(ROOT, 'dsl-examples', '01_hello.ais')

ONE = '''
agent A {
    @entry flow main() -> str {
        ask("Say something.") -> r
        return r
    }
}
'''
PLACE = 'prog.ais:4:9'  # of the ask in ONE

THREE = '''
agent A {
    @entry flow main() -> str {
        ask("first", backend: "left") -> a
        ask("second", backend: "right", model: "large") -> b
        ask("third") -> c
        return merge(a, b, c)
    }
}
'''


def fan_out(count):
    """A program of so many asks that do not read each other, and a join."""
    asks = ''.join('        ask("question %d") -> r%d\n' % (i, i)
                   for i in range(count))
    return ('agent A {\n    @entry flow main() -> list<str> {\n%s'
            '        wait(%s) -> all\n        return all\n    }\n}\n' % (
                asks, ', '.join('r%d' % i for i in range(count))))


def most_open(requests):
    """The most that overlapped, from arrivals and ends; one that ended at the
    moment when another came does not overlap it."""
    events = sorted([(request['end_ms'], 0) for request in requests]
                    + [(request['arrival_ms'], 1) for request in requests])
    is_open = most = 0
    for _, is_arrival in events:
        is_open += 1 if is_arrival else -1
        most = max(most, is_open)
    return most


def config(*backends, default=None):
    """The text of a configuration; a backend is (name, provider, url, lines).
    """
    lines = ['backend: %s' % default] if default else []
    lines.append('backends:')
    for name, provider, url, *more in backends:
        lines += ['  %s:' % name, '    provider: ' + provider,
                  '    url: "%s"' % url] + ['    ' + line for line in more]
    return '\n'.join(lines) + '\n'

# How each is spoken to, and the path below which `apxm sim` speaks so.
PROVIDERS = (('openai', '/v1'), ('anthropic', '/v1'), ('google', '/v1beta'),
             ('ollama', ''))


def providers():
    """All of them; two where a sanitizer makes each run slow."""
    return PROVIDERS[:2] if SETUP.slow else PROVIDERS


class NetworkTest(unittest.TestCase):
    """A place for each test, searched for the canary at its end."""

    def setUp(self):
        self.place = processes.Place(SETUP.apxm)
        self.addCleanup(self.close)

    def close(self):
        self.assertEqual(self.place.close(), [], 'the key was shown')

    def configure(self, *backends, **more):
        self.place.write('.apxm/config.yaml', config(*backends, **more))

    def succeeds(self, process):
        self.assertEqual(process.code, 0, process.stdout + process.stderr)
        return process

    def fails(self, process, code, *words):
        """It ended with this exit code and said all of these words."""
        self.assertEqual(process.code, code, process.stdout + process.stderr)
        for word in words:
            self.assertIn(word, process.stderr)
        return process

    def execute(self, program, *words, **more):
        """A run of this program."""
        self.place.write('prog.ais', program)
        return self.place.run('execute', 'prog.ais', *words, **more)


class Order(NetworkTest):
    """How many calls, and how many of them at once."""

    def test_workload(self):
        sim = self.place.sim('--latency', '250ms')
        shutil.copytree(os.path.join(ROOT, 'workloads', '4_scalability'),
                        self.place.path('4_scalability'))
        self.succeeds(self.place.run(
            'workloads', 'run', './4_scalability', '--backend', sim.openai,
            '-n', 1, '-w', 1))
        runs = collections.defaultdict(list)
        for request in sim.requests():
            runs[request['run']].append(request)
        seen = collections.Counter()
        for requests in runs.values():
            phases = {request['phase'] for request in requests}
            self.assertEqual(len(phases), 1, requests)
            texts = {request['prompt'] for request in requests}
            self.assertEqual(len(texts), len(requests), 'a prompt twice')
            seen[phases.pop(), len(requests), most_open(requests)] += 1
        self.assertEqual({key: count for key, count in seen.items()
                          if key[0] != 'warmup'},
                         {('parallel', n, n): 1 for n in (2, 4, 8)}
                         | {('sequential', n, 1): 1 for n in (2, 4, 8)})

    def test_in_flight_limit(self):
        sim = self.place.sim('--latency', '2ms')
        for limit in (1, 8):
            before = len(sim.requests())
            self.succeeds(self.execute(
                fan_out(64), '--backend', sim.openai, '--max-in-flight', limit))
            requests = sim.requests(before + 64)[before:]
            self.assertEqual(len(requests), 64)
            self.assertLessEqual(most_open(requests), limit)
            self.assertLessEqual(max(r['open'] for r in requests), limit)

    def test_limit_of_a_backend(self):
        sim = self.place.sim('--latency', '20ms')
        self.configure(('slow', 'openai', sim.root + '/v1', 'model: m',
                        'max_in_flight: 3'))
        self.succeeds(self.execute(fan_out(24), '--backend', 'slow'))
        requests = sim.requests(24)
        self.assertEqual(most_open(requests), 3)

    def test_many_at_once(self):
        """A thousand calls are open together, from one I/O thread."""
        count = 1000
        sim = self.place.sim('--latency', '6s' if SETUP.slow else '2s')
        self.place.write('prog.ais', fan_out(count))
        run = self.place.start('execute', 'prog.ais', '--backend', sim.openai,
                               '--max-in-flight', count, '--workers', 2)
        sim.wait_until_open(count, run)
        threads = run.threads_by_name()
        self.succeeds(run.wait())
        requests = sim.requests(count)
        self.assertEqual(len(requests), count)
        self.assertEqual(len({request['prompt'] for request in requests}),
                         count)
        self.assertEqual(most_open(requests), count)
        self.assertEqual(threads.get('apxm-io'), 1, threads)
        self.assertEqual(threads.get('apxm-worker'), 2, threads)
        if not SETUP.slow:  # a sanitizer has one of its own
            self.assertEqual(sum(threads.values()), 4, threads)


@unittest.skipUnless(SETUP.large, 'only with --large')
class Large(NetworkTest):
    def test_ten_thousand(self):
        """10,000 calls of 3 s: all at once, below 6 s, 20 KB each."""
        count = 10000
        sim = self.place.sim('--latency', '3s')
        self.place.write('one.ais', fan_out(1))
        one = self.place.start('execute', 'one.ais', '--backend', sim.openai)
        sim.wait_until_open(1, one)
        alone = one.status('VmHWM')
        self.succeeds(one.wait())
        self.place.write('prog.ais', fan_out(count))
        self.place.run('compile', 'prog.ais')
        run = self.place.start('execute', 'prog.apxmobj', '--backend',
                               sim.openai, '--max-in-flight', count,
                               '--emit-metrics=m.json')
        sim.wait_until_open(count, run)
        threads = run.threads_by_name()
        self.succeeds(run.wait())
        requests = sim.requests(count + 1)[1:]
        peak = run.usage.ru_maxrss
        each = (peak - alone) / count
        print('%d calls of 3 s: %.2f s (%.2f s user, %.2f s system), '
              'peak %d open, %.1f MiB, %.1f KiB a call, %s' % (
                  count, run.seconds, run.usage.ru_utime, run.usage.ru_stime,
                  most_open(requests), peak / 1024, each, threads))
        self.assertEqual(most_open(requests), count)
        self.assertLess(run.seconds, 6)
        self.assertLess(each, 20e3 / 1024)
        self.assertEqual(threads.get('apxm-io'), 1, threads)

    def test_eight_at_once(self):
        """Eight calls of 100 ms and a join take little more than one."""
        sim = self.place.sim('--latency', '100ms')
        shutil.copytree(os.path.join(ROOT, 'workloads', '4_scalability'),
                        self.place.path('4_scalability'))
        self.succeeds(self.place.run(
            'workloads', 'run', './4_scalability', '--backend', sim.openai,
            '--flow', 'parallel_8', '-n', 10, '-w', 2, '-o', 'w.json'))
        series, = self.place.json('w.json')['results']['apxm']['series']
        print('8 calls of 100 ms and a join: median of 10 runs %.1f ms' %
              series['median_ms'])
        self.assertLessEqual(series['median_ms'], 112)


class Choosing(NetworkTest):
    """Which backend answers which call."""

    def two(self):
        self.place.write('left.jsonl', '{"reply": "from the left"}\n')
        self.place.write('right.jsonl', '{"reply": "from the right"}\n')
        return (self.place.sim('--replies', 'left.jsonl'),
                self.place.sim('--replies', 'right.jsonl'))

    def test_backend_of_a_call(self):
        left, right = self.two()
        self.configure(('left', 'openai', left.root + '/v1', 'model: small'),
                       ('right', 'ollama', right.root, 'model: medium'),
                       default='right')
        process = self.succeeds(self.execute(THREE))
        self.assertEqual(process.stdout.splitlines(), [
            'from the left', 'from the right', 'from the right'])
        self.assertEqual([(r['prompt'], r['model']) for r in
                          left.requests(1)], [('first', 'small')])
        self.assertEqual(sorted((r['prompt'], r['model'])
                                for r in right.requests(2)),
                         [('second', 'large'), ('third', 'medium')])

    def test_options_win(self):
        """--backend and --model are for calls that name none."""
        left, right = self.two()
        self.configure(('left', 'openai', left.root + '/v1', 'model: small'),
                       ('right', 'ollama', right.root, 'model: medium'),
                       default='right')
        self.succeeds(self.execute(THREE, '--backend', 'left', '--model',
                                   'huge'))
        self.assertEqual(sorted((r['prompt'], r['model'])
                                for r in left.requests(2)),
                         [('first', 'huge'), ('third', 'huge')])
        self.assertEqual([(r['prompt'], r['model'])
                          for r in right.requests(1)], [('second', 'large')])

    def test_unknown_backend(self):
        """Found before any call is made."""
        left, _ = self.two()
        self.configure(('left', 'openai', left.root + '/v1', 'model: small'),
                       ('righty', 'openai', left.root + '/v1', 'model: small'),
                       default='left')
        self.fails(self.execute(THREE), 4, '`right`', '`righty`')
        self.assertEqual(left.requests(), [])

    def test_missing_key(self):
        left, _ = self.two()
        self.configure(('left', 'openai', left.root + '/v1', 'model: small'),
                       ('right', 'openai', left.root + '/v1', 'model: small',
                        'key: env:NOT_IN_THE_ENVIRONMENT'), default='left')
        self.fails(self.execute(THREE), 4, 'NOT_IN_THE_ENVIRONMENT', 'right')
        self.assertEqual(left.requests(), [])


class Dialects(NetworkTest):
    """The same replies whatever they came through."""

    PROGRAM = '''
agent A {
    @entry flow main() -> str {
        ask("Describe the sea.", system: "Be brief.", max_tokens: 40) -> a
        ask("What of it?", a, temperature: 0.5, model: "m") -> b
        think("Describe the sea.") -> c
        return merge(a, b, c)
    }
}
'''

    def test_equal_replies(self):
        said = self.succeeds(self.execute(
            self.PROGRAM, '--backend', 'sim')).stdout
        self.assertGreater(len(said), 40)
        sim = self.place.sim()
        for provider, path in providers():
            url = sim.root + path
            for stream in ('true', 'false'):
                self.configure(('far', provider, url, 'model: sim',
                                'stream: ' + stream))
                with self.subTest(provider=provider, stream=stream):
                    process = self.succeeds(self.execute(
                        self.PROGRAM, '--backend', 'far',
                        '--emit-metrics=m.json'))
                    self.assertEqual(process.stdout, said)
                    llm = self.place.json('m.json')['llm']
                    self.assertEqual(llm['total_requests'], 3)
                    self.assertGreater(llm['total_output_tokens'], 20)
        count = 6 * len(providers())
        self.assertEqual(len(sim.requests(count)), count)

    def test_long_and_odd_texts(self):
        """What goes out and comes back is what was written, byte by byte."""
        text = 'a "quote" \\ tab\t \u00e9\u20ac\U0001f600 </s> ' * 3000
        self.place.write('r.jsonl', json.dumps({'reply': text}) + '\n')
        self.place.write('notes.txt', text)
        sim = self.place.sim('--replies', 'r.jsonl')
        program = ('agent A {\n    @entry flow main(x: str) -> str {\n'
                   '        ask("{{ x }}") -> r\n        return r\n    }\n}\n')
        asked = 0
        for provider, path in providers():
            url = sim.root + path
            for stream in ('true', 'false'):
                self.configure(('far', provider, url, 'model: m',
                                'stream: ' + stream))
                with self.subTest(provider=provider, stream=stream):
                    process = self.succeeds(self.execute(
                        program, '--backend', 'far', '--arg-file',
                        'x=notes.txt'))
                    asked += 1
                    self.assertEqual(process.stdout.rstrip('\n'), text)
                    self.assertEqual(sim.requests(asked)[-1]['prompt'], text)


class Curt:
    """A server that closes each connection behind its reply, although it has
    promised to keep it; perhaps a moment later."""

    REPLY = json.dumps({'choices': [{
        'index': 0, 'finish_reason': 'stop',
        'message': {'role': 'assistant', 'content': 'so'}}]}).encode()
    HEAD = (b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
            b'Keep-Alive: timeout=5, max=100\r\nContent-Length: %d\r\n\r\n' %
            len(REPLY))

    def __init__(self, pause):
        self.pause = pause
        self.answered = 0
        self.lock = threading.Lock()
        self.server = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.url = 'http://127.0.0.1:%d/v1' % self.server.getsockname()[1]
        self.threads = [threading.Thread(target=self.serve, daemon=True)
                        for _ in range(4)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        self.server.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection:
                self.answer(connection)

    def answer(self, connection):
        data = b''
        while b'}' not in data[-8:]:
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece
        connection.sendall(self.HEAD + self.REPLY)
        with self.lock:
            self.answered += 1
        if self.pause:
            processes.LOOK.wait(self.pause)


class Trouble(NetworkTest):
    """Servers that are not there, go away, or say nothing."""

    def test_interrupt(self):
        """Ctrl-C hangs up on everyone, and is over soon."""
        count = 1000
        sim = self.place.sim('--latency', '600s')
        self.place.write('prog.ais', fan_out(count))
        run = self.place.start('execute', 'prog.ais', '--backend', sim.openai,
                               '--max-in-flight', count,
                               '--emit-metrics=m.json')
        sim.wait_until_open(count, run)
        run.send(signal.SIGINT)
        self.assertEqual(run.wait(60).code, 130, run.stderr)
        self.assertEqual(self.place.json('m.json')['execution']['status'],
                         'cancelled')
        requests = sim.requests(count)
        self.assertEqual(len(requests), count)
        self.assertEqual({r['status'] for r in requests}, {'disconnected'})

    def test_interrupt_before_it_runs(self):
        """Ctrl-C ends what waits for a file just as well."""
        path = self.place.path('replies')
        os.mkfifo(path)
        self.place.write('prog.ais', ONE)
        run = self.place.start('run', 'prog.ais', '--replies', 'replies')

        def writer():
            try:
                return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return None
        pipe = wait_for(writer, 'it opens the file')
        run.send(signal.SIGINT)
        self.assertEqual(run.wait().code, -signal.SIGINT, run.stderr)
        os.close(pipe)

    def test_refused(self):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        process = self.execute(ONE, '--backend',
                               'openai:http://127.0.0.1:%d/v1' % port)
        self.fails(process, 1, PLACE, 'refused', str(port))

    def test_never_accepted(self):
        """A full queue of connections: the connect time-out ends it."""
        with socket.socket() as server:
            server.bind(('127.0.0.1', 0))
            server.listen(0)
            port = server.getsockname()[1]
            fillers = [socket.socket() for _ in range(8)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(('127.0.0.1', port))
            self.configure(('deaf', 'openai', 'http://127.0.0.1:%d' % port,
                            'model: m', 'timeout: { connect: 300ms }'))
            self.fails(self.execute(ONE, '--backend', 'deaf'), 1, PLACE,
                       'connect')
            for filler in fillers:
                filler.close()

    def test_never_answered(self):
        sim = self.place.sim('--latency', '600s')
        for stream, timeout in (('false', 'total: 500ms'),
                                ('true', 'first_token: 500ms')):
            with self.subTest(stream=stream):
                self.configure(('slow', 'openai', sim.root + '/v1', 'model: m',
                                'stream: ' + stream,
                                'timeout: { %s }' % timeout))
                self.fails(self.execute(ONE, '--backend', 'slow'), 1, PLACE,
                           timeout.split(':')[0])

    def test_server_hangs_up_between(self):
        """Some servers close a connection after each reply, unannounced, when
        the next request may be on its way. No call is lost by it."""
        count = 600
        for pause in (0, 0.0002):
            with self.subTest(pause=pause), Curt(pause) as server:
                self.succeeds(self.execute(
                    fan_out(count), '--backend', 'openai:' + server.url,
                    '--max-in-flight', 4))
                self.assertEqual(server.answered, count)

    def test_server_is_killed(self):
        """kill -9 with many calls open: one error is told, the run ends."""
        for stream in ('false', 'true'):
            with self.subTest(stream=stream):
                sim = self.place.sim('--latency', '600s')
                self.configure(('far', 'openai', sim.root + '/v1', 'model: m',
                                'stream: ' + stream))
                self.place.write('prog.ais', fan_out(100))
                run = self.place.start('execute', 'prog.ais', '--backend',
                                       'far')
                sim.wait_until_open(64, run)
                sim.process.send(signal.SIGKILL)
                self.fails(run.wait(60), 1, 'prog.ais:')

    def test_one_server_of_two_is_killed(self):
        """The calls at the other server are given up as well."""
        near = self.place.sim('--latency', '600s')
        far = self.place.sim('--latency', '600s')
        self.configure(('left', 'openai', near.root + '/v1', 'model: m'),
                       ('right', 'openai', far.root + '/v1', 'model: m'))
        self.place.write('prog.ais', THREE)
        run = self.place.start('execute', 'prog.ais', '--backend', 'left')
        near.wait_until_open(2, run)
        far.wait_until_open(1, run)
        far.process.send(signal.SIGKILL)
        self.fails(run.wait(60), 1, 'prog.ais:5:9')
        self.assertEqual([r['status'] for r in near.requests(2)],
                         ['disconnected'] * 2)


# ---- the canary --------------------------------------------------------------

class Echo(http.server.BaseHTTPRequestHandler):
    """A rude server: it repeats every header and the whole body, the key with
    them, in whatever it says, headers included."""

    protocol_version = 'HTTP/1.1'
    code = 401
    seen = []

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        Echo.seen.append(str(self.headers))
        text = json.dumps({'error': {
            'message': 'You sent: %s %s' % (dict(self.headers),
                                            body.decode('utf-8')),
            'type': self.headers.get('Authorization') or 'none'}}).encode()
        self.send_response(self.code, self.headers.get('Authorization'))
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.send_header('X-Key', self.headers.get('Authorization') or '-')
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Canary(NetworkTest):
    """A key of the environment is in no output, log, trace, metric or file:
    NetworkTest looks for it after each test."""

    OUTPUTS = ['-vv', '--trace=t.json', '--emit-metrics=m.json',
               '--request-log', 'requests.jsonl']
    SECRETS = ['model: m', 'key: env:' + CANARY_NAME,
               'headers: { X-Team: env:%s }' % CANARY_NAME]

    def echo(self, code):
        Echo.code = code
        Echo.seen = []
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Echo)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return 'http://127.0.0.1:%d' % server.server_address[1]

    def use(self, provider, url, *lines):
        self.configure(('secret', provider, url, *self.SECRETS, 'retries: 0',
                        *lines),
                       default='secret')

    def test_success(self):
        sim = self.place.sim()
        for provider, path in providers():
            url = sim.root + path
            for stream in ('false', 'true'):
                self.use(provider, url, 'stream: ' + stream)
                self.succeeds(self.execute(ONE, *self.OUTPUTS))
                for name in ('t.json', 'm.json', 'requests.jsonl'):
                    self.assertIn('main' if name == 't.json' else '{',
                                  self.place.read(name))
                self.succeeds(self.execute(ONE, '--json', *self.OUTPUTS))
                self.succeeds(self.execute(ONE, '--error-format', 'json',
                                           *self.OUTPUTS))

    def test_echoing_server(self):
        """A server that repeats the key in its error is quoted without it."""
        for code in (200, 400, 401, 404, 429, 500, 503):
            url = self.echo(code)
            for provider, _ in providers():
                for stream in ('false', 'true'):
                    with self.subTest(code=code, provider=provider,
                                      stream=stream):
                        self.use(provider, url, 'stream: ' + stream)
                        self.fails(self.execute(ONE, *self.OUTPUTS), 1, PLACE)
                        self.fails(self.execute(ONE, '--json', '--error-format',
                                                'json', *self.OUTPUTS), 1)
            self.assertTrue(any(CANARY in text for text in Echo.seen),
                            'the server never got the key')

    def test_failure_without_reply(self):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        for provider, _ in providers():
            self.use(provider, 'http://127.0.0.1:%d' % port)
            self.fails(self.execute(ONE, *self.OUTPUTS), 1, PLACE)

    def test_other_commands(self):
        sim = self.place.sim()
        self.use('openai', sim.root + '/v1')
        self.succeeds(self.place.run('backends', 'list'))
        self.succeeds(self.place.run('backends', 'test'))
        self.place.run('doctor')
        self.place.run('doctor', '-vv')
        self.use('openai', self.echo(401))
        self.place.run('backends', 'list', '-vv')
        self.place.run('backends', 'test', '-vv')
        self.place.run('doctor', '-vv')
        self.assertTrue(any(CANARY in text for text in Echo.seen),
                        'the server never got the key')

    def test_key_of_a_provider(self):
        """OPENAI_API_KEY is used where no configuration names a key."""
        url = self.echo(401)
        self.place.env['OPENAI_API_KEY'] = CANARY
        self.fails(self.execute(ONE, *self.OUTPUTS, '--backend',
                                'openai:%s/v1' % url), 1, PLACE)
        self.assertTrue(any('Bearer ' + CANARY in text for text in Echo.seen),
                        'the server never got the key')

    def test_interrupt(self):
        sim = self.place.sim('--latency', '600s')
        self.use('openai', sim.root + '/v1')
        self.place.write('prog.ais', ONE)
        run = self.place.start('execute', 'prog.ais', *self.OUTPUTS)
        sim.wait_until_open(1, run)
        run.send(signal.SIGINT)
        self.assertEqual(run.wait().code, 130, run.stderr)

    def test_keys_in_the_configuration(self):
        """A key that is written down is refused, and not repeated."""
        sim = self.place.sim()
        path = self.place.write('.apxm/config.yaml', config(
            ('secret', 'openai', sim.root + '/v1', 'key: ' + CANARY)))
        self.fails(self.execute(ONE, '--backend', 'secret'), 4, 'env:')
        os.remove(path)
        url = sim.root.replace('http://', 'http://user:%s@' % CANARY)
        process = self.execute(ONE, '--backend', 'openai:' + url)
        self.assertIn(process.code, (2, 4), process.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    parser.add_argument('--large', action='store_true')
    parser.add_argument('--slow', action='store_true',
                        help='of a program that a sanitizer slows down')
    options, words = parser.parse_known_args()
    vars(SETUP).update(vars(options))
    Large.__unittest_skip__ = not SETUP.large
    unittest.main(argv=sys.argv[:1] + words, verbosity=1)


if __name__ == '__main__':
    main()
