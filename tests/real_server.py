#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""apxm against true LLM servers: llama-server, and Ollama, where installed.

    tests/real_server.py --apxm build/apxm [llama] [ollama]

Needs `llama-server` on the PATH or in $LLAMA_SERVER (or `ollama`, $OLLAMA) and
a model in $APXM_TEST_MODEL, any GGUF file of a chat model. Starts the servers
itself, on ports of their own, and prints a table: each row is one thing that
apxm was made to do and what came of it. Exits 1 when a row is not as it must
be, or when nothing could be tried: what did not run has proved nothing.
"""

import argparse
import datetime
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import processes  # noqa: E402
from processes import CANARY, CANARY_NAME, ROOT, Late, wait_for  # noqa: E402

HELLO = os.path.join(ROOT, 'dsl-examples', '01_hello.ais')

ONE = '''
agent A {
    @entry flow main(x: str) -> str {
        ask("%s: {{ x }}"%s) -> r
        return r
    }
}
'''
PLACE = 'prog.ais:4:9'  # of the ask in ONE

MISSING = '''real-server: nothing was proved: %s.

Needed are a server and a model:
  llama-server   part of llama.cpp; Debian's package llama.cpp-tools (newer than
                 bookworm), or its sources: github.com/ggml-org/llama.cpp.
                 On the PATH, or LLAMA_SERVER=/path/to/llama-server
  ollama         ollama.com; on the PATH, or OLLAMA=/path/to/ollama
  a model        APXM_TEST_MODEL=/path/to/model.gguf, any chat model; a small
                 one is enough, random weights are fine
'''


# ---- small helpers -----------------------------------------------------------

class Wrong(Exception):
    """A row is not as it must be."""


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def fetch(url, data=None, key=None):
    """(status, text); (0, why) where nobody answers."""
    request = urllib.request.Request(url, data=data)
    if key:
        request.add_header('Authorization', 'Bearer ' + key)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def want(is_so, what, process):
    if not is_so:
        raise Wrong('%s; exit %s\n%s\n%s' % (what, process.code,
                                            process.stdout[-2000:],
                                            process.stderr[-2000:]))


def failed_well(process, code, *words, place=PLACE):
    """What it said, on one line, when it failed as it must: this exit code, the
    place of the ask, these words."""
    want(process.code == code, 'exit code is not %d' % code, process)
    for word in (place,) + words:
        want(word.lower() in process.stderr.lower(),
             'standard error lacks "%s"' % word, process)
    said = re.sub(r'127\.0\.0\.1:\d+', '127.0.0.1:PORT', process.stderr)
    return ' '.join(said.split())


# ---- the servers -------------------------------------------------------------

class Llama:
    """One llama-server process of a place."""

    def __init__(self, place, program, model, *words, key=None):
        self.key = key
        self.port = free_port()
        self.root = 'http://127.0.0.1:%d' % self.port
        self.url = 'openai:%s/v1' % self.root
        words = ['-m', model, '--host', '127.0.0.1', '--port', str(self.port),
                 '-t', '1'] + list(words)
        if key:  # not on the command line, which others can read
            words += ['--api-key-file', place.write('server/key', key + '\n')]
        self.process = place.start_other([program] + words,
                                         name='llama-server')

    def wait(self, status=200):
        """Until it answers so."""
        def look():
            if not self.process.is_running:
                raise Late('llama-server ended: ' + self.process.stderr[-2000:])
            return fetch(self.root + '/health')[0] == status
        wait_for(look, 'llama-server answers with %d' % status, 300)
        return self

    def wait_for_reply(self):
        """Until it has begun a reply."""
        def look():
            _, text = fetch(self.root + '/slots', key=self.key)
            return any(slot.get('is_processing') and
                       says_decoded(slot) for slot in json.loads(text))
        wait_for(look, 'the server is at work on a reply')


def says_decoded(slot):
    """Whether a slot has tokens of a reply; their count moved about between
    versions."""
    nexts = slot.get('next_token', [])
    nexts = nexts if isinstance(nexts, list) else [nexts]
    return any(item.get('n_decoded', 0) > 0 for item in nexts + [slot])


# ---- rows --------------------------------------------------------------------

class Rows:
    """What is tried, one after the other, each in a place of its own."""

    def __init__(self, apxm, server):
        self.apxm = apxm
        self.server = server
        self.rows = []   # (what, what came of it, seconds)
        self.wrong = []  # (what, why)

    def try_one(self, what, body, *arguments):
        place = processes.Place(self.apxm)
        started = time.monotonic()
        try:
            said = body(place, *arguments)
        except (Wrong, Late, OSError, ValueError, KeyError) as error:
            said = 'WRONG'
            self.wrong.append((what, str(error)))
        seen = [line for line in place.close()
                if line != os.path.join('server', 'key')]
        if seen:
            said = 'WRONG'
            self.wrong.append((what, 'shows the key: ' + ', '.join(seen)))
        row = (what, said, time.monotonic() - started)
        self.rows.append(row)
        print('%-9s %-38s %6.1f s  %s' % ((self.server, what, row[2], said)),
              flush=True)


def metrics_of(place, process, name='m.json'):
    want(process.code == 0, 'the run failed', process)
    return place.json(name)['llm']


def run_hello(place, *options, env=None):
    process = place.run('execute', HELLO, 'the sea', '--emit-metrics=m.json',
                        *options, env=env, seconds=600)
    llm = metrics_of(place, process)
    want(process.stdout.strip() != '', 'there is no reply', process)
    want(llm['total_requests'] == 1 and llm['failed_requests'] == 0,
         'not one request', process)
    want(not llm['tokens_estimated'] and llm['total_output_tokens'] > 0,
         'the server counts tokens, and the run did not', process)
    return '%d + %d tokens, counted by the server' % (
        llm['total_input_tokens'], llm['total_output_tokens'])


def run_fan_out(place, *options, env=None):
    shutil.copytree(os.path.join(ROOT, 'workloads', '4_scalability'),
                    place.path('4_scalability'))
    process = place.run('workloads', 'run', './4_scalability', '-n', 3, '-w', 1,
                        '-o', 'w.json', *options, env=env, seconds=600)
    want(process.code == 0, 'the workload failed', process)
    series = place.json('w.json')['results']['apxm']['series']
    for one in series:
        want(one['calls'] == one['n'] and one['max_parallelism'] == one['n'],
             'flow %s: calls or parallelism' % one['flow'], process)
    return 'N = 2, 4, 8: N requests a run, N at once; 8 in %.0f ms' % (
        series[-1]['median_ms'])


def run_one(place, backend, text='Say', attributes='', x='hello', env=None,
            seconds=120):
    """One ask of a program; (process, llm metrics or None)."""
    place.write('prog.ais', ONE % (text, attributes))
    process = place.run('execute', 'prog.ais', '--arg', 'x=' + x,
                        '--emit-metrics=m.json', '--backend', backend, env=env,
                        seconds=seconds)
    return process


def write_config(place, name, provider, url, *lines):
    place.write('.apxm/config.yaml', '\n'.join(
        ['backends:', '  %s:' % name, '    provider: %s' % provider,
         '    url: "%s"' % url] + ['    ' + line for line in lines]) + '\n')


# ---- llama-server: what works ------------------------------------------------

KEY_LINE = 'key: env:' + CANARY_NAME


class LlamaRows(Rows):
    def __init__(self, apxm, program, model):
        super().__init__(apxm, 'llama')
        self.program = program
        self.model = model

    def start(self, place, *words, **more):
        return Llama(place, self.program, self.model, *words, **more)

    def all(self):
        home = processes.Place(self.apxm)  # of the server that most rows use
        try:
            server = self.start(home, '--parallel', '8', '-c', '8192', '-n',
                                '48', '--ignore-eos', key=CANARY).wait()
            self.working(server)
            self.refused(server)
        finally:
            home.close()
        self.try_one('server loading a model', self.loading)
        self.try_one('no server', self.no_server)
        for stream in (False, True):
            for number in (signal.SIGKILL, signal.SIGTERM):
                self.try_one('%s mid-reply, %s' % (
                    number.name, 'streamed' if stream else 'plain'),
                    self.killed, stream, number)

    def working(self, server):
        env = {'OPENAI_API_KEY': CANARY}
        url = ('--backend', server.url)
        self.try_one('hello', lambda place: run_hello(place, *url, env=env))
        self.try_one('fan-out', lambda place: run_fan_out(place, *url, env=env))

        def streamed(body):
            def with_config(place):
                write_config(place, 'real', 'openai', server.root + '/v1',
                             KEY_LINE, 'stream: true')
                return body(place, '--backend', 'real')
            return with_config
        self.try_one('hello, streamed', streamed(run_hello))
        self.try_one('fan-out, streamed', streamed(run_fan_out))
        self.try_one('streamed reply = plain reply', self.same_reply, server)
        self.try_one('max_tokens: 7', self.max_tokens, server)
        self.try_one('system prompt', self.system_prompt, server)
        self.try_one('apxm backends test', self.backends_test, server)

    @staticmethod
    def same_reply(place, server):
        replies = []
        for stream in ('false', 'true'):
            write_config(place, 'real', 'openai', server.root + '/v1', KEY_LINE,
                         'stream: ' + stream)
            process = run_one(place, 'real', attributes=', temperature: 0.0')
            llm = metrics_of(place, process)
            replies.append((process.stdout, llm['total_input_tokens'],
                            llm['total_output_tokens']))
        want(replies[0] == replies[1], 'plain %r, streamed %r' % tuple(replies),
             process)
        return 'the same %d bytes and tokens at temperature 0' % (
            len(process.stdout.encode()))

    @staticmethod
    def max_tokens(place, server):
        counts = []
        for stream in ('false', 'true'):
            write_config(place, 'real', 'openai', server.root + '/v1', KEY_LINE,
                         'stream: ' + stream)
            process = run_one(place, 'real', attributes=', max_tokens: 7')
            counts.append(metrics_of(place, process)['total_output_tokens'])
        want(counts == [7, 7], 'tokens: %s' % counts, process)
        return '7 tokens, plain and streamed'

    @staticmethod
    def system_prompt(place, server):
        env = {'OPENAI_API_KEY': CANARY}
        counts = []
        for attributes in ('', ', system: "%s"' % ('Be brief and kind. ' * 8)):
            process = run_one(place, server.url, attributes=attributes, env=env)
            counts.append(metrics_of(place, process)['total_input_tokens'])
        want(counts[1] >= counts[0] + 32, 'prompt tokens: %s' % counts, process)
        return 'prompt of %d tokens, with it %d' % tuple(counts)

    @staticmethod
    def backends_test(place, server):
        write_config(place, 'real', 'openai', server.root + '/v1', KEY_LINE)
        process = place.run('backends', 'test', 'real')
        want(process.code == 0, 'the backend is not reachable', process)
        want('ok' in process.stdout and 'real' in process.stdout,
             'it does not say so', process)
        return 'ok'

    # ---- what the server refuses

    def refused(self, server):
        env = {'OPENAI_API_KEY': CANARY}
        self.try_one('wrong key', lambda place: failed_well(run_one(
            place, server.url, env={'OPENAI_API_KEY': 'sk-wrong'}), 1, '401'))
        self.try_one('no key', lambda place: failed_well(run_one(
            place, server.url), 1, '401'))
        self.try_one('wrong path', lambda place: failed_well(run_one(
            place, 'openai:%s/v7' % server.root, env=env), 1, '404'))
        self.try_one('prompt over the context', lambda place: failed_well(
            run_one(place, server.url, x='tea ' * 8000, env=env), 1, '400',
            'context'))
        self.try_one('the same, streamed', self.context_streamed, server)

    @staticmethod
    def context_streamed(place, server):
        write_config(place, 'real', 'openai', server.root + '/v1', KEY_LINE,
                     'stream: true')
        return failed_well(run_one(place, 'real', x='tea ' * 8000), 1, '400',
                           'context')

    def loading(self, place):
        """A model that is a pipe without a writer is never loaded."""
        pipe = place.path('slow.gguf')
        os.mkfifo(pipe)
        server = Llama(place, self.program, pipe).wait(503)
        return failed_well(run_one(place, server.url), 1, '503', 'loading')

    @staticmethod
    def no_server(place):
        return failed_well(run_one(place, 'openai:http://127.0.0.1:%d/v1' %
                                   free_port()), 1, 'refused')

    # ---- the server goes away

    def killed(self, place, stream, number):
        """In the middle of a reply that would have no end. After SIGTERM this
        server neither answers nor hangs up, so time-outs have to notice."""
        server = self.start(
            place, '--parallel', '1', '-c', '2048', '-n', '-1', '--ignore-eos',
            '--context-shift').wait()
        write_config(place, 'real', 'openai', server.root + '/v1',
                     'stream: ' + ('true' if stream else 'false'),
                     'timeout: { idle: 10s, total: 3600s }' if stream else
                     'timeout: { total: 10s }')
        place.write('prog.ais', ONE % ('Say', ''))
        run = place.start('execute', 'prog.ais', 'hello', '--backend', 'real')
        server.wait_for_reply()
        server.process.send(number)
        killed_at = time.monotonic()
        said = failed_well(run.wait(90), 1)
        return 'after %.1f s: %s' % (time.monotonic() - killed_at, said)


# ---- Ollama ------------------------------------------------------------------

class OllamaRows(Rows):
    def __init__(self, apxm, program, model):
        super().__init__(apxm, 'ollama')
        self.program = program
        self.model = model

    def start(self, place):
        port = free_port()
        self.root = 'http://127.0.0.1:%d' % port
        server = place.start_other(
            [self.program, 'serve'], name='ollama',
            env={'OLLAMA_HOST': '127.0.0.1:%d' % port,
                 'OLLAMA_MODELS': place.path('models'),
                 'OLLAMA_NUM_PARALLEL': '8'})
        wait_for(lambda: fetch(self.root)[0] == 200, 'ollama answers')
        with open(self.model, 'rb') as file:
            data = file.read()
        name = 'sha256:' + hashlib.sha256(data).hexdigest()
        self.must(fetch('%s/api/blobs/%s' % (self.root, name), data))
        self.must(fetch(self.root + '/api/create', json.dumps(
            {'model': 'proof', 'files': {'proof.gguf': name},
             'parameters': {'num_predict': 48}, 'stream': False}).encode()))
        return server

    @staticmethod
    def must(answer):
        if answer[0] not in (200, 201):
            raise Late('ollama does not take the model: %s' % answer[1])

    def all(self):
        home = processes.Place(self.apxm)
        try:
            server = self.start(home)
            for stream in (False, True):
                self.working(stream)
            self.try_one('no such model', self.no_such_model)
            self.try_one('SIGKILL mid-reply', self.killed, server)
        finally:
            home.close()

    def config(self, place, stream):
        write_config(place, 'real', 'ollama', self.root, 'model: proof',
                     'stream: ' + ('true' if stream else 'false'))

    def working(self, stream):
        how = ', streamed' if stream else ''

        def with_config(body):
            def run(place):
                self.config(place, stream)
                return body(place, '--backend', 'real')
            return run
        self.try_one('hello' + how, with_config(run_hello))
        self.try_one('fan-out' + how, with_config(run_fan_out))
        self.try_one('max_tokens: 7' + how, self.max_tokens, stream)

    def max_tokens(self, place, stream):
        self.config(place, stream)
        process = run_one(place, 'real', attributes=', max_tokens: 7')
        count = metrics_of(place, process)['total_output_tokens']
        want(count <= 7, '%d tokens' % count, process)
        return '%d tokens' % count

    def no_such_model(self, place):
        self.config(place, False)
        return failed_well(run_one(
            place, 'real', attributes=', model: "nobody"'), 1, '404', 'nobody')

    def killed(self, place, server):
        """When the first piece of the reply has come by."""
        with Relay(self.root) as relay:
            write_config(place, 'real', 'ollama', relay.url, 'model: proof',
                         'stream: true')
            place.write('prog.ais', ONE % ('Say', ', max_tokens: 1000000'))
            run = place.start('execute', 'prog.ais', 'hello', '--backend',
                              'real')
            wait_for(relay.has_answered.is_set, 'the reply has begun')
            server.end()
            return failed_well(run.wait(90), 1)


class Relay:
    """Hands one connection on to a server, and sees when a reply begins."""

    def __init__(self, root):
        self.target = ('127.0.0.1', int(root.rsplit(':', 1)[1]))
        self.has_answered = threading.Event()
        self.door = socket.create_server(('127.0.0.1', 0))
        self.url = 'http://127.0.0.1:%d' % self.door.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.door.close()

    def serve(self):
        client, _ = self.door.accept()
        server = socket.create_connection(self.target)
        back = threading.Thread(target=self.pump, args=(server, client, True),
                                daemon=True)
        back.start()
        self.pump(client, server, False)
        back.join()

    def pump(self, source, sink, is_reply):
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                sink.sendall(piece)
                if is_reply:
                    self.has_answered.set()
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            sink.close()


# ---- all of it ---------------------------------------------------------------

def find(program, variable):
    named = os.environ.get(variable)
    return shutil.which(named or program)


def version_of(program):
    said = subprocess.run([program, '--version'], capture_output=True,
                          text=True, timeout=60, check=False)
    lines = (said.stdout + said.stderr).strip().splitlines()
    return next((line for line in lines if 'version' in line.lower()),
                lines[0] if lines else '?').strip()


def print_table(rows, program):
    """The lines that docs/testing.md shows. That every error names the place of
    the ask was checked; here it is left out."""
    day = datetime.datetime.now(datetime.timezone.utc).date()
    print('\n%s: %s, %s\n' % (day, rows.server, version_of(program)))
    print('| what | what came of it | s |\n|---|---|---|')
    for what, said, seconds in rows.rows:
        said = re.sub(r'apxm: error: \S+ in A.main, ask `r`: ', '', said)
        print('| %s | %s | %.1f |' % (what, said.replace('|', '/'), seconds))
    for what, why in rows.wrong:
        print('\nWRONG: %s: %s' % (what, why))


KINDS = {'llama': ('llama-server', 'LLAMA_SERVER', LlamaRows),
         'ollama': ('ollama', 'OLLAMA', OllamaRows)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    parser.add_argument('servers', nargs='*', metavar='llama|ollama')
    options = parser.parse_args()
    model = os.environ.get('APXM_TEST_MODEL')
    if not model or not os.path.isfile(model):
        sys.exit(MISSING % 'APXM_TEST_MODEL names no file')
    found = {kind: find(program, variable)
             for kind, (program, variable, _) in KINDS.items()
             if not options.servers or kind in options.servers}
    absent = [KINDS[kind][0] for kind, program in found.items() if not program]
    if not any(found.values()) or (options.servers and absent):
        sys.exit(MISSING % ('there is no ' + ', no '.join(absent)
                            if absent else 'no such server'))
    is_wrong = False
    for kind, program in found.items():
        if not program:
            print('%-9s not installed: not tried' % kind)
            continue
        rows = KINDS[kind][2](options.apxm, program, os.path.abspath(model))
        rows.all()
        print_table(rows, program)
        is_wrong |= bool(rows.wrong)
    return 1 if is_wrong else 0


if __name__ == '__main__':
    sys.exit(main())
