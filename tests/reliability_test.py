#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How a run ends when nothing more can come of it: for good, by its deadline,
by a signal. docs/reliability.md has the promises.

    tests/reliability_test.py --apxm build/apxm [--slow] [--long] [TEST...]

The bounds are those of the promises. A busy machine can make a process late, so
what was late, and only late, is tried again. `--slow` is for a program that a
sanitizer slows down: then nothing is too late. `--long` adds what takes a
minute, and prints what it measured.
"""

import argparse
import json
import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fault_matrix import full_queue, jitter  # noqa: E402
from processes import Place, ROOT, wait_for  # noqa: E402
from wire import fixed_port, sockets_of  # noqa: E402

SETUP = argparse.Namespace(apxm=None, slow=False, long=False)
TRIES = 6  # of what is late
HELLO = os.path.join(ROOT, 'dsl-examples', '01_hello.ais')


def fan_out(count):
    return ('agent A {\n    @entry flow main() -> list<str> {\n'
            '        loop (n in range(0, %d)) {\n'
            '            ask("question {{ n }}") -> r\n        } -> all\n'
            '        return all\n    }\n}\n' % count)


ONE = '''agent A {
    @entry flow main() -> str {
        ask("Name a colour.") -> r
        return r
    }
}
'''


class Case(unittest.TestCase):

    def setUp(self):
        self.place = Place(SETUP.apxm)
        self.addCleanup(lambda: self.assertEqual(self.place.close(), []))

    def use(self, port, **times):
        """Every run goes to this port, with these time-outs."""
        lines = ['backend: it', 'backends:', '  it:', '    provider: openai',
                 '    url: http://127.0.0.1:%d/v1' % port, '    stream: true',
                 '    max_in_flight: 100']
        if times:
            lines.append('    timeout: { %s }' % ', '.join(
                '%s: %s' % pair for pair in times.items()))
        self.place.write('.apxm/config.yaml', '\n'.join(lines) + '\n')

    def serve(self, *rules):
        self.place.write('faults.jsonl', ''.join(
            json.dumps(rule) + '\n' for rule in rules))
        return self.place.sim('--faults', 'faults.jsonl')

    def soon(self, most, once):
        """`once` returns the seconds that something took."""
        for _ in range(TRIES):
            seconds = once()
            if seconds <= most or SETUP.slow:
                return seconds
        self.fail('%.3f s, more than %g' % (seconds, most))

    def hello(self, code, *words):
        """The example, once: its seconds and what it said."""
        process = self.place.run('execute', HELLO, 'the sea', *words)
        self.assertEqual(process.code, code, process.stderr)
        self.assertEqual(process.stdout, '')
        return process


class ForGood(Case):
    """A backend that cannot be reached, with every default."""

    def test_nobody_listens(self):
        self.use(fixed_port())
        waits = sum(jitter(attempt, seed=7) for attempt in (1, 2, 3))

        def once():
            process = self.hello(1, '--retry-seed', '7')
            self.assertGreaterEqual(process.seconds, waits)
            for part in ('4 attempts', 'retry seed 7', 'connection refused',
                         'is the server running?', 'apxm backends test it'):
                self.assertIn(part, process.stderr)
            return process.seconds
        self.soon(waits + 1, once)

    @unittest.skipUnless('--long' in sys.argv, 'takes 40 s')
    def test_nobody_answers(self):
        door, fillers = full_queue()
        self.use(door.getsockname()[1])
        process = self.hello(1)
        print('nobody answers: exit code 1 after %.1f s' % process.seconds)
        self.assertLess(process.seconds, 45)
        self.assertGreater(process.seconds, 40)
        for part in ('4 attempts', 'no connection within 10 s', 'backend it'):
            self.assertIn(part, process.stderr)
        for one in fillers + [door]:
            one.close()

    def deadline(self):
        process = self.hello(6, '--deadline', '2s')
        self.assertGreaterEqual(process.seconds, 2)
        self.assertIn('deadline', process.stderr)
        return process.seconds

    def test_deadline(self):
        """Whatever it is that does not come."""
        door, fillers = full_queue()
        self.use(door.getsockname()[1])
        self.soon(3, self.deadline)
        for one in fillers + [door]:
            one.close()
        server = self.serve({'fault': 'stall'})
        self.use(server.port)
        self.soon(3, self.deadline)
        wait_for(lambda: sockets_of(server.process) == 1,
                 'its connection is closed')

    def test_deadline_within_waits(self):
        """No attempt is begun that would end too late; the run does not wait
        for its deadline when no time is left for another attempt."""
        self.use(fixed_port())
        process = self.place.run('execute', HELLO, 'the sea', '--deadline',
                                 '200ms', '--retry-seed', '7')
        self.assertIn(process.code, (1, 6), process.stderr)
        self.assertRegex(process.stderr, 'deadline|connection refused')


class Signals(Case):
    """SIGINT and SIGTERM, whatever the calls are waiting for."""

    def ends(self, port, is_there, program=ONE, **times):
        self.use(port, **times)
        self.place.write('prog.ais', program)
        for number in (signal.SIGINT, signal.SIGTERM):
            def once():
                run = self.place.start('run', 'prog.ais', '-v',
                                       '--retry-seed', '7')
                is_there(run)
                before = run.seconds
                run.send(number)
                self.assertEqual(run.wait().code, 130, run.stderr)
                return run.seconds - before
            self.soon(1, once)

    def open_on(self, server, count):
        """Waits until so many requests more have been made."""
        def is_there(run):
            server.seen = getattr(server, 'seen', 0) + count
            wait_for(lambda: len(server.requests()) >= server.seen
                     or not run.is_running, 'its requests have come')
        return is_there

    def test_silent(self):
        for rule in ({'fault': 'stall'}, {'fault': 'stall', 'events': 3},
                     {'fault': 'stall', 'at': 'accept'}):
            server = self.serve(rule)
            self.ends(server.port, self.open_on(server, 1))
            wait_for(lambda: sockets_of(server.process) == 1,
                     'its connections are closed')

    def test_talkative(self):
        for rule in ({'fault': 'drip', 'ms': 20},
                     {'fault': 'pings', 'events': 3, 'ms': 5},
                     {'fault': 'flood', 'form': 'body'}):
            server = self.serve(rule)
            self.ends(server.port, self.open_on(server, 1))

    def test_between_attempts(self):
        server = self.serve({'fault': 'status', 'status': 429,
                             'retry_after': 100})
        self.ends(server.port, lambda run: run.said('the next in'))

    def test_connecting(self):
        door, fillers = full_queue()
        self.ends(door.getsockname()[1],
                  lambda run: wait_for(lambda: sockets_of(run) > 0,
                                       'it connects'))
        for one in fillers + [door]:
            one.close()

    def test_many(self):
        """A hundred at once, in every state."""
        server = self.serve(
            {'fault': 'stall', 'probability': 0.3},
            {'fault': 'stall', 'events': 3, 'probability': 0.3},
            {'fault': 'pings', 'events': 1, 'ms': 10, 'probability': 0.5},
            {'fault': 'status', 'status': 500, 'retry_after': 100})
        self.ends(server.port, self.open_on(server, 100), fan_out(100))
        wait_for(lambda: sockets_of(server.process) == 1,
                 'all connections are closed')
        self.assertEqual(len({line['prompt'] for line in
                              server.requests()}), 100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    parser.add_argument('--slow', action='store_true')
    parser.add_argument('--long', action='store_true')
    options, words = parser.parse_known_args()
    vars(SETUP).update(vars(options))
    unittest.main(argv=sys.argv[:1] + words, verbosity=1)


if __name__ == '__main__':
    main()
