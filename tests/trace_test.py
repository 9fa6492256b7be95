#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--trace and the progress line, on real runs.

    tests/trace_test.py --apxm build/apxm [TEST...]

Runs programs that succeed, fail and are interrupted, on the embedded model and
over HTTP, and takes what they recorded apart: every work node once, calls with
phases without gaps, frames inside their parents, lanes on which nothing
overlaps. The progress line is watched through a pseudo-terminal whose text is
played on a screen of one line.
"""

import argparse
import collections
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import processes  # noqa: E402

SETUP = argparse.Namespace(apxm=None)

PROGRAM = '''
agent Helper {
    flow part(x: str) -> str {
        ask("Secret question " + x) -> answer
        print("part ", answer)
        return answer
    }
    flow both(x: str) -> str {
        part(x) -> one
        part(x + "!") -> two
        return one + two
    }
}
agent A {
    @entry flow main(n: num) -> str {
        Helper.both("1") -> p
        Helper.both("2") -> q
        think("Secret thought", budget_tokens: 100) -> deep
        merge(p, q, n, deep) -> c
        ask("last", c) -> d
        return d
    }
}
'''

SLOW = '''
agent A {
    @entry flow main() -> str {
        ask("one") -> a
        ask("two") -> b
        ask("three") -> c
        return a + b + c
    }
}
'''

PHASES = ['queue', 'connect', 'wait', 'receive']
GRAIN = 0.0015  # microseconds: what a decimal may be off


class Trace:
    """The events of one run (a process of the file), checked."""

    def __init__(self, test, events):
        self.test = test
        self.lanes = collections.defaultdict(list)
        self.names = {}
        self.meta = {}
        self.frames = {}
        self.calls = []
        self.replies = []
        tasks = collections.defaultdict(list)
        for event in events:
            if event['ph'] == 'M':
                self.add_meta(event)
            elif event['ph'] == 'X':
                self.lanes[event['tid']].append(event)
            elif event['ph'] == 'i':
                self.replies.append(event)
            else:
                test.assertIn(event['ph'], 'be')
                tasks[event['id2']['local']].append(event)
        for task in tasks.values():
            self.add_task(task)
        self.check_lanes()
        self.check_frames()

    def add_meta(self, event):
        if event['name'] == 'thread_name':
            self.names[event['tid']] = event['args']['name']
        else:
            self.meta[event['name']] = event['args']

    def add_task(self, task):
        """Begins and ends nest, and time goes forward."""
        open_events, pairs, last = [], [], 0
        for event in task:
            self.test.assertGreaterEqual(event['ts'], last, task)
            self.test.assertEqual(event['cat'], task[0]['cat'], task)
            last = event['ts']
            if event['ph'] == 'b':
                open_events.append(event)
                continue
            begin = open_events.pop()
            self.test.assertEqual(begin['name'], event['name'], task)
            pairs.append((begin, event))
        self.test.assertEqual(open_events, [], task)
        if task[0]['cat'] == 'frame':
            self.test.assertEqual(len(pairs), 1, task)
            self.add_frame(*pairs[0])
        else:
            self.test.assertEqual(task[0]['cat'], 'call', task)
            self.add_call(pairs)

    def add_frame(self, begin, end):
        frame = begin['args']['frame']
        self.test.assertNotIn(frame, self.frames)
        self.frames[frame] = dict(begin['args'], flow=begin['name'],
                                  begin=begin['ts'], end=end['ts'])

    def add_call(self, pairs):
        """The outermost is the call; the phases in it follow each other."""
        begin, end = pairs[-1]
        phases = [pair for pair in pairs if pair[0]['name'] in PHASES]
        names = [pair[0]['name'] for pair in phases]
        at = begin['ts']
        for first, last in phases:
            self.test.assertEqual(first['ts'], at, pairs)
            at = last['ts']
        self.test.assertEqual(at, end['ts'], pairs)
        self.test.assertEqual(names, sorted(names, key=PHASES.index), pairs)
        self.test.assertEqual(names[0], 'queue', pairs)
        self.calls.append(dict(
            begin['args'], begin=begin['ts'], end=end['ts'],
            phases={first['name']: last['ts'] - first['ts']
                    for first, last in phases}))

    def check_lanes(self):
        """A thread does one thing at a time, and every lane has a name."""
        for lane, events in self.lanes.items():
            self.test.assertIn(lane, self.names)
            events.sort(key=lambda event: event['ts'])
            for before, after in zip(events, events[1:]):
                self.test.assertLessEqual(before['ts'] + before['dur'],
                                          after['ts'] + GRAIN)

    def check_frames(self):
        """Each lies within its parent, and nodes within their frames."""
        entries = [frame for frame in self.frames.values()
                   if 'parent' not in frame]
        self.test.assertEqual(len(entries), 1)
        for frame in self.frames.values():
            if 'parent' not in frame:
                continue
            parent = self.frames[frame['parent']]
            self.test.assertEqual(frame['called_by'], parent['flow'])
            self.test.assertGreaterEqual(frame['begin'], parent['begin'])
            self.test.assertLessEqual(frame['end'], parent['end'])
        for event in self.events('node') + self.events('resume'):
            frame = self.frames[event['args']['frame']]
            self.test.assertEqual(event['args']['flow'], frame['flow'])
            self.test.assertGreaterEqual(event['ts'], frame['begin'])
            self.test.assertLessEqual(event['ts'] + event['dur'],
                                      frame['end'] + GRAIN)

    def events(self, category):
        return [event for lane in self.lanes.values() for event in lane
                if event['cat'] == category]

    def nodes(self):
        """(frame, node) of what was fired: each once."""
        nodes = [(event['args']['frame'], event['args']['node'])
                 for event in self.events('node')]
        self.test.assertEqual(len(nodes), len(set(nodes)))
        return set(nodes)


def at_rest(pid):
    """A look that is true once no thread of the process has run for twenty
    looks: all of them wait for somebody else."""
    seen = []

    def look():
        now = []
        for task in sorted(os.listdir('/proc/%d/task' % pid)):
            with open('/proc/%d/task/%s/status' % (pid, task),
                      encoding='ascii') as file:
                text = file.read()
            if text.startswith('Name:\tapxm-'):  # no sanitizer's own thread
                now.append(re.findall(r'^(?:State|.*switches):\s*(\S+)',
                                      text, re.M))
        seen.append(now)
        return len(seen) > 20 and all(one == now for one in seen[-20:])
    return look


class TraceTest(unittest.TestCase):
    def setUp(self):
        self.place = processes.Place(SETUP.apxm)
        self.addCleanup(self.close)

    def close(self):
        self.assertEqual(self.place.close(), [], 'the key was shown')

    def traces(self, name='t.json'):
        """The runs of a file, by process."""
        text = self.place.read(name)
        for word in ('Secret', 'canary', 'sk-'):
            self.assertNotIn(word, text)
        document = self.place.json(name)
        self.assertEqual(document['otherData']['dropped_events'], 0)
        runs = collections.defaultdict(list)
        for event in document['traceEvents']:
            runs[event['pid']].append(event)
        return {run: Trace(self, events) for run, events in runs.items()}

    def trace(self, name='t.json'):
        traces = self.traces(name)
        self.assertEqual(len(traces), 1)
        return next(iter(traces.values()))

    def start(self, program, *words):
        self.place.write('prog.ais', program)
        return self.place.start('run', 'prog.ais', *words, '--trace', 't.json')

    def run_whole(self, *words):
        run = self.start(PROGRAM, '5', '--emit-metrics=m.json', *words).wait()
        self.assertEqual(run.code, 0, run.stderr)
        return self.place.json('m.json'), self.trace()

    def check_whole(self, metrics, trace):
        """What a run that succeeded has done is in its trace, once."""
        calls = len(trace.frames) - 1
        self.assertEqual(calls, 6)
        self.assertEqual(len(trace.nodes()) + calls,
                         metrics['execution']['nodes_executed'])
        self.assertEqual(len(trace.calls), metrics['llm']['total_requests'])
        made = [(call['frame'], call['node']) for call in trace.calls]
        self.assertEqual(len(made), len(set(made)))
        self.assertLessEqual(set(made), trace.nodes())
        for kind in ('input_tokens', 'output_tokens'):
            self.assertEqual(sum(call[kind] for call in trace.calls),
                             metrics['llm']['total_' + kind])
        for call in trace.calls:
            self.assertEqual(call['status'], 'ok')
            self.assertRegex(call['source'], r'^prog\.ais:\d+:\d+$')
        self.assertEqual(
            collections.Counter(call['name'] for call in trace.calls),
            {'answer': 4, 'deep': 1, 'd': 1})
        self.assertEqual(trace.meta['process_name']['name'],
                         'A.main of prog.ais')
        self.assertEqual(trace.meta['process_labels']['labels'], 'success')

    def test_on_sim(self):
        for words in (['--sim-profile', 'instant'],
                      ['--sim-profile', 'fixed:20'],
                      ['--sim-profile', 'fixed:20', '--workers', '1'],
                      ['--sim-profile', 'fixed:5', '--max-in-flight', '1']):
            metrics, trace = self.run_whole(*words)
            self.check_whole(metrics, trace)
            self.assertEqual({call['backend'] for call in trace.calls},
                             {'sim'})
            if 'fixed:20' in words:
                self.assertEqual(len(trace.replies), len(trace.calls))
                for call in trace.calls:
                    self.assertGreaterEqual(call['phases']['wait'], 20000)
                for event in trace.replies:
                    self.assertEqual(trace.names[event['tid']], 'I/O')

    def test_waiting_for_admission(self):
        """With one call at a time, each waits for those before it."""
        _, trace = self.run_whole('--sim-profile', 'fixed:5',
                                  '--max-in-flight', '1')
        queues = sorted(call['phases']['queue'] for call in trace.calls)
        self.assertLess(queues[0], 4000)
        self.assertGreaterEqual(queues[-1], 10000)
        spans = sorted((call['end'] - sum(call['phases'].values())
                        + call['phases']['queue'], call['end'])
                       for call in trace.calls)
        for before, after in zip(spans, spans[1:]):
            self.assertLessEqual(before[1], after[0] + GRAIN)

    def test_over_http(self):
        sim = self.place.sim('--latency', '30ms')
        metrics, trace = self.run_whole('--backend', sim.openai,
                                        '--model', 'some-model')
        self.check_whole(metrics, trace)
        for call in trace.calls:
            self.assertEqual(call['model'], 'some-model')
            self.assertEqual(list(call['phases']), PHASES)
            self.assertGreaterEqual(call['phases']['wait'], 29000)

    def test_failed_run(self):
        self.place.write('r.jsonl', '{"match": "two", "error": "no"}\n'
                         '{"match": "", "reply": "r", "latency_ms": 600000}\n')
        run = self.start(SLOW, '--replies', 'r.jsonl').wait()
        self.assertEqual(run.code, 1, run.stderr)
        trace = self.trace()
        self.assertEqual(trace.meta['process_labels']['labels'], 'failed')
        statuses = sorted(call['status'] for call in trace.calls)
        self.assertEqual(statuses[-1], 'error')
        self.assertEqual(set(statuses[:-1]) - {'cancelled'}, set())

    def test_interrupted_run(self):
        run = self.start(SLOW, '--sim-profile', 'fixed:600000',
                         '--max-in-flight', '2', '-v', '-v')
        run.said('runs A.main')
        run.send(signal.SIGINT)
        self.assertEqual(run.wait().code, 130, run.stderr)
        trace = self.trace()
        self.assertEqual(trace.meta['process_labels']['labels'], 'cancelled')
        for call in trace.calls:
            self.assertEqual(call['status'], 'cancelled')

    def test_prints_that_wait(self):
        """More than the output holds: prints wait for the reader, who comes
        when nothing moves any more."""
        self.place.write('long', 'x' * (700 << 10))
        lines = ''.join('        print(x)\n' for _ in range(6))
        self.place.write('prog.ais', 'agent A {\n    @entry flow main(x: str) '
                         '{\n%s    }\n}\n' % lines)
        child = subprocess.Popen(
            [self.place.apxm, 'run', 'prog.ais', '--arg-file', 'x=long',
             '--trace', 't.json'],
            cwd=self.place.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, env=processes.plain_environment(
                self.place.folder))
        with child:
            select.select([child.stdout], [], [], processes.PATIENCE)
            processes.wait_for(at_rest(child.pid), 'prints wait')
            said = child.stdout.read()
        self.assertEqual(child.returncode, 0)
        self.assertEqual(len(said), 6 * ((700 << 10) + 1))
        trace = self.trace()
        self.assertEqual(sum(event['args']['op'] == 'print'
                             for event in trace.events('node')), 6)
        self.assertEqual(len(trace.nodes()), 7)  # and a result
        self.assertGreater(len(trace.events('resume')), 0)

    def test_workload(self):
        """One more run of each flow, with which nothing is measured."""
        folder = os.path.join(processes.ROOT, 'workloads', '4_scalability/')
        run = self.place.run('workloads', 'run', folder, '-n', '2', '-w', '1',
                             '--backend', 'sim', '--sim-profile', 'instant',
                             '--request-log', 'log', '--trace', 't.json')
        self.assertEqual(run.code, 0, run.stderr)
        traces = list(self.traces().values())
        self.assertEqual([len(trace.calls) for trace in traces], [2, 4, 8])
        self.assertRegex(traces[1].meta['process_name']['name'],
                         r'^Scalability\.parallel_4 of ')

    def test_where_it_is_written(self):
        self.place.write('prog.ais', SLOW)

        def run(*words):
            return self.place.run('run', 'prog.ais', '--backend', 'sim',
                                  *words)
        late = run('--trace', '/dev/full')
        self.assertEqual(late.code, 1, late.stderr)
        self.assertIn('--trace: cannot write /dev/full: No space left',
                      late.stderr)
        self.assertNotEqual(late.stdout, '')
        for words, code, text in (
                (['--trace', 'none/t.json'], 4, '--trace: cannot write'),
                (['--trace', '-'], 2, 'name a file'),
                (['--trace', 'prog.ais'], 2, 'overwrite a source'),
                (['--trace', 'x', '--request-log', 'x'], 2, 'both write x')):
            early = run(*words)
            self.assertEqual(early.code, code, early.stderr)
            self.assertIn(text, early.stderr)
            self.assertEqual(early.stdout, '')


# ---- the progress line -------------------------------------------------------

class Screen:
    """A terminal that remembers: the lines that were left behind, the one in
    hand, and every state of it."""

    STEP = re.compile(r'\r\n|\r|\n|\x1b\[K|\x1b|[^\r\n\x1b]+')

    def __init__(self):
        self.lines, self.line, self.column = [], '', 0
        self.states = []
        self.strange = []

    def play(self, text):
        for step in self.STEP.findall(text):
            if step == '\r':
                self.column = 0
            elif step in ('\n', '\r\n'):
                self.lines.append(self.line)
                self.line, self.column = '', 0
            elif step == '\x1b[K':
                self.line = self.line[:self.column]
            elif step == '\x1b':
                self.strange.append(text)
            else:
                self.line = (self.line[:self.column] + step
                             + self.line[self.column + len(step):])
                self.column += len(step)
                self.states.append(self.line)


class ProgressTest(unittest.TestCase):
    LINE = re.compile(r'^running \d+ · waiting \d+ · done \d+( · failed \d+)?'
                      r' · [\d,]+ tokens · \d+\.\d s$')

    def setUp(self):
        self.place = processes.Place(SETUP.apxm)
        self.addCleanup(self.place.close)

    def watch(self, *words, columns=80, term='xterm', stdout=True,
              program=SLOW, until=None, slowly=False):
        """Runs on a terminal, which may be a slow one; `until(screen)`:
        interrupt it then. Returns exit code, screen, and standard output when
        that is not the terminal."""
        self.place.write('prog.ais', program)
        master, slave = pty.openpty()
        size = struct.pack('HHHH', 24, columns, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        child = subprocess.Popen(
            [self.place.apxm, 'run', 'prog.ais', *words],
            cwd=self.place.folder, env=dict(self.place.env, TERM=term),
            stdin=subprocess.DEVNULL, stderr=slave, start_new_session=True,
            stdout=slave if stdout else subprocess.PIPE)
        os.close(slave)
        screen, pending = Screen(), b''
        due = time.monotonic() + processes.PATIENCE
        while True:
            ready, _, _ = select.select([master], [], [], 1)
            if time.monotonic() > due:
                child.kill()
                self.fail('it never ended: %r' % screen.states)
            try:
                pending += os.read(master, 65536) if ready else b''
            except OSError:  # the other side has gone
                break
            whole = pending[:pending.rfind(b'K') + 1] or pending
            screen.play(whole.decode('utf-8', 'replace'))
            pending = pending[len(whole):]
            if slowly:
                processes.LOOK.wait(0.01)
            if until and until(screen):
                until = None
                child.send_signal(signal.SIGINT)
        screen.play(pending.decode('utf-8'))
        text = child.stdout.read().decode() if child.stdout else None
        if child.stdout:
            child.stdout.close()
        os.close(master)
        return child.wait(), screen, text

    def drawn(self, screen):
        return [state for state in screen.states
                if state.startswith('running ')]

    def test_line_comes_and_goes(self):
        code, screen, text = self.watch(
            '--sim-profile', 'fixed:1000', '--max-in-flight', '2',
            stdout=False)
        self.assertEqual(code, 0)
        drawn = self.drawn(screen)
        self.assertGreaterEqual(len(drawn), 2)
        for state in drawn:
            self.assertRegex(state, self.LINE)
        self.assertTrue(drawn[0].startswith('running 2 · waiting 1 · done 0 '))
        self.assertIn('running 1 · waiting 0 · done 2', '\n'.join(drawn))
        self.assertEqual(screen.line, '')
        self.assertEqual(screen.strange, [])
        self.assertEqual(screen.lines, [])
        self.assertNotIn('running', text)

    def test_printed_lines_stay_whole(self):
        """Standard output is the same terminal."""
        asks = ''.join('        ask(a%d) -> a%d\n        print("line %d.")\n'
                       '        print("then ", a%d)\n' % (i, i + 1, i, i + 1)
                       for i in range(8))
        program = ('agent A {\n    @entry flow main() {\n        ask("0") -> a0'
                   '\n%s    }\n}\n' % asks)
        self.place.write('r.jsonl',
                         '{"match": "", "reply": "word", "latency_ms": 90}\n')
        code, screen, _ = self.watch('--replies', 'r.jsonl', program=program)
        self.assertEqual(code, 0)
        self.assertGreater(len(self.drawn(screen)), 0)
        self.assertEqual(sorted(screen.lines), sorted(
            ['line %d.' % i for i in range(8)] + ['then word'] * 8))
        self.assertEqual(screen.line, '')

    def test_long_lines_are_not_broken(self):
        """The line stays away while a long one is being written."""
        self.place.write('long', 'x' * 1000000)
        code, screen, _ = self.watch(
            '--sim-profile', 'fixed:600', '--arg-file', 'x=long', slowly=True,
            program='agent A {\n    @entry flow main(x: str) {\n'
                    '        ask("one") -> a\n        print(x)\n'
                    '        print("after ", a)\n    }\n}\n')
        self.assertEqual(code, 0)
        self.assertEqual([len(line) for line in screen.lines[:1]], [1000000])
        self.assertEqual(set(screen.lines[0]), {'x'})
        self.assertEqual(len(screen.lines), 2)

    def assert_a_report(self, screen, beginning):
        """A sentence, the report below it, and nothing of the line."""
        self.assertTrue(screen.lines[0].startswith(beginning), screen.lines)
        for line in screen.lines[1:]:
            self.assertTrue(line.startswith('  '), screen.lines)

    def test_interrupt_takes_it_away(self):
        code, screen, _ = self.watch(
            '--sim-profile', 'fixed:600000',
            until=lambda screen: bool(self.drawn(screen)))
        self.assertEqual(code, 130)
        self.assert_a_report(screen, 'apxm: error: interrupted')
        self.assertEqual(screen.line, '')

    def test_failure_takes_it_away(self):
        self.place.write('r.jsonl', '{"match": "", "error": "no", '
                         '"latency_ms": 1000}\n')
        code, screen, _ = self.watch('--replies', 'r.jsonl')
        self.assertEqual(code, 1)
        self.assertGreater(len(self.drawn(screen)), 0)
        self.assert_a_report(screen, 'apxm: error: prog.ais')

    def test_narrow_terminals(self):
        words = ['--sim-profile', 'fixed:1000', '--max-in-flight', '2']
        _, screen, _ = self.watch(*words, columns=24)
        self.assertIn('running 2 · waiting 1', self.drawn(screen))
        for state in self.drawn(screen):
            self.assertRegex(state, r'^running \d+ · waiting \d+$')
        _, screen, _ = self.watch(*words, columns=5)
        self.assertEqual(self.drawn(screen), [])

    def test_where_there_is_none(self):
        words = ['--sim-profile', 'fixed:600']
        for more in (['-q'], ['--json'], ['--error-format', 'json'],
                     ['--log-level', 'error']):
            code, screen, _ = self.watch(*words, *more)
            self.assertEqual(code, 0)
            self.assertEqual(self.drawn(screen), [], more)
            self.assertEqual(screen.strange, [])
        _, screen, _ = self.watch(*words, term='dumb')
        self.assertEqual(self.drawn(screen), [])
        run = self.place.run('run', 'prog.ais', *words)
        self.assertNotIn('running', run.stderr)

    def test_short_runs_have_none(self):
        code, screen, _ = self.watch('--sim-profile', 'instant')
        self.assertEqual(code, 0)
        self.assertEqual(self.drawn(screen), [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    options, words = parser.parse_known_args()
    vars(SETUP).update(vars(options))
    unittest.main(argv=sys.argv[:1] + words, verbosity=1)


if __name__ == '__main__':
    main()
