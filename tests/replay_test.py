#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A run over HTTP that is recorded and played again: byte by byte the same, by
any number of workers, when the server and the key are gone; and two processes
that record into one folder at once.

    tests/replay_test.py --apxm build/apxm [TEST...]
"""

import argparse
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from processes import CANARY_NAME, Place  # noqa: E402

SETUP = argparse.Namespace(apxm=None)

# Equal requests of a loop whose replies differ, nested loops, a flow that is
# called twice with the same argument, and calls that follow from all of them.
PROGRAM = '''
agent A {
    flow twice(word: str) -> str {
        ask("Say a word.") -> said
        ask("Shout {{ word }} {{ said }}.") -> loud
        return loud
    }
    @entry flow main(topic: str) -> str {
        loop (_ in range(0, 12)) {
            ask("Say a word.") -> word
            loop (_ in range(0, 3)) { ask("Say {{ word }}.") } -> words
            print(word, ": ", join(words, " "))
            join(words, ",")
        } -> all
        twice("x") -> first
        twice("x") -> second
        return ask("{{ topic }}: {{ first }} {{ second }}", join(all, ";"))
    }
}
'''

# One reply after the other to the same question.
REPLIES = ''.join(
    '{"match": "Say a word", "reply": "word %d", "times": 1}\n' % i
    for i in range(14)) + ''.join(
    '{"match": "Say word", "reply": "w%d", "times": 1}\n' % i
    for i in range(36))

CONFIG = '''
backend: sim-server
backends:
  sim-server:
    provider: openai
    url: "http://127.0.0.1:%d/v1"
    model: small
    key: env:%s
'''


class Replay(unittest.TestCase):

    def setUp(self):
        self.place = Place(SETUP.apxm)
        self.place.env['XDG_RUNTIME_DIR'] = self.place.folder
        self.addCleanup(self.close)
        self.place.write('prog.ais', PROGRAM)
        self.place.write('replies.jsonl', REPLIES)

    def close(self):
        self.assertEqual(self.place.close(), [])

    def run_program(self, *words, code=0):
        process = self.place.run('run', 'prog.ais', *words)
        self.assertEqual(process.code, code, process.stderr)
        return process.stdout

    def configure(self, port):
        self.place.write('.apxm/config.yaml', CONFIG % (port, CANARY_NAME))

    def test_the_same_bytes_without_the_server(self):
        server = self.place.sim('--replies', 'replies.jsonl')
        self.configure(server.port)
        recorded = self.run_program('tea', '--record', 'tape')
        self.assertEqual(recorded.count('\n'), 13)
        server.process.end()
        del self.place.env[CANARY_NAME]
        for workers in 1, 2, 3, 5, 8:
            again = self.run_program('tea', '--replay', 'tape', '--workers',
                                     workers)
            self.assertEqual(again, recorded)
        os.remove(self.place.path('.apxm/config.yaml'))
        self.assertEqual(self.run_program('tea', '--replay', 'tape'), recorded)
        self.run_program('milk', '--replay', 'tape', code=1)

    def test_two_processes_record_at_once(self):
        both = [self.place.start('run', 'prog.ais', topic, '--backend', 'sim',
                                 '--record', 'tape')
                for topic in ('tea', 'milk')]
        for process in both:
            process.wait()
            self.assertEqual(process.code, 0, process.stderr)
        for topic, process in zip(('tea', 'milk'), both):
            self.assertEqual(self.run_program(topic, '--replay', 'tape'),
                             process.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True)
    options, rest = parser.parse_known_args()
    SETUP.apxm = os.path.abspath(options.apxm)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == '__main__':
    main()
