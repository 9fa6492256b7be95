#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`apxm fmt` on every program there is, and on what is left when their white
space is torn up.

    tests/fmt_test.py --apxm build/apxm [--harness build/harness] [--seed N]

Of each program: its tree, as `dump --dump=ast` shows it, is the same after the
formatter, its comments are the same in the same order, and formatting again
changes nothing. The programs are those of the examples, the workloads, the
cases, the documents and the errors, random ones of the harness, and mutants of
all these: spaces, line ends and comments put between tokens where they may
change nothing, or everything.
"""

import argparse
import glob
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

import documents_test
import fragments
from run_cases import Case, CaseError

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OPTIONS = argparse.Namespace()

CODE = re.compile(r'//[^\n]*|/\*.*?\*/|\s+|\w+|"""|"|\}\}'
                  r'|->|<-|\|>|=>|==|!=|<=|>=|&&|\|\||.', re.S)
PIECE = {'"': re.compile(r'(?:\\.|(?!\{\{)[^"\\\n])*("|\{\{|)'),
         '"""': re.compile(r'(?:\\.|(?!\{\{|""")[^\\])*("""|\{\{|)', re.S)}
BETWEEN = [' ', '  ', '\n', '\n\n\n', ' /* c */ ', ' // c\n', '\t',
           '\n            ', '\r\n', '; ', ';\n', '']


def tokens_of(text):
    """Tokens, white space and comments; a text with holes is several."""
    at, holes = 0, []
    while at < len(text):
        token = CODE.match(text, at).group()
        quote = token if token in PIECE else None
        if token == '}}' and holes:
            quote = holes.pop()
        if quote:
            piece = PIECE[quote].match(text, at + len(token))
            token += piece.group()
            if piece.group(1) == '{{':
                holes.append(quote)
        yield token
        at += len(token)


# ---- programs ----------------------------------------------------------------

def files_of_project():
    for pattern in ('dsl-examples/*.ais', 'workloads/**/*.ais',
                    'tests/errors/*.ais', 'tests/fuzz/parse/*.ais',
                    'examples/**/*.ais'):
        for path in sorted(glob.glob(os.path.join(ROOT, pattern),
                                     recursive=True)):
            with open(path, encoding='utf-8', errors='surrogateescape',
                      newline='') as file:
                yield file.read()


def files_of_cases():
    for path in sorted(glob.glob(os.path.join(ROOT, 'tests/cases/*/*.case'))):
        try:
            sections = Case(path).sections
        except CaseError:
            continue
        for section in sections:
            if section.kind == 'file' and section.argument.endswith('.ais'):
                text = section.text()
                if len(text) < 100000:  # those are about something else
                    yield text


def pieces_of_documents():
    for path in sorted(glob.glob(os.path.join(ROOT, 'docs', '*.md'))):
        for _, _, piece in documents_test.pieces_of(path):
            yield fragments.whole(piece)


def random_programs(count):
    """Those of the harness, which shows other files after `//// NAME`."""
    for seed in range(OPTIONS.seed, OPTIONS.seed + count):
        done = subprocess.run(
            [OPTIONS.harness, '--print', '--seed', str(seed)],
            capture_output=True, encoding='utf-8', check=False)
        text = re.sub(r'\nprograms: .*\Z', '', done.stdout, flags=re.S)
        parts = re.split(r'^//// (.*)\n', text, flags=re.M)
        yield parts[0]
        for name, part in zip(parts[1::2], parts[2::2]):
            if name.endswith('.ais'):
                yield part


def mutant(text, source, shares=(0.02, 0.1, 0.4)):
    """The program with other white space, which may mean something else. It
    is torn at some `shares` of its tokens: few of a long one, or none is left
    without a syntax error."""
    share = source.choice(shares)
    out = []
    for token in tokens_of(text):
        if not token.isspace():
            out.append(token)
        elif source.random() < share:
            out.append(source.choice(BETWEEN))
        else:
            out.append(token)
        if source.random() < share / 3 and not token.startswith('//'):
            out.append(source.choice(BETWEEN))
    return ''.join(out)


def comments_of(text):
    """Every comment, its white space made one space."""
    return [' '.join(token.split()) for token in tokens_of(text)
            if token.startswith(('//', '/*'))]


# ---- the test ----------------------------------------------------------------

class Formatting(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def apxm(self, *words):
        return subprocess.run([OPTIONS.apxm] + list(words),
                              cwd=self.folder.name, capture_output=True,
                              encoding='utf-8', errors='surrogateescape',
                              check=False)

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), 'w', newline='',
                  encoding='utf-8', errors='surrogateescape') as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.folder.name, name), newline='',
                  encoding='utf-8', errors='surrogateescape') as file:
            return file.read()

    def tree(self, name):
        return self.apxm('dump', '--dump=ast', '-q', name).stdout

    def check(self, programs, least):
        """Formats all; returns how many of them were changed."""
        names = ['p%d.ais' % i for i in range(len(programs))]
        for name, text in zip(names, programs):
            self.write(name, text)
            self.write('old-' + name, text)
        done = self.apxm('fmt', *names)
        self.assertIn(done.returncode, (0, 3), done.stderr[-2000:])
        again = self.apxm('fmt', '--check', *names)
        self.assertEqual(again.stdout, '', 'formatted twice')
        changed = [(name, text) for name, text in zip(names, programs)
                   if self.read(name) != text]
        for name, text in changed:
            self.assertEqual(self.tree('old-' + name), self.tree(name), text)
            self.assertEqual(comments_of(text), comments_of(self.read(name)))
        self.assertGreaterEqual(len(changed), least)
        return len(changed)

    def test_programs_of_the_project(self):
        programs = (list(files_of_project()) + list(files_of_cases())
                    + list(pieces_of_documents()))
        self.assertGreater(len(programs), 150)
        self.check(programs, 50)

    def test_examples_are_neat(self):
        paths = glob.glob(os.path.join(ROOT, 'dsl-examples', '*.ais')) \
            + glob.glob(os.path.join(ROOT, 'workloads', '*', '*.ais'))
        done = self.apxm('fmt', '--check', *sorted(paths))
        self.assertEqual((done.stdout, done.returncode), ('', 0))

    def test_mutants(self):
        source = random.Random(OPTIONS.seed)
        programs = [text for text in list(files_of_project())
                    + list(files_of_cases()) if len(text) < 20000]
        mutants = [mutant(source.choice(programs), source)
                   for _ in range(OPTIONS.mutants)]
        self.check(mutants, OPTIONS.mutants // 4)

    def test_random_programs(self):
        if not OPTIONS.harness:
            self.skipTest('needs --harness')
        programs = list(random_programs(OPTIONS.mutants // 2))
        self.check(programs, len(programs))
        source = random.Random(OPTIONS.seed)
        shares = (0.0005, 0.002, 0.02)
        self.check([mutant(text, source, shares) for text in programs],
                   len(programs) // 10)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--apxm', required=True)
    parser.add_argument('--harness')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--mutants', type=int, default=200)
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    OPTIONS.apxm = os.path.abspath(OPTIONS.apxm)
    if OPTIONS.harness:
        OPTIONS.harness = os.path.abspath(OPTIONS.harness)
    unittest.main(argv=sys.argv[:1] + rest)


if __name__ == '__main__':
    main()
