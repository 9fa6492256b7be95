#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Validates what apxm really writes against the schemas in docs/.

    tests/check_schemas.py --apxm build/apxm

Runs programs that succeed, fail and do not compile, and checks each document
against its schema. A schema that accepts anything would prove nothing, so
from each document every required field is also taken out in turn, and the
schema must refuse the rest. Exits 77 (skipped) where there is no jsonschema.
"""

import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print('skipped: this Python has no jsonschema')
    sys.exit(77)

GOOD = '''
agent Helper {
    flow part(x: str) -> str {
        ask("first " + x) -> a
        print("part ", a)
        return a
    }
}
agent A {
    @entry flow main(n: num) -> list<str> {
        Helper.part("1") -> a
        think("again", budget_tokens: 100) -> b
        merge(a, b, n) -> c
        ask("last", c) -> d
        return [a, d]
    }
    flow nothing() { print("x") }
}
'''

BAD = '''
agent A {
    @entry flow main(name: str) -> str {
        let a = nmae
        let a = "x"
        ask("unread") -> b
        return 5
    }
}
'''

ONE = '''
agent A {
    @entry flow main(name: str) -> str {
        ask("Greet {{ name }}.") -> greeting
        return greeting
    }
}
'''

FAILING = '{"match": "again", "error": "no"}\n{"match": "", "reply": "r"}\n'


class Checks:
    def __init__(self, apxm, docs, folder):
        self.apxm = apxm
        self.docs = docs
        self.folder = folder
        self.documents = 0
        self.faults = []

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w') as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding='utf-8') as file:
            return json.load(file)

    def run(self, code, *words):
        """Standard output and standard error of a command."""
        result = subprocess.run([self.apxm, *words], cwd=self.folder,
                                capture_output=True, text=True, timeout=120,
                                stdin=subprocess.DEVNULL)
        if result.returncode != code:
            self.faults.append('%s: exit %d, not %d\n%s' % (
                ' '.join(words), result.returncode, code, result.stderr))
        return result.stdout, result.stderr

    def validate(self, document, name, what):
        with open(os.path.join(self.docs, name + '.schema.json')) as file:
            schema = json.load(file)
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        validator = kind(schema)
        self.documents += 1
        for error in validator.iter_errors(document):
            self.faults.append('%s against %s: %s: %s' % (
                what, name, '.'.join(map(str, error.absolute_path)),
                error.message))
        for path in required_paths(schema):
            spoilt = copy.deepcopy(document)
            if remove(spoilt, path) and validator.is_valid(spoilt):
                self.faults.append('%s accepts a document without %s' % (
                    name, '.'.join(path)))


    def refuse(self, document, name, what, paths):
        """The schema must refuse the document without each of the paths."""
        with open(os.path.join(self.docs, name + '.schema.json')) as file:
            schema = json.load(file)
        validator = jsonschema.validators.validator_for(schema)(schema)
        for path in paths:
            spoilt = copy.deepcopy(document)
            if not remove(spoilt, path) or validator.is_valid(spoilt):
                self.faults.append('%s accepts %s without %s' % (
                    name, what, '.'.join(map(str, path))))


def required_paths(schema, path=()):
    """Paths of all fields the schema says it requires."""
    for name in schema.get('required', []):
        yield path + (name,)
    for name, inner in schema.get('properties', {}).items():
        yield from required_paths(inner, path + (name,))


def remove(document, path):
    for name in path[:-1]:
        document = (document[name] if isinstance(document, list)
                    else document.get(name))
        if not isinstance(document, (dict, list)):
            return False
    return document.pop(path[-1], remove) is not remove


def check_runs(checks):
    checks.run(0, 'execute', 'good.ais', '5', '--sim-profile', 'fixed:5',
               '--emit-metrics=m.json', '--emit-diagnostics=d.json')
    checks.validate(checks.read('m.json'), 'metrics', 'a run')
    checks.validate(checks.read('d.json'), 'diagnostics', 'a run')
    checks.run(0, 'execute', '-q', 'good.ais', '--flow', 'nothing',
               '--emit-metrics=m.json')
    checks.validate(checks.read('m.json'), 'metrics', 'a run without asks')
    checks.run(1, 'execute', 'good.ais', '5', '--replies', 'failing.jsonl',
               '--emit-metrics=m.json')
    checks.validate(checks.read('m.json'), 'metrics', 'a failed run')
    out, _ = checks.run(0, 'execute', '-q', '--json', 'good.ais', '5')
    checks.validate(json.loads(out), 'run', '--json')
    checks.validate(json.loads(out)['metrics'], 'metrics', '--json')
    out, _ = checks.run(1, 'execute', '--json', 'good.ais', '5', '--replies',
                        'failing.jsonl')
    checks.validate(json.loads(out), 'run', '--json of a failed run')
    out, _ = checks.run(6, 'execute', '--json', 'good.ais', '5',
                        '--sim-profile', 'fixed:3600s', '--deadline', '300ms')
    checks.validate(json.loads(out), 'run', '--json of an expired run')
    partial, _ = checks.run(1, 'execute', '--json', '--partial', 'good.ais',
                            '5', '--replies', 'failing.jsonl')
    checks.validate(json.loads(partial), 'run', '--partial')
    checks.refuse(json.loads(out), 'run', 'an expired run', [
        ('failure',), ('error',), ('failure', 'open', 0, 'state'),
        ('failure', 'calls_open')])


def check_batch(checks):
    """What a batch shares with a run has the same shape."""
    checks.write('lines.jsonl', '"a"\n"b"\n3\n')
    checks.run(1, 'run', 'one.ais', '--each', 'lines.jsonl',
               '--emit-metrics=batch.json')
    batch = checks.read('batch.json')
    checks.validate(batch, 'batch', 'a batch')
    checks.run(0, 'run', 'one.ais', 'a', '--emit-metrics=m.json')
    checks.validate({**checks.read('m.json'),
                     **{name: batch[name] for name in batch
                        if name != 'batch'}}, 'metrics', 'a batch')


CASES = '''
args: [Ada]
replies: [{ match: Ada, reply: Hello }]
cases:
  - { name: passes, expect: { result: Hello } }
  - { name: fails, expect: { result: Bye, calls: 2 } }
  - { name: lacks, args: [Bob] }
  - { name: later, skip: not now }
'''


def check_cases(checks):
    checks.write('one.test.yaml', CASES)
    out, _ = checks.run(1, 'test', 'one.test.yaml', '--json')
    document = json.loads(out)
    checks.validate(document, 'test', 'test --json')
    checks.refuse(document, 'test', 'test --json', [
        ('cases', 0, 'name'), ('cases', 0, 'status'), ('cases', 1, 'calls'),
        ('cases', 1, 'faults', 0, 'actual'),
        ('cases', 1, 'faults', 1, 'message')])


def check_compilations(checks):
    checks.run(0, 'compile', '-O0', 'good.ais', '-o', 'good.apxmobj',
               '--emit-diagnostics=d.json')
    checks.validate(checks.read('d.json'), 'diagnostics', 'compile -O0')
    checks.run(0, 'execute', '-q', 'good.apxmobj', '5',
               '--emit-metrics=m.json')
    checks.validate(checks.read('m.json'), 'metrics', 'a run of an object')
    checks.run(3, 'compile', 'bad.ais', '--emit-diagnostics=d.json')
    checks.validate(checks.read('d.json'), 'diagnostics', 'a bad program')


def check_workload(checks):
    shutil.copytree(os.path.join(os.path.dirname(checks.docs), 'workloads',
                                 '4_scalability'),
                    os.path.join(checks.folder, '4_scalability'))
    out, _ = checks.run(0, 'workloads', 'run', './4_scalability', '--json',
                        '-n', '2', '-w', '0', '--sim-profile', 'fixed:2')
    checks.validate(json.loads(out), 'workload', 'workloads run')


def check_benches(checks):
    """Small runs; rows and claims lose each of their fields in turn, too."""
    benches = [('compile', '--asks', '5,50', '--repeat', '2'),
               ('load', '--nodes', '16,100', '--repeat', '1'),
               ('start', '--workload', 'good.ais', '--program', 'one.ais',
                '--repeat', '2'),
               ('http', '--asks', '4', '--latency', '1', '--repeat', '1'),
               ('sched', '--nodes', '100', '--repeat', '1', '--warm', '1')]
    for words in benches:
        out, _ = checks.run(0, 'bench', *words, '--json')
        document = json.loads(out)
        what = 'bench ' + words[0]
        checks.validate(document, 'bench', what)
        if document['bench'] != 'sched':
            checks.refuse(document, 'bench', what, [
                ('claims',), ('meta', 'date'), ('meta', 'load_average'),
                ('results', 0, 'settings'), ('results', 0, 'figures')])
        if words[0] == 'start':
            checks.refuse(document, 'bench', what, [
                ('results', 1, 'figures', 'wall_ms', 'samples'),
                ('claims', 0, 'holds')])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True)
    parser.add_argument('--docs', default=os.path.join(os.path.dirname(
        os.path.dirname(os.path.abspath(__file__))), 'docs'))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='apxm-schemas-') as folder:
        checks = Checks(os.path.abspath(options.apxm), options.docs, folder)
        checks.write('good.ais', GOOD)
        checks.write('bad.ais', BAD)
        checks.write('one.ais', ONE)
        checks.write('failing.jsonl', FAILING)
        check_runs(checks)
        check_batch(checks)
        check_cases(checks)
        check_compilations(checks)
        check_workload(checks)
        check_benches(checks)
    for fault in checks.faults:
        print(fault)
    print('%d documents, %d faults' % (checks.documents, len(checks.faults)))
    return 1 if checks.faults or not checks.documents else 0


if __name__ == '__main__':
    sys.exit(main())
