#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The grammar that editors colour AIS with, held against the language's tables.

docs/editors/ais.tmLanguage.json repeats what the lexer, ops.def and attrs.def
say. Here a small reader of such grammars colours lines that use every keyword,
operation, attribute and type, and each must get a colour of its kind; so a word
that is new in a table fails until the grammar has it. The regular expressions
keep to what Python and Oniguruma both understand.
"""

import glob
import json
import os
import re
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EDITORS = os.path.join(ROOT, 'docs', 'editors')

# How a keyword looks where it means something, if not `word x`.
USES = {
    'agent': 'agent A {', 'flow': 'flow f() {', 'capability': 'capability c()',
    'type': 'type T {', 'import': 'import "x.ais"', 'on': 'on Event {',
    'tools': 'tools: [a]', 'discoverable': 'discoverable: [a]',
    'context': 'context: "x"', 'memory': 'memory {', 'beliefs': 'beliefs {',
    'goals': 'goals {', 'with': 'verify x with "y"',
    'priority': 'g: "x" priority 1', 'let': 'let x = 1',
}
# Words that mean something in one rare place and are names elsewhere.
PLAIN = {'priority'}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding='utf-8') as file:
        return file.read()


# ---- colouring ---------------------------------------------------------------

class Grammar:
    def __init__(self, document):
        self.document = document
        self.compiled = {}

    def pattern(self, text):
        if text not in self.compiled:
            self.compiled[text] = re.compile(text, re.M)
        return self.compiled[text]

    def rules(self, rules):
        """The rules, includes replaced by what they stand for."""
        for rule in rules:
            if 'include' in rule:
                entry = self.document['repository'][rule['include'][1:]]
                yield from self.rules(entry['patterns']
                                      if 'patterns' in entry
                                      and 'begin' not in entry else [entry])
            else:
                yield rule

    def scopes(self, text):
        """The innermost scope of each character; '' where there is none."""
        found = [''] * len(text)
        self.colour(text, 0, self.document['patterns'], None, '', found)
        return found

    def colour(self, text, at, rules, end, outer, found):
        """Colours from `at` to the match of `end`; returns where that ends."""
        rules = list(self.rules(rules))
        while at < len(text):
            best = self.pattern(end).search(text, at) if end else None
            rule = None
            for other in rules:
                match = self.pattern(
                    other.get('match') or other['begin']).search(text, at)
                if match and match.end() > match.start() and (
                        best is None or match.start() < best.start()):
                    best, rule = match, other
            stop = best.start() if best else len(text)
            found[at:stop] = [outer] * (stop - at)
            if rule is None:
                if best:
                    found[stop:best.end()] = [outer] * (best.end() - stop)
                return best.end() if best else len(text)
            at = self.apply(text, best, rule, outer, found)
        return at

    def apply(self, text, match, rule, outer, found):
        name = rule.get('name', outer)
        start, stop = match.span()
        found[start:stop] = [name] * (stop - start)
        captures = rule.get('captures', rule.get('beginCaptures', {}))
        for number, capture in captures.items():
            first, last = match.span(int(number))
            found[first:last] = [capture['name']] * (last - first)
        if 'match' in rule:
            return stop
        return self.colour(text, stop, rule.get('patterns', []), rule['end'],
                           name, found)


def load():
    with open(os.path.join(EDITORS, 'ais.tmLanguage.json'),
              encoding='utf-8') as file:
        return Grammar(json.load(file))


# ---- the tables --------------------------------------------------------------

def keywords():
    return re.findall(r'^\s*"([a-z]+)"\s+\{ TOKEN', read(
        'compiler', 'front', 'lexer.re'), re.M)


def rows(*path):
    """The columns of an X-macro table."""
    row_pattern = r'^X\((.*?)\)[ \t]*(?:/\*[^\n]*)?$'
    for row in re.findall(row_pattern, read(*path), re.M | re.S):
        yield [cell.strip().strip('"') for cell in row.split(',')]


def operations():
    hidden = ('OP_SYNTAX', 'OP_FRAME', 'OP_COMPOSITE')
    for row in rows('core', 'object', 'ops.def'):
        if not any(word in row[-1] for word in hidden):
            yield row[1]


def attributes():
    for row in rows('core', 'object', 'attrs.def'):
        if row[1] != 'name':
            yield row[1]


# ---- tests -------------------------------------------------------------------

class Tables(unittest.TestCase):
    def setUp(self):
        self.grammar = load()

    def scope(self, line, word):
        return self.grammar.scopes(line)[line.index(word)]

    def assert_scope(self, line, word, *wanted):
        scope = self.scope(line, word)
        self.assertTrue(scope.startswith(wanted),
                        '%s in `%s` is %s' % (word, line, scope or 'plain'))

    def test_keywords(self):
        words = keywords()
        self.assertGreater(len(words), 5)
        for word in words:
            if word in PLAIN:
                continue
            self.assert_scope(USES.get(word, word + ' x'), word, 'keyword.',
                              'storage.', 'constant.language.')

    def test_operations(self):
        words = list(operations())
        self.assertIn('ask', words)
        self.assertIn('print', words)
        for word in words + ['file']:
            self.assert_scope('    %s(x) -> y' % word, word, 'support.function',
                              'keyword.other.model')

    def test_attributes(self):
        words = list(attributes())
        self.assertIn('temperature', words)
        for word in words + ['prompt', 'ordered']:
            self.assert_scope('f(x, %s: 1)' % word, word, 'variable.parameter')

    def test_types(self):
        for word in ('str', 'string', 'token', 'num', 'number', 'int', 'float',
                     'bool', 'json', 'list', 'void', 'goal', 'handle',
                     'response', 'error'):
            self.assert_scope('let x: %s = y' % word, word + ' ',
                              'support.type')
        self.assert_scope('let x: Invoice = y', 'Invoice', 'entity.name.type')

    def test_operators(self):
        for word in ('->', '<-', '=>', '|>', '==', '!=', '<=', '>=', '<', '>',
                     '&&', '||', '+', '-', '*', '/', '%', '='):
            self.assert_scope('a %s b' % word, word, 'keyword.operator')


class Colours(unittest.TestCase):
    """Lines in which neighbours could be taken for something else."""

    def setUp(self):
        self.grammar = load()

    def check(self, text, **wanted):
        scopes = self.grammar.scopes(text)
        for word, scope in wanted.items():
            at = re.search(r'\b%s\b' % word, text).start()
            self.assertTrue(scopes[at].startswith(scope),
                            '%s in %r is %s' % (word, text, scopes[at]))

    def test_interpolation(self):
        text = 'ask("Hi {{ name + "b" }} there", x) -> y // end\nprint(y)'
        self.check(text, ask='keyword.other', Hi='string.quoted.double',
                   name='variable.other', b='string.quoted.double',
                   there='string.quoted.double', x='variable.other',
                   y='variable.other.definition', end='comment.line')
        self.check(text, **{'print': 'support.function'})

    def test_block(self):
        text = 'let a = """\n  one "two" {{ x }}\n  \\{{ y }}\n"""\nlet b = 1'
        self.check(text, one='string.quoted.triple', two='string.quoted.triple',
                   x='variable.other', y='string.quoted.triple', b='variable')

    def test_annotations(self):
        self.check('@retry(3) @[timeout(30s)] ask(x) -> y',
                   retry='storage.modifier', timeout='storage.modifier',
                   ask='keyword.other', y='variable.other.definition')
        self.check('@backend("fast") flow f() {', backend='storage.modifier',
                   fast='string.quoted', flow='storage.type')

    def test_words_that_are_names(self):
        self.check('let ask = prompt + goal', ask='variable.other',
                   prompt='variable.other', goal='variable.other')
        self.check('Writer.write(points) -> article', Writer='entity.name.type',
                   write='entity.name.function', article='variable.other')
        self.check('flow parallel(in: str) -> num {',
                   parallel='entity.name.function', num='support.type')

    def test_comment_in_text(self):
        self.check('print("a // b") // c', b='string', c='comment')
        self.check('/* a\n"b" */ c', b='comment', c='variable')

    def test_open_text_ends_with_its_line(self):
        self.check('print("a\nlet b = 1', a='string', b='variable')


class Files(unittest.TestCase):
    def test_all_json_is_json(self):
        paths = glob.glob(os.path.join(EDITORS, '**', '*.json'), recursive=True)
        self.assertGreaterEqual(len(paths), 3)
        for path in paths:
            with open(path, encoding='utf-8') as file:
                json.load(file)

    def test_examples_have_no_bad_escape(self):
        grammar = load()
        for path in glob.glob(os.path.join(ROOT, 'dsl-examples', '*.ais')):
            with open(path, encoding='utf-8') as file:
                scopes = grammar.scopes(file.read())
            self.assertNotIn('invalid.illegal.escape.ais', scopes, path)


if __name__ == '__main__':
    sys.exit(unittest.main(verbosity=1))
