#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program written as graph JSON and read back is the same program.

    tests/graph_test.py --apxm build/apxm [PATTERN...]

Takes the programs of the cases (the first run of each that succeeds) and the
examples, writes each with --dump=json at -O0 and -O1, runs what was written,
and compares standard output, exit code and the requests made with those of the
source. What has control flow is written, must be JSON, and is not read back.
"""

import argparse
import glob
import json
import os
import shlex
import subprocess
import sys
import tempfile

import run_cases

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ('language', 'frames', 'output', 'examples')
CONTROL = {'BRANCH', 'LOOP', 'WHILE', 'TRY'}
FIELDS = ('op', 'prompt', 'system', 'backend', 'model', 'temperature',
          'max_tokens', 'budget_tokens')


class Place:
    """A case's files in a folder, and the command of its first run."""

    def __init__(self, apxm, folder, case):
        self.apxm = os.path.abspath(apxm)
        self.folder = folder
        self.replies = None
        for section in case.setup:
            if section.kind == 'file':
                self.write(section.argument, section.text())
            elif section.kind == 'replies':
                self.replies = section.text()
                self.write('replies.jsonl', self.replies)
            elif section.kind == 'project':
                self.copy(section.argument)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    def copy(self, name):
        subprocess.run(['cp', '-r', '--parents', name, self.folder],
                       cwd=ROOT, check=True)

    def apxm_run(self, words, stdin=''):
        return subprocess.run([self.apxm] + words, cwd=self.folder, input=stdin,
                              capture_output=True, encoding='utf-8',
                              timeout=60, check=False)

    def outcome(self, words, stdin):
        """What a run printed, how it ended and what it asked."""
        log = os.path.join(self.folder, 'requests.jsonl')
        if os.path.exists(log):
            os.remove(log)
        more = ['--request-log', 'requests.jsonl']
        if self.replies is not None and '--replies' not in words:
            more += ['--replies', 'replies.jsonl']
        done = self.apxm_run(words + more, stdin)
        requests = []
        if os.path.exists(log):
            with open(log, encoding='utf-8') as file:
                requests = [json.loads(line) for line in file]
        return (done.stdout, done.returncode,
                sorted(json.dumps([request.get(field) for field in FIELDS])
                       for request in requests)), done.stderr


def first_run(case):
    """The words of the first run of a source, and what it reads."""
    for step in case.steps:
        if not isinstance(step, run_cases.Step):
            return None, None, None
        words = shlex.split(step.section.argument) or ['execute', 'prog.ais']
        sources = [word for word in words if word.endswith('.ais')]
        plain = not (step.interrupt or step.close or step.terminal)
        if words[0] in ('run', 'execute') and len(sources) == 1 and plain and \
                not any(word.startswith(('--emit', '--trace', '--json'))
                        for word in words):
            return words, sources[0], step.stdin
    return None, None, None


def graphs_of(text):
    document = json.loads(text)
    return document.get('graphs', [document])


def try_level(place, words, source, stdin, level):
    """None when it has control flow, else a list of faults."""
    written = place.apxm_run(['compile', source, '--dump=json', '-q',
                              '-O%d' % level])
    if written.returncode != 0:
        return ['it is not written: ' + written.stderr]
    ops = {node['op'] for graph in graphs_of(written.stdout)
           for node in graph['nodes']}
    if ops & CONTROL:
        return None
    place.write('written.json', written.stdout)
    there = ['written.json' if word == source else word for word in words]
    before, _ = place.outcome(words + ['-O%d' % level], stdin)
    after, said = place.outcome(there, stdin)
    if before == after:
        return []
    return ['-O%d: %s\n  became %s\n  %s' % (level, before, after, said)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--apxm', required=True)
    parser.add_argument('patterns', nargs='*')
    options = parser.parse_args()
    counts = {'back': 0, 'control': 0, 'other': 0}
    faults = []
    for folder in FOLDERS:
        for path in sorted(glob.glob(os.path.join(ROOT, 'tests/cases', folder,
                                                  '*.case'))):
            if options.patterns and not any(pattern in path
                                            for pattern in options.patterns):
                continue
            case = run_cases.Case(path)
            words, source, stdin = first_run(case)
            with tempfile.TemporaryDirectory() as place_folder:
                place = Place(options.apxm, place_folder, case)
                if words is None or place.outcome(words, stdin)[0][1] != 0:
                    counts['other'] += 1
                    continue
                for level in (0, 1):
                    found = try_level(place, words, source, stdin, level)
                    counts['control' if found is None else 'back'] += 1
                    faults += [os.path.relpath(path, ROOT) + ': ' + fault
                               for fault in found or []]
    for fault in faults:
        print(fault)
    print('%(back)d programs written and read back, %(control)d with control '
          'flow written, %(other)d cases passed over' % counts)
    return 1 if faults or counts['back'] == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
