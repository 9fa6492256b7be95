#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`apxm backends watch`: what running processes publish, and what is left of
them.

    tests/watch_test.py --apxm build/apxm [TEST...]
"""

import argparse
import json
import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import processes  # noqa: E402
from processes import CANARY_NAME, wait_for  # noqa: E402

SETUP = argparse.Namespace(apxm=None)

PROGRAM = '''
agent A {
    @entry flow main() -> num {
        loop (i in range(100)) { ask("question {{ i }}") } -> all
        return len(all)
    }
}
'''


class Watching(unittest.TestCase):
    def setUp(self):
        self.place = processes.Place(SETUP.apxm)
        self.addCleanup(self.close)
        self.place.write('prog.ais', PROGRAM)

    def close(self):
        self.assertEqual(self.place.close(), [], 'the canary was shown')

    def configure(self, sim, more=''):
        self.place.write('.apxm/config.yaml', (
            'backend: fast\nbackends:\n  fast: { provider: openai, model: m, '
            'url: "%s/v1", key: env:%s%s }\n' % (sim.root, CANARY_NAME, more)))

    def look(self):
        process = self.place.run('backends', 'watch', '--json', '--count', 1)
        self.assertEqual(process.code, 0, process.stdout + process.stderr)
        return json.loads(process.stdout)['processes']

    def row(self, is_so):
        """The row of the one process that is there, once it is so."""
        def find():
            found = self.look()
            rows = found[0]['backends'] if found else []
            return rows[0] if rows and is_so(rows[0]) else None
        return wait_for(find, 'the row')

    def pages(self):
        folder = os.path.join(self.place.folder, 'apxm')
        return [name for name in os.listdir(folder)
                if name.startswith('watch-')]

    def test_nobody_is_there(self):
        self.assertEqual(self.look(), [])
        process = self.place.run('backends', 'watch', '--count', 1)
        self.assertIn('no apxm process', process.stdout)

    def test_a_process_is_seen_while_it_runs(self):
        sim = self.place.sim('--latency', '600s')
        self.configure(sim, ', rpm: 100_000')
        run = self.place.start('run', 'prog.ais')
        row = self.row(lambda row: row['open'] == 64)
        self.assertEqual(row['name'], 'fast')
        self.assertEqual(row['provider'], 'openai')
        self.assertEqual(row['limit'], 64)
        self.assertIs(row['is_adaptive'], True)
        self.assertEqual(row['waiting'], 36)
        self.assertEqual(row['attempts'], 64)
        self.assertEqual(row['rpm'], 100000)
        self.assertEqual(row['replies'], 0)
        self.assertIsNone(row['p50_ms'])
        table = self.place.run('backends', 'watch', '--count', 1)
        self.assertRegex(table.stdout, r'%d +fast +64 +64 auto +36 ' % run.pid)
        self.assertNotIn('\033', table.stdout)
        run.send(signal.SIGINT)
        run.wait()
        self.assertEqual(self.pages(), [])
        self.assertEqual(self.look(), [])

    def test_a_process_that_was_killed_is_swept(self):
        sim = self.place.sim('--latency', '600s')
        self.configure(sim, ', max_in_flight: 3')
        run = self.place.start('run', 'prog.ais')
        row = self.row(lambda row: row['open'] == 3)
        self.assertIs(row['is_adaptive'], False)
        self.assertIsNone(row['rpm'])
        run.send(signal.SIGKILL)
        run.wait()
        self.assertEqual(len(self.pages()), 1)
        self.assertEqual(self.look(), [])
        self.assertEqual(self.pages(), [])

    def test_replies_are_counted(self):
        """The last page says what came of the calls; the run goes on because
        one of them does."""
        sim = self.place.sim('--replies', self.place.write('replies', (
            '{"prompt": "question 7", "reply": "r", "latency_ms": 600000}\n'
            '{"match": "", "reply": "r"}\n')))
        self.configure(sim)
        self.place.start('run', 'prog.ais')
        row = self.row(lambda row: row['replies'] == 99)
        self.assertEqual(row['open'], 1)
        self.assertEqual(row['waiting'], 0)
        self.assertEqual(row['last_minute'], 100)
        self.assertGreater(row['p50_ms'], 0)

    def test_the_reader_goes(self):
        watch = self.place.start_other(
            ['/bin/sh', '-c', '"$0" backends watch --json | head -n 1',
             self.place.apxm])
        self.assertEqual(watch.wait().code, 0)

    def test_two_clients(self):
        sim = self.place.sim('--latency', '600s')
        self.configure(sim)
        runs = [self.place.start('run', 'prog.ais') for _ in range(2)]
        wait_for(lambda: len(self.look()) == 2, 'both are there')
        self.assertEqual([found['pid'] for found in self.look()],
                         sorted(run.pid for run in runs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    options, words = parser.parse_known_args()
    vars(SETUP).update(vars(options))
    unittest.main(argv=sys.argv[:1] + words, verbosity=1)


if __name__ == '__main__':
    main()
