#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The programs that `apxm explain` shows are true.

    tests/explain_test.py --apxm build/apxm [CODE...]

Of each code the wrong program must be told that code, and the right one must
have no error, nor the code.
"""

import argparse
import json
import subprocess
import sys
import tempfile

import fragments


def faults_of(apxm, folder, entry):
    code = entry['code']
    messages, _ = fragments.check(apxm, folder, entry['wrong'])
    said = [message.get('code') for message in messages]
    if code not in said:
        yield '%s: the wrong program is told %s' % (code, said or 'nothing')
    messages, compiles = fragments.check(apxm, folder, entry['right'])
    said = [message.get('code') for message in messages]
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
        fragments.prepare(folder)
        for entry in entries:
            faults += faults_of(options.apxm, folder, entry)
    for fault in faults:
        print(fault)
    print('%d codes with programs, %d faults' % (len(entries), len(faults)))
    return 1 if faults or not entries else 0


if __name__ == '__main__':
    sys.exit(main())
