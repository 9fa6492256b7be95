#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a run leaves to its reader: text while it comes, and an end in time when
the reader is the one who does not go on.

    tests/run_end_test.py --apxm build/apxm [--slow] [--deaf]
                          [TEST...]

Real processes, pipes that nobody reads, `apxm sim --faults` as the server. What
a call may be waiting for when a signal comes is in reliability_test.py; here it
is everything else that a process can wait for. The bounds are those of
docs/cli.md. What was late, and only late, is tried again: a busy machine may be
the reason. `--slow` is for a program that a sanitizer slows down: then nothing
is too late. `--deaf` is for one in which a signal waits until the system call
that a thread is in has returned, as the thread sanitizer has it.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from processes import PATIENCE, Place, wait_for  # noqa: E402

SETUP = argparse.Namespace(apxm=None, slow=False, deaf=False)
TRIES = 6
STORY = 'Once upon a time there was a compiler that told a long story.'

ASK = '''agent A {
    flow told(how: str) -> str {
        ask("a long story " + how) -> r
        return r
    }
    @entry flow main(how: str) -> str {
        if (how == "safe") {
            ask("a long story", fallback: "no story") -> s
            return s
        }
        told(how) -> story
        ask("an aside") -> aside
        print("aside: ", aside)
        return story
    }
}
'''

PRINTS = '''agent A {
    @entry flow main() -> num {
        loop (n in range(0, 4000)) {
            print("line {{ n }} of a program that its reader does not read, at "
                  + "a length that fills a pipe and a queue of a megabyte "
                  + "in the end. {{ n }}{{ n }}{{ n }}{{ n }}{{ n }}{{ n }}")
            print("%s")
        }
        return 1
    }
}
''' % ('x' * 400)

LARGE = '''agent A {
    @entry flow main() -> str { return "%s" }
}
''' % ('y' * 300000)


class Case(unittest.TestCase):

    def setUp(self):
        self.place = Place(SETUP.apxm)
        self.addCleanup(lambda: self.assertEqual(self.place.close(), []))

    def serve(self, *rules):
        self.place.write('faults.jsonl', ''.join(
            json.dumps(rule) + '\n' for rule in ({'seed': 1}, *rules)))
        self.place.write('replies.jsonl', json.dumps(
            {'match': 'story', 'reply': STORY}) + '\n' + json.dumps(
                {'match': 'aside', 'reply': 'short'}) + '\n')
        server = self.place.sim('--faults', 'faults.jsonl', '--replies',
                                'replies.jsonl')
        self.place.write('ask.ais', ASK)
        return ('--backend', server.openai, '--model', 'm', '--retry-seed', '7')

    def soon(self, most, once):
        for _ in range(TRIES):
            seconds = once()
            if seconds <= most or SETUP.slow:
                return
        self.fail('%.3f s, more than %g' % (seconds, most))


class Stream(Case):

    def test_as_it_comes(self):
        """The text is there in part while the rest has not been sent."""
        backend = self.serve({'fault': 'stall', 'events': 8, 'match': 'story'})
        run = self.place.start('run', 'ask.ais', 'x', '--stream', *backend)
        run.said('Once upon a', 'stdout')
        self.assertTrue(run.is_running)
        run.send(signal.SIGINT)
        self.assertEqual(run.wait().code, 130, run.stderr)
        self.assertTrue(run.stdout.endswith('\n'), run.stdout)

    def test_lines_stay_whole(self):
        """What is printed meanwhile comes before or after the text, which is
        not printed a second time at the end."""
        backend = self.serve({'fault': 'drip', 'ms': 1, 'piece': 50,
                              'match': 'story'})
        run = self.place.run('run', 'ask.ais', 'x', '--stream', *backend)
        self.assertEqual(run.code, 0, run.stderr)
        self.assertEqual(sorted(run.stdout.splitlines()),
                         sorted([STORY, 'aside: short']))

    def test_into_a_file(self):
        backend = self.serve()
        path = self.place.path('out.txt')
        with open(path, 'wb') as out:
            subprocess.run([self.place.apxm, 'run', 'ask.ais', 'x', '--stream',
                            *backend], cwd=self.place.folder,
                           env=self.place.env, stdout=out, check=True,
                           timeout=PATIENCE, stderr=subprocess.DEVNULL)
        self.assertEqual(sorted(self.place.read('out.txt').splitlines()),
                         sorted([STORY, 'aside: short']))

    def test_begins_anew(self):
        backend = self.serve({'fault': 'reset', 'events': 8, 'match': 'story',
                              'times': 1})
        run = self.place.run('run', 'ask.ais', 'x', '--stream', *backend)
        self.assertEqual(run.code, 0, run.stderr)
        lines = run.stdout.splitlines()
        lines.remove('aside: short')
        self.assertEqual(len(lines), 3, lines)
        self.assertTrue(STORY.startswith(lines[0]) and lines[0], lines)
        self.assertEqual(lines[1:], [
            '--- attempt 2: the text begins anew ---', STORY])

    def test_not_yet_the_result(self):
        """What may still become another value is not shown as it comes."""
        for body in ('try { ask("a story") -> s return s } '
                     'catch (e) { return e.message }',
                     'ask("a story") -> s return trim(s + " ")',
                     'loop (x in ["a"]) { ask("a story") -> s } -> all '
                     'return all[0]'):
            backend = self.serve({'fault': 'reset', 'events': 8, 'times': 1,
                                  'match': 'story'})
            self.place.write('prog.ais', 'agent A {\n    @entry flow main() '
                             '-> str { %s }\n}\n' % body)
            run = self.place.run('run', 'prog.ais', '--stream', *backend)
            self.assertEqual(run.code, 0, run.stderr)
            self.assertEqual(run.stdout, STORY + '\n')

    def test_another_result(self):
        """The call fails for good, and the program has a fallback."""
        backend = self.serve({'fault': 'truncate', 'events': 8,
                              'match': 'story'})
        self.place.write('.apxm/config.yaml',
                         'backends:\n  it:\n    provider: openai\n    url: %s\n'
                         '    retries: 0\n' % backend[1].split(':', 1)[1])
        run = self.place.run('run', 'ask.ais', 'safe', '--stream', '--backend',
                             'it', '--model', 'm')
        self.assertEqual(run.code, 0, run.stderr)
        lines = run.stdout.splitlines()
        self.assertTrue(STORY.startswith(lines[0]) and lines[0], lines)
        self.assertEqual(lines[1:], ['--- the result ---', 'no story'])

    def test_fails(self):
        """What came stays, and the report says the rest; --partial has what
        was whole."""
        backend = self.serve({'fault': 'close', 'events': 8, 'match': 'story'})
        run = self.place.run('run', 'ask.ais', 'x', '--partial', *backend)
        self.assertEqual(run.code, 1, run.stderr)
        self.assertIn('--- reply 1, A.main: aside (ask), ask.ais:12:9 ---\n'
                      'short\n', run.stdout)
        for part in ('call       A.told: r (ask)', '  sent       POST http',
                     'attempt 4', 'cut_off', '  run        failed at',
                     'retry seed 7'):
            self.assertIn(part, run.stderr)


class Unread(Case):
    """Standard output, standard error or a file has a reader that does not
    read. A signal, or a deadline, ends the process all the same."""

    def start(self, words, **streams):
        streams = dict({'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE,
                        'stderr': subprocess.PIPE}, **streams)
        child = subprocess.Popen([self.place.apxm, *words],
                                 cwd=self.place.folder, env=self.place.env,
                                 start_new_session=True, **streams)
        self.addCleanup(self.end, child)
        return child

    def end(self, child):
        child.kill()
        child.wait()
        for stream in (child.stdout, child.stderr):
            if stream:
                stream.close()

    def sleeps(self, child):
        """Until all of its threads wait for something, and have not run
        between several looks."""
        def state():
            found = []
            for task in os.listdir('/proc/%d/task' % child.pid):
                base = '/proc/%d/task/%s/' % (child.pid, task)
                with open(base + 'stat', encoding='ascii') as file:
                    is_asleep = file.read().rsplit(')', 1)[1].split()[0] == 'S'
                with open(base + 'schedstat', encoding='ascii') as file:
                    found.append((task, is_asleep, file.read()))
            return found
        seen = []

        def look():
            try:
                now = state()
            except FileNotFoundError:
                return False  # a thread has just ended
            if seen and now != seen[-1]:
                seen.clear()
            seen.append(now)
            asleep = all(is_asleep for _, is_asleep, _ in now)
            return len(seen) > 5 and len(now) > 1 and asleep
        wait_for(look, 'it waits')

    def killed_in_time(self, code, words, number, **streams):
        def once():
            child = self.start(words, **streams)
            self.sleeps(child)
            before = time.monotonic()
            child.send_signal(number)
            self.assertEqual(child.wait(PATIENCE), code)
            return time.monotonic() - before
        self.soon(1, once)

    def test_print_lines(self):
        self.place.write('prog.ais', PRINTS)
        for number in (signal.SIGINT, signal.SIGTERM):
            self.killed_in_time(130, ['run', 'prog.ais'], number)

    @unittest.skipIf('--deaf' in sys.argv, 'stuck in a system call')
    def test_result(self):
        """The run is over; the main thread itself is stuck in a write."""
        self.place.write('prog.ais', LARGE)
        self.killed_in_time(130, ['run', 'prog.ais'], signal.SIGINT)
        self.killed_in_time(130, ['run', 'prog.ais', '--json'], signal.SIGTERM)

    @unittest.skipIf('--deaf' in sys.argv, 'stuck in a system call')
    def test_metrics(self):
        """A named pipe that nobody opens."""
        self.place.write('prog.ais', ASK)
        os.mkfifo(self.place.path('pipe'))
        self.killed_in_time(130, ['run', 'prog.ais', 'x', '--emit-metrics',
                                  'pipe', '--backend', 'sim'], signal.SIGINT)

    @unittest.skipIf('--deaf' in sys.argv, 'stuck in a system call')
    def test_messages(self):
        """Standard error is full, and there is a line to be written to it."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        try:
            while True:
                os.write(write, b'.' * 4096)
        except BlockingIOError:
            os.set_blocking(write, True)
        self.place.write('prog.ais', ASK)
        self.killed_in_time(130, ['run', 'prog.ais', 'x', '-v', '--backend',
                                  'sim'], signal.SIGINT, stderr=write)
        os.close(read)
        os.close(write)

    @unittest.skipIf('--deaf' in sys.argv, 'stuck in a system call')
    def test_second_signal(self):
        self.place.write('prog.ais', LARGE)
        child = self.start(['run', 'prog.ais'])
        self.sleeps(child)
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(PATIENCE), 130)

    def test_deadline(self):
        """A reader that keeps the run from its end is no reason to be late."""
        self.place.write('prog.ais', PRINTS)

        def once(*words):
            before = time.monotonic()
            child = self.start(['run', 'prog.ais', '--deadline', '1s', *words])
            self.assertEqual(child.wait(PATIENCE), 6)
            return time.monotonic() - before
        self.soon(2, once)

    def test_deadline_kept(self):
        """One that came to its end in time may be read later."""
        self.place.write('prog.ais', LARGE)
        child = self.start(['run', 'prog.ais', '--deadline', '500ms'])
        self.sleeps(child)
        due = time.monotonic() + 1.5  # longer than deadline and grace
        wait_for(lambda: time.monotonic() > due, 'time passes')
        self.assertIsNone(child.poll())
        text, _ = child.communicate(timeout=PATIENCE)
        self.assertEqual((child.returncode, len(text)), (0, 300001))

    def test_whole_file(self):
        """Metrics of a run that was told to end are written whole."""
        self.place.write('prog.ais', PRINTS)
        child = self.start(['run', 'prog.ais', '--emit-metrics', 'm.json'])
        self.sleeps(child)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(PATIENCE), 130)
        self.assertEqual(self.place.json('m.json')['execution']['status'],
                         'cancelled')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    parser.add_argument('--slow', action='store_true')
    parser.add_argument('--deaf', action='store_true')
    options, words = parser.parse_known_args()
    vars(SETUP).update(vars(options))
    unittest.main(argv=sys.argv[:1] + words, verbosity=1)


if __name__ == '__main__':
    main()
