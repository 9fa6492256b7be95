#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`apxm run --each` with real processes: ten thousand lines, and bad endings.

    tests/batch_test.py --apxm build/apxm [--slow] [TEST...]

Each line's result carries the argument it was asked with, so that none can be
lost, doubled or out of its place unseen; the log of `apxm sim` says the same
of the requests. `--slow` is for sanitizers: fewer lines, and no claim about
memory.
"""

import argparse
import fcntl
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import processes  # noqa: E402
from processes import wait_for  # noqa: E402

SETUP = argparse.Namespace(apxm=None, slow=False)

CONFIG = 'backend: sim\n'  # nobody has to be told of it

PROGRAM = '''
agent A {
    @entry flow main(topic: str) -> list<str> {
        ask("Of " + topic + ".") -> a
        return [topic, a]
    }
}
'''
LOOP = '''
agent A {
    @entry flow main(topic: str) -> list<str> {
        loop (i in range(0, 40)) {
            ask("Of " + topic + " " + i)
        } -> all
        return all
    }
}
'''
BAD_LINE = '{"topik": "misspelt"}'
MEMORY_KB = 100000
RING = 16384  # LIMIT_BATCH_LINES


def topic(number):
    return 'topic %d "\u00fc"' % number


class BatchTest(unittest.TestCase):
    def setUp(self):
        self.place = processes.Place(SETUP.apxm)
        self.addCleanup(self.close)
        self.place.write('prog.ais', PROGRAM)
        self.place.write('.apxm/config.yaml', CONFIG)
        self.count = 1000 if SETUP.slow else 10000

    def close(self):
        self.assertEqual(self.place.close(), [], 'the key was shown')

    def write_lines(self, count, bad=None):
        self.place.write('in.jsonl', ''.join(
            (BAD_LINE if number == bad else
             json.dumps({'topic': topic(number)})) + '\n'
            for number in range(1, count + 1)))

    def results(self, name='out.jsonl'):
        text = self.place.read(name)
        self.assertTrue(text == '' or text.endswith('\n'), text[-80:])
        return [json.loads(line) for line in text.split('\n')[:-1]]

    def check_results(self, results, but=()):
        """Each in its place, but the errors, whose codes are returned."""
        codes = {}
        for number, result in enumerate(results, 1):
            if isinstance(result, dict):
                self.assertEqual(result['error']['line'], number)
                codes[number] = result['error']['code']
            else:
                self.assertEqual(result[0], topic(number))
                self.assertIn(topic(number), result[1])
        return codes

    def run_measured(self, *words):
        """A batch, ended. Its memory is looked at while it runs: what the
        system tells of a child at its end may be that of its parent."""
        run = self.place.start('run', 'prog.ais', '--each', 'in.jsonl', '-o',
                               'out.jsonl', *words)
        peaks = [0]

        def look():
            peaks.append(run.status('VmHWM') or 0)
            return not run.is_running
        wait_for(look, 'the batch ends')
        if not SETUP.slow:
            self.assertGreater(max(peaks), 0)
            self.assertLess(max(peaks), MEMORY_KB)
        return run.wait()

    def check_ten_thousand(self, *words):
        bad = self.count // 2 + 1
        self.write_lines(self.count, bad)
        run = self.run_measured(*words)
        self.assertEqual(run.code, 1, run.stderr)
        results = self.results()
        self.assertEqual(len(results), self.count)
        self.assertEqual(self.check_results(results), {bad: 'wrong_arguments'})
        self.assertIn('1 of %d lines failed; the first was line %d: there is '
                      'no parameter `topik`' % (self.count, bad), run.stderr)

    def interrupt(self, *words, until):
        """Interrupts a batch once until() is so; returns it, ended."""
        run = self.place.start('run', 'prog.ais', '--each', 'in.jsonl',
                               *words)
        wait_for(lambda: until() or not run.is_running, 'the batch is so far')
        run.send(signal.SIGINT)
        run.wait()
        self.assertEqual(run.code, 130, run.stderr)
        self.assertIn('apxm: error: interrupted', run.stderr)
        return run


class TenThousand(BatchTest):
    def test_in_the_process(self):
        self.check_ten_thousand('--backend', 'sim')

    def test_many_runs_open(self):
        self.check_ten_thousand('--backend', 'sim', '--sim-profile',
                                'fixed:20ms')

    def test_over_http(self):
        sim = self.place.sim()
        self.check_ten_thousand('--backend', sim.openai)
        requests = sim.requests(self.count - 1)
        self.assertEqual(len(requests), self.count - 1)
        self.assertEqual(len({request['prompt'] for request in requests}),
                         self.count - 1)


class Bounds(BatchTest):
    def requests(self):
        try:
            with open(self.place.path('log.jsonl'), 'rb') as file:
                return file.read().count(b'\n')
        except FileNotFoundError:
            return 0

    @unittest.skipIf(SETUP.slow, 'so many lines')
    def test_slow_first_line(self):
        """While it is under way no more than so many others are taken up, and
        what they gave is written when it ends, however it does."""
        self.write_lines(3 * RING)
        self.place.write('replies.jsonl', json.dumps(
            {'match': 'Of topic 1 ', 'reply': 'x', 'latency_ms': 600000})
            + '\n')
        run = self.interrupt('-o', 'out.jsonl', '--replies', 'replies.jsonl',
                             '--request-log', 'log.jsonl',
                             until=lambda: self.requests() >= RING - 1)
        self.assertEqual(self.requests(), RING)
        results = self.results()
        self.assertEqual(len(results), RING)
        self.assertEqual(self.check_results(results), {1: 'cancelled'})
        self.assertRegex(run.stderr, 'holds what came of the first %d|'
                         'was given up' % RING)  # on a busy machine

    def most_runs_open(self):
        """By the request log: from the first call of each to its last."""
        spans = {}
        for line in self.place.read('log.jsonl').split('\n')[:-1]:
            request = json.loads(line)
            begin, end = spans.get(request['run'], (1e9, 0))
            spans[request['run']] = (min(begin, request['arrival_ms']),
                                     max(end, request['end_ms']))
        steps = sorted([(end, -1) for _, end in spans.values()]
                       + [(begin, 1) for begin, _ in spans.values()])
        is_open = most = 0
        for _, step in steps:
            is_open += step
            most = max(most, is_open)
        self.assertEqual(len(spans), 500)
        return most

    def test_many_calls_each(self):
        """A few runs that make many calls at once keep all slots busy, so the
        others are not begun yet."""
        self.place.write('prog.ais', LOOP)
        self.write_lines(500)
        run = self.place.run('run', 'prog.ais', '--each', 'in.jsonl', '-o',
                             'out.jsonl', '--sim-profile', 'fixed:2ms',
                             '--max-in-flight', 200, '--request-log',
                             'log.jsonl')
        self.assertEqual(run.code, 0, run.stderr)
        self.assertEqual(len(self.results()), 500)
        self.assertLess(self.most_runs_open(), 200)  # of 400 that may be

    def test_long_line(self):
        """One over the limit is an error of its own, and takes no memory."""
        with open(self.place.path('in.jsonl'), 'w', encoding='utf-8') as file:
            file.write(json.dumps(topic(1)) + '\n"')
            for _ in range(60):
                file.write('x' * (1 << 20))
            file.write('"\n' + json.dumps(topic(3)) + '\n')
        run = self.run_measured()
        self.assertEqual(run.code, 1, run.stderr)
        results = self.results()
        self.assertEqual(len(results), 3)
        self.assertEqual(self.check_results(results), {2: 'line_too_long'})


class Endings(BatchTest):
    def lines_written(self, name='out.jsonl'):
        try:
            return self.place.read(name).count('\n')
        except FileNotFoundError:
            return 0

    def test_interrupt(self):
        """What is done is there, in its place; who was under way is named."""
        self.write_lines(self.count)
        self.interrupt('-o', 'out.jsonl', '--sim-profile', 'fixed:30ms',
                       '--max-in-flight', 4,
                       until=lambda: self.lines_written() >= 20)
        results = self.results()
        self.assertGreaterEqual(len(results), 20)
        self.assertLess(len(results), self.count)
        codes = self.check_results(results)
        self.assertLessEqual(set(codes.values()), {'cancelled'})
        self.assertNotIn(len(results), codes, 'the last one must be done')

    def test_interrupt_with_a_reader_that_waits(self):
        """Nobody takes the results, and yet it ends."""
        self.write_lines(3 * self.count)
        self.place.write('prog.ais', PROGRAM.replace(
            '[topic, a]', '[topic, a, a, a, a, a, a, a, a, a, a, a]'))
        child = subprocess.Popen(
            [self.place.apxm, 'run', 'prog.ais', '--each', 'in.jsonl',
             '--request-log', 'log.jsonl'], cwd=self.place.folder,
            env=self.place.env, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        def is_stuck():
            """A full pipe, and a process that has done what it can."""
            with open('/proc/%d/stat' % child.pid, encoding='ascii') as file:
                fields = file.read().rsplit(')', 1)[1].split()
            used = int(fields[11]) + int(fields[12])
            is_stuck.rounds = (is_stuck.rounds + 1 if used == is_stuck.used
                               else 0)
            is_stuck.used = used
            return is_stuck.rounds > 100 or child.poll() is not None
        is_stuck.used, is_stuck.rounds = -1, 0
        wait_for(is_stuck, 'it waits for its reader')
        child.send_signal(signal.SIGINT)
        code = child.wait(processes.PATIENCE)
        _, said = child.communicate()
        self.assertEqual(code, 130, said)
        self.assertIn(b'apxm: error: interrupted', said)

    def test_reader_leaves(self):
        """As for a single run: it ends, and nothing is wrong."""
        self.write_lines(self.count)
        child = subprocess.Popen(
            [self.place.apxm, 'run', 'prog.ais', '--each', 'in.jsonl'],
            cwd=self.place.folder, env=self.place.env, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        first = json.loads(child.stdout.readline())
        child.stdout.close()
        self.assertEqual(first[0], topic(1))
        said = child.stderr.read()
        self.assertEqual(child.wait(processes.PATIENCE), 0, said)
        self.assertEqual(said, b'')
        child.stderr.close()

    def test_no_room_for_the_results(self):
        """What is there are whole lines."""
        self.write_lines(self.count)
        limit = 50000
        result = subprocess.run(
            [self.place.apxm, 'run', 'prog.ais', '--each', 'in.jsonl', '-o',
             'out.jsonl'], cwd=self.place.folder, env=self.place.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=processes.PATIENCE,
            restore_signals=False, preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(result.stderr,
                         b'apxm: error: out.jsonl: File too large\n')
        results = self.results()
        self.assertGreater(len(results), 100)
        self.assertLessEqual(len(self.place.read('out.jsonl').encode()), limit)
        self.assertEqual(self.check_results(results), {})

    def test_full_device(self):
        self.write_lines(100)
        run = self.place.run('run', 'prog.ais', '--each', 'in.jsonl', '-o',
                             '/dev/full')
        self.assertEqual(run.code, 1, run.stderr)
        self.assertEqual(run.stderr, 'apxm: error: /dev/full: No space left on '
                         'device\n')

    def test_no_backend(self):
        """What is wrong for every line is said once, and nothing is written."""
        self.write_lines(100)
        self.place.write('prog.ais', PROGRAM.replace(
            '".")', '".", backend: "nowhere")'))
        run = self.place.run('run', 'prog.ais', '--each', 'in.jsonl', '-o',
                             'out.jsonl')
        self.assertEqual(run.code, 4, run.stderr)
        self.assertEqual(run.stderr.count('nowhere'), 1, run.stderr)
        self.assertEqual(self.results(), [])


class Files(BatchTest):
    def test_lines_that_come_late(self):
        """A result is there before the next line is."""
        child = subprocess.Popen(
            [self.place.apxm, 'run', 'prog.ais', '--each', '-'],
            cwd=self.place.folder, env=self.place.env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number in range(1, 4):
            for piece in json.dumps(topic(number)), '\n':
                child.stdin.write(piece.encode())
                child.stdin.flush()
            result = json.loads(child.stdout.readline())
            self.assertEqual(result[0], topic(number))
        rest, said = child.communicate(timeout=processes.PATIENCE)
        self.assertEqual((rest, child.returncode), (b'', 0), said)
        self.assertRegex(said.decode(), r'^apxm: note: 3 lines in '
                         r'\d+\.\d s \(.* lines/s\)\n$')

    def test_interrupt_between_lines(self):
        """Waiting for a line is no reason not to hear a signal."""
        child = subprocess.Popen(
            [self.place.apxm, 'run', 'prog.ais', '--each', '-'],
            cwd=self.place.folder, env=self.place.env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdin.write(b'"a"\n')
        child.stdin.flush()
        child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(processes.PATIENCE), 130)
        child.communicate()

    def test_the_same_file_by_other_names(self):
        """It is not emptied, nor does it grow for ever."""
        self.write_lines(3)
        before = self.place.read('in.jsonl')
        os.link(self.place.path('in.jsonl'), self.place.path('link'))
        with open(self.place.path('in.jsonl'), encoding='utf-8') as stdin, \
                open(self.place.path('in.jsonl'), 'a',
                     encoding='utf-8') as stdout:
            for words, streams in (
                    (['in.jsonl', '-o', 'link'], {}),
                    (['-', '-o', 'in.jsonl'], {'stdin': stdin}),
                    (['in.jsonl'], {'stdout': stdout})):
                result = subprocess.run(
                    [self.place.apxm, 'run', 'prog.ais', '--each'] + words,
                    cwd=self.place.folder, env=self.place.env, text=True,
                    stderr=subprocess.PIPE, timeout=processes.PATIENCE,
                    **{'stdin': subprocess.DEVNULL, **streams})
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertEqual(self.place.read('in.jsonl'), before, words)

    def test_progress(self):
        """On a terminal: lines that are done and under way, and what is left;
        when the batch ends the line is gone."""
        self.write_lines(40)
        main, side = pty.openpty()
        fcntl.fcntl(main, fcntl.F_SETFL, os.O_NONBLOCK)
        child = subprocess.Popen(
            [self.place.apxm, 'run', 'prog.ais', '--each', 'in.jsonl', '-o',
             'out.jsonl', '--sim-profile', 'fixed:200ms', '--max-in-flight',
             '2'], cwd=self.place.folder, env=self.place.env,
            stdin=subprocess.DEVNULL, stderr=side)
        os.close(side)
        said = b''
        def look():
            nonlocal said
            try:
                said += os.read(main, 65536)
            except OSError:
                pass  # nothing now, or nobody is left
            return child.poll() is not None
        wait_for(look, 'the batch ends')
        look()
        os.close(main)
        self.assertEqual(child.returncode, 0, said)
        self.assertRegex(said.decode(), '\rdone \\d+ \u00b7 running \\d+ '
                         '\u00b7 [\\d.]+ lines/s \u00b7 '
                         '[\\d.:]+ (s|min) left\x1b\\[K')
        last = re.split('\r', said.decode().rstrip())[-1]
        self.assertIn('40 lines in', said.decode())
        self.assertNotIn('running', last)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    parser.add_argument('--slow', action='store_true',
                        help='it is a build with a sanitizer')
    options, words = parser.parse_known_args()
    vars(SETUP).update(vars(options))
    unittest.main(argv=sys.argv[:1] + words, verbosity=1)


if __name__ == '__main__':
    main()
