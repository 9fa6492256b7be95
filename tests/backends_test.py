#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`apxm backends test` and `apxm doctor` against servers that answer, refuse,
know nothing, or say nothing.

    tests/backends_test.py --apxm build/apxm [TEST...]

Every configuration has the canary of processes.py as its key. The odd servers
repeat in their replies what they were sent, and still nothing may show it.
"""

import argparse
import http.server
import json
import os
import signal
import socket
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import processes  # noqa: E402
from processes import CANARY, CANARY_NAME, PATIENCE  # noqa: E402

SETUP = argparse.Namespace(apxm=None)
KEY_HEADERS = ('Authorization', 'x-api-key', 'x-goog-api-key')


class Server(http.server.ThreadingHTTPServer):
    """Answers every request with `code`, once `together` of them are open, and
    with the headers it was sent as its words."""

    daemon_threads = True

    def __init__(self, code, together=1):
        super().__init__(('127.0.0.1', 0), Handler)
        self.code = code
        self.barrier = threading.Barrier(together)
        self.seen = []  # (method, path, key) of each request
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.root = 'http://127.0.0.1:%d' % self.server_address[1]

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def answer(self):
        self.rfile.read(int(self.headers.get('Content-Length') or 0))
        keys = [self.headers[name] for name in KEY_HEADERS
                if name in self.headers]
        self.server.seen.append((self.command, self.path, *(keys or [None])))
        self.server.barrier.wait(PATIENCE)
        body = json.dumps({'error': {'message': str(self.headers)}}).encode()
        self.send_response(self.server.code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class Case(unittest.TestCase):
    def setUp(self):
        self.place = processes.Place(SETUP.apxm)
        self.addCleanup(self.close)

    def close(self):
        self.assertEqual(self.place.close(), [], 'the canary was shown')

    def server(self, code, together=1):
        server = Server(code, together)
        self.addCleanup(server.close)
        return server

    def silent(self):
        """The URL of a server that takes connections and says nothing."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        return 'http://127.0.0.1:%d' % listener.getsockname()[1]

    def configure(self, **backends):
        """name=(provider, url): a configuration with these, the first of them
        the default."""
        lines = ['backend: ' + next(iter(backends)), 'backends:']
        for name, (provider, url) in backends.items():
            lines.append(
                '  %s: { provider: %s, url: "%s", model: m, key: env:%s }' % (
                    name, provider, url, CANARY_NAME))
        self.place.write('.apxm/config.yaml', '\n'.join(lines) + '\n')

    def findings(self, code, name, env=None):
        """What the doctor says of a backend: (health, text) each."""
        process = self.place.run('doctor', '--json', env=env)
        self.assertEqual(process.code, code, process.stdout + process.stderr)
        return [(finding['health'], finding['text'])
                for finding in json.loads(process.stdout)['findings']
                if finding['area'] == 'backend ' + name]


class Answering(Case):
    def test_both_kinds(self):
        sim = self.place.sim()
        self.configure(a=('openai', sim.root + '/v1'), b=('ollama', sim.root))
        process = self.place.run('backends', 'test', '--json')
        self.assertEqual(process.code, 0, process.stdout + process.stderr)
        results = json.loads(process.stdout)
        self.assertEqual([(r['name'], r['ok'], r['model']) for r in results],
                         [('a', True, 'm'), ('b', True, 'm')])
        for result in results:
            self.assertGreater(result['latency_ms'], 0)
            self.assertGreater(result['output_tokens'], 0)
            self.assertFalse(result['tokens_estimated'])
        self.assertEqual(len(sim.requests(2)), 2)
        for name in 'ab':
            said = self.findings(0, name)
            self.assertEqual(said[0], ('ok', 'its key %s is set' % CANARY_NAME))
            self.assertEqual(said[1][0], 'ok')
            self.assertRegex(said[1][1], r'^http://\S+ answers \(\d')
        self.assertEqual(len(sim.requests(2)), 2, 'the doctor makes no calls')

    def test_without_a_file(self):
        sim = self.place.sim()
        process = self.place.run('backends', 'test', sim.openai, '--model',
                                 'm', '--json')
        self.assertEqual(process.code, 0, process.stdout + process.stderr)
        self.assertEqual(json.loads(process.stdout)[0]['name'], sim.openai)

    def test_what_is_asked(self):
        """The list of models and the version, with the key; all at once: the
        server answers none before it has all five."""
        server = self.server(200, together=5)
        self.configure(a=('openai', server.root + '/v1'),
                       b=('openai', server.root + '/v2'),
                       c=('ollama', server.root),
                       d=('anthropic', server.root + '/v3'),
                       e=('google', server.root + '/v4'))
        self.findings(0, 'a')
        bearer = [('GET', path, 'Bearer ' + CANARY)
                  for path in ('/v1/models', '/v2/models', '/api/version')]
        others = [('GET', '/v3/models', CANARY), ('GET', '/v4/models', CANARY)]
        self.assertEqual(sorted(server.seen), sorted(bearer + others))

    def test_calls_at_once(self):
        server = self.server(400, together=2)
        self.configure(a=('openai', server.root), b=('openai', server.root))
        process = self.place.run('backends', 'test', '--json')
        self.assertEqual(process.code, 4)
        self.assertEqual([r['ok'] for r in json.loads(process.stdout)],
                         [False, False])
        self.assertEqual(len(server.seen), 2)


class Trouble(Case):
    def test_key_is_refused(self):
        server = self.server(401)
        self.configure(a=('openai', server.root + '/v1'))
        self.assertIn(('problem', server.root + '/v1 refuses its key (401)'),
                      self.findings(4, 'a'))
        self.assertEqual(server.seen[0][2], 'Bearer ' + CANARY)
        said = self.findings(4, 'a', {CANARY_NAME: ''})
        self.assertIn(('problem', 'its key %s is not set' % CANARY_NAME), said)
        self.assertIn(('problem', server.root + '/v1 wants a key (401)'), said)
        self.assertIsNone(server.seen[1][2])
        process = self.place.run('backends', 'test')
        self.assertEqual(process.code, 4)
        self.assertIn('problem  a', process.stdout)

    def test_key_of_two_lines(self):
        server = self.server(200)
        self.configure(a=('openai', server.root))
        said = self.findings(4, 'a', {CANARY_NAME: CANARY + '\r\nX-More: 1'})
        self.assertIn(('problem', 'backend a: the value of %s holds a line '
                       'break or another control character, so it cannot be '
                       'sent (.apxm/config.yaml:3)' % CANARY_NAME), said)
        self.assertEqual(server.seen, [])

    def test_path_is_not_known(self):
        server = self.server(404)
        self.configure(a=('openai', server.root))
        self.assertIn(('warning', server.root + ' answers, but knows no '
                       '/models (404)'), self.findings(0, 'a'))

    def test_server_is_in_trouble(self):
        server = self.server(503)
        self.configure(a=('ollama', server.root))
        self.assertIn(('problem', server.root + ' answers /api/version with '
                       '503'), self.findings(4, 'a'))

    def test_no_tls(self):
        """https:// where the server speaks http."""
        url = self.server(200).root.replace('http:', 'https:')
        self.configure(a=('openai', url))
        said = self.findings(4, 'a')
        self.assertIn(url + ' does not answer: TLS: ', said[-1][1])
        process = self.place.run('backends', 'test', 'a')
        self.assertEqual(process.code, 4)
        self.assertIn('; does the server speak TLS at this port?',
                      process.stdout)

    def test_silence_is_not_waited_for(self):
        url = self.silent()
        self.configure(a=('openai', url))
        said = self.findings(4, 'a')
        self.assertEqual(said[-1][0], 'problem')
        self.assertIn(url + ' does not answer: ', said[-1][1])

    def test_interrupted(self):
        """What has come until then is shown."""
        url = self.silent()
        server = self.server(400)
        self.configure(a=('openai', url), b=('openai', server.root))
        process = self.place.start('backends', 'test', '--json')
        processes.wait_for(lambda: server.seen, 'a call has come')
        process.send(signal.SIGINT)
        process.wait()
        self.assertEqual(process.code, 130, process.stdout + process.stderr)
        self.assertEqual([r['ok'] for r in json.loads(process.stdout)],
                         [False, False])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    options, words = parser.parse_known_args()
    vars(SETUP).update(vars(options))
    unittest.main(argv=sys.argv[:1] + words, verbosity=1)


if __name__ == '__main__':
    main()
