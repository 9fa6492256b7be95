#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every program in the documents compiles, without a warning.

    tests/documents_test.py --apxm build/apxm [FILE.md...]

A program stands in a fence that says `ais`, or `json graph`; what is no whole
program is made one (fragments.py). After that may follow codes: this program is
told just those.
"""

import argparse
import glob
import os
import re
import sys
import tempfile

import fragments

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FENCE = re.compile(r'^```(?:ais|json graph)\b([^\n]*)\n(.*?)^```$',
                   re.M | re.S)


def pieces_of(path):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    for match in FENCE.finditer(text):
        line = text.count('\n', 0, match.start()) + 1
        yield line, match.group(1).split(), match.group(2)


def faults_of(apxm, folder, path, line, codes, piece):
    messages, _ = fragments.check(apxm, folder, piece)
    said = sorted({message.get('code') for message in messages})
    if said != sorted(codes):
        name = os.path.relpath(path, ROOT)
        yield '%s:%d: told %s, not %s: %s' % (
            name, line, said, codes,
            [message['message'] for message in messages])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--apxm', required=True)
    parser.add_argument('files', nargs='*')
    options = parser.parse_args()
    files = options.files or [os.path.join(ROOT, 'README.md')] + sorted(
        glob.glob(os.path.join(ROOT, 'docs', '*.md')))
    count, faults = 0, []
    with tempfile.TemporaryDirectory() as folder:
        fragments.prepare(folder)
        for path in files:
            for line, codes, piece in pieces_of(path):
                count += 1
                faults += faults_of(options.apxm, folder, path, line, codes,
                                    piece)
    for fault in faults:
        print(fault)
    print('%d programs in %d documents, %d faults'
          % (count, len(files), len(faults)))
    return 1 if faults or count == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
