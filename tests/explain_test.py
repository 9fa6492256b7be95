#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The programs that `apxm explain` shows are true.

    tests/explain_test.py --apxm build/apxm [CODE...]

Of each code the wrong program must be told that code, and the right one must
have no error, nor the code. What is no whole program is put into an agent, or
into a flow of one, as core/base/explanations.def says.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile

WHOLE = re.compile(r'^(agent|type|import)\b', re.M)
IN_AGENT = re.compile(
    r'\A(@|flow|memory|beliefs|goals|capability|context|tools|discoverable'
    r'|on )')
FLOW = ('agent Main {\n@entry flow main(topic: str, n: num, ready: bool,'
        ' names: list<str>, doc: json) {\n%s}\n}\n')
# What a program may import and read.
FILES = {
    'style.ais': 'agent Style { flow plain(text: str) -> str '
                 '{ return ask("Plainly:", text) } }\n',
    'prompt.md': 'Be brief.\n',
}


def whole(text):
    if WHOLE.search(text):
        return text
    if IN_AGENT.match(text):
        return 'agent Main {\n%s}\n' % text
    return FLOW % text


def codes_of(apxm, folder, text):
    """The codes of what is said about a program, and whether it compiles."""
    path = folder + '/program.ais'
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    done = subprocess.run(
        [apxm, 'check', '--error-format', 'json', 'program.ais'],
        cwd=folder, capture_output=True, encoding='utf-8', check=False)
    if done.returncode not in (0, 3):
        return ['exit code %d' % done.returncode, done.stderr.strip()], False
    messages = [json.loads(line) for line in done.stderr.splitlines()]
    return ([message.get('code') for message in messages],
            done.returncode == 0)


def faults_of(apxm, folder, entry):
    code = entry['code']
    said, _ = codes_of(apxm, folder, whole(entry['wrong']))
    if code not in said:
        yield '%s: the wrong program is told %s' % (code, said or 'nothing')
    said, compiles = codes_of(apxm, folder, whole(entry['right']))
    if not compiles or code in said:
        yield '%s: the right program is told %s' % (code, said)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--apxm', required=True)
    parser.add_argument('codes', nargs='*')
    options = parser.parse_args()
    told = subprocess.run([options.apxm, 'explain', '--json'] + options.codes,
                          capture_output=True, encoding='utf-8', check=True)
    entries = [e for e in json.loads(told.stdout) if 'wrong' in e]
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            with open(folder + '/' + name, 'w', encoding='utf-8') as file:
                file.write(text)
        for entry in entries:
            faults += faults_of(options.apxm, folder, entry)
    for fault in faults:
        print(fault)
    print('%d codes with programs, %d faults' % (len(entries), len(faults)))
    return 1 if faults or not entries else 0


if __name__ == '__main__':
    sys.exit(main())
