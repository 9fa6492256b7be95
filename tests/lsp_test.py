#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`apxm lsp` as an editor sees it: a real process, messages in and out.

    tests/lsp_test.py --apxm build/apxm [NAME...]

A Client is the process with a thread that reads what it says; nothing here
waits for a fixed time. Places are written as a `|` in the text of a program:
`at` takes it out and says where it was.
"""

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

from editors_test import operations, rows
from processes import PATIENCE, plain_environment, shows_canary

APXM = []

PROGRAM = '''\
agent Helper {
    flow polish(text: str, times: num) -> str {
        ask("Polish {{ text }}", times) -> better
        return better
    }
}
type Invoice { total: num, items: list<str> }
agent Main {
    @entry flow main(draft: str) -> str {
        let invoice: Invoice = json(draft)
        Helper.polish(draft, invoice.total) -> done
        return done
    }
}
'''


def at(text):
    """The text without its `|`, and the position of that in UTF-16 units."""
    before, after = text.split('|')
    line = before.count('\n')
    column = len(before[before.rfind('\n') + 1:].encode('utf-16-le')) // 2
    return before + after, {'line': line, 'character': column}


def applied(text, edit):
    """The text with an edit made; positions are in UTF-16 units."""
    lines = text.split('\n')

    def offset(place):
        line = lines[place['line']].encode('utf-16-le')
        before = sum(len(one) + 1 for one in lines[:place['line']])
        return before + len(line[:place['character'] * 2].decode('utf-16-le'))
    return (text[:offset(edit['range']['start'])] + edit['newText']
            + text[offset(edit['range']['end']):])


class Client:
    def __init__(self, folder):
        self.folder = folder
        self.child = subprocess.Popen(
            APXM + ['lsp'], cwd=folder, env=plain_environment(folder),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.messages = queue.Queue()
        self.said = bytearray()
        self.count = 0
        self.published = {}  # uri: the latest diagnostics
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    # ---- the wire

    def read(self):
        stream = self.child.stdout
        while True:
            length = None
            while True:
                line = stream.readline()
                self.said += line
                if not line:
                    self.messages.put(None)
                    return
                if line.strip() == b'':
                    break
                name, value = line.split(b':')
                if name.lower() == b'content-length':
                    length = int(value)
            body = stream.read(length)
            self.said += body
            self.messages.put(json.loads(body))

    def write(self, data):
        self.child.stdin.write(data)
        self.child.stdin.flush()

    def send(self, message):
        body = json.dumps(dict(message, jsonrpc='2.0')).encode()
        self.write(b'Content-Length: %d\r\n\r\n%s' % (len(body), body))

    def receive(self):
        """The next message; diagnostics are put by and passed over."""
        while True:
            message = self.messages.get(timeout=PATIENCE)
            if not message or 'method' not in message:
                return message
            params = message['params']
            self.published[params['uri']] = params['diagnostics']

    def diagnostics(self, uri, is_so=lambda found: True):
        """The diagnostics of a document, once there are some that are so."""
        while uri not in self.published or not is_so(self.published[uri]):
            message = self.messages.get(timeout=PATIENCE)
            assert message and 'method' in message, message
            params = message['params']
            self.published[params['uri']] = params['diagnostics']
        return self.published[uri]

    # ---- the protocol

    def request(self, method, params=None):
        """The whole reply."""
        self.count += 1
        self.send({'id': self.count, 'method': method, 'params': params})
        reply = self.receive()
        assert reply and reply['id'] == self.count, reply
        return reply

    def ask(self, method, params):
        reply = self.request(method, params)
        assert 'error' not in reply, reply
        return reply['result']

    def notify(self, method, params=None):
        self.send({'method': method, 'params': params})

    def initialize(self, encodings=None):
        general = {'positionEncodings': encodings} if encodings else {}
        result = self.ask('initialize', {'capabilities': {'general': general}})
        self.notify('initialized', {})
        return result['capabilities']

    def uri(self, name):
        return 'file://' + os.path.join(self.folder, name)

    def open(self, name, text):
        uri = self.uri(name)
        self.notify('textDocument/didOpen', {'textDocument': {
            'uri': uri, 'languageId': 'ais', 'version': 1, 'text': text}})
        return uri

    def change(self, uri, *changes):
        self.notify('textDocument/didChange', {
            'textDocument': {'uri': uri, 'version': 2},
            'contentChanges': list(changes)})

    def at(self, method, uri, position):
        return self.ask('textDocument/' + method, {
            'textDocument': {'uri': uri}, 'position': position})

    def end(self):
        """Orderly; the exit code."""
        self.request('shutdown')
        self.notify('exit')
        return self.child.wait(PATIENCE)

    def close(self):
        self.child.stdin.close()
        code = self.child.wait(PATIENCE)
        self.thread.join(PATIENCE)
        errors = self.child.stderr.read()
        self.child.stdout.close()
        self.child.stderr.close()
        return code, errors


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix='apxm-lsp-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.client = Client(self.folder)
        self.addCleanup(self.check_end)

    def check_end(self):
        if self.client.child.stdin.closed:
            return
        _, errors = self.client.close()
        self.assertEqual(errors, b'')
        self.assertFalse(shows_canary(bytes(self.client.said)))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w',
                  encoding='utf-8') as file:
            file.write(text)

    def start(self, text, name='prog.ais'):
        """An open document, its `|` taken out: uri and position."""
        self.client.initialize()
        text, position = at(text)
        return self.client.open(name, text), position


# ---- beginning and end -------------------------------------------------------

class Life(Case):
    def test_capabilities(self):
        capabilities = self.client.initialize()
        self.assertEqual(capabilities['positionEncoding'], 'utf-16')
        for name in ('hoverProvider', 'definitionProvider',
                     'completionProvider', 'documentFormattingProvider',
                     'documentSymbolProvider', 'codeActionProvider'):
            self.assertTrue(capabilities[name], name)
        self.assertEqual(capabilities['textDocumentSync']['change'], 2)

    def test_exit_codes(self):
        self.client.initialize()
        self.assertEqual(self.client.end(), 0)

    def test_exit_without_shutdown(self):
        self.client.initialize()
        self.client.notify('exit')
        self.assertEqual(self.client.child.wait(PATIENCE), 1)

    def test_client_goes(self):
        self.client.initialize()
        code, _ = self.client.close()
        self.assertEqual(code, 1)

    def test_order_of_things(self):
        early = self.client.request('textDocument/hover', {})
        self.assertEqual(early['error']['code'], -32002)
        self.client.initialize()
        again = self.client.request('initialize', {})
        self.assertEqual(again['error']['code'], -32600)
        unknown = self.client.request('textDocument/rename', {})
        self.assertEqual(unknown['error']['code'], -32601)
        self.client.request('shutdown')
        late = self.client.request('textDocument/hover', {})
        self.assertEqual(late['error']['code'], -32600)

    def test_no_arguments(self):
        done = subprocess.run(APXM + ['lsp', 'x.ais'], capture_output=True,
                              stdin=subprocess.DEVNULL, check=False,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 2)


class Garbage(Case):
    """Whatever comes in, what comes after it is answered."""

    def answers(self):
        capabilities = self.client.initialize()
        self.assertTrue(capabilities['hoverProvider'])

    def test_no_header(self):
        self.client.write(b'hello\r\n\r\n\r\n{"jsonrpc"}\n\n')
        self.answers()

    def test_headers_of_others(self):
        body = b'{"id": 9, "method": "initialize", "params": {}}'
        self.client.write(b'Content-Type: x\r\ncontent-length:%d\r\n\r\n%s' % (
            len(body), body))
        self.assertEqual(self.client.receive()['id'], 9)

    def test_no_json(self):
        self.client.write(b'Content-Length: 5\r\n\r\n{"a":')
        self.assertEqual(self.client.receive()['error']['code'], -32700)
        self.answers()

    def test_no_message(self):
        for body in (b'[]', b'1', b'{}', b'"x"', b'{"method": 3, "id": 1}'):
            self.client.write(b'Content-Length: %d\r\n\r\n%s' % (
                len(body), body))
            self.assertEqual(self.client.receive()['error']['code'], -32600)
        self.answers()

    def test_deep_json(self):
        body = b'[' * 100000
        self.client.write(b'Content-Length: %d\r\n\r\n%s' % (len(body), body))
        self.assertEqual(self.client.receive()['error']['code'], -32700)
        self.answers()

    def test_bad_lengths(self):
        for length in (b'-1', b'x', b'', b'99999999999999999999999'):
            self.client.write(b'Content-Length: %s\r\n\r\n' % length)
        self.answers()

    def test_huge_message(self):
        length = (64 << 20) + 1
        self.client.write(b'Content-Length: %d\r\n\r\n' % length)
        piece = b' ' * (1 << 20)
        for _ in range(64):
            self.client.write(piece)
        self.client.write(b' ')
        reply = self.client.receive()
        self.assertEqual(reply['error']['code'], -32600)
        self.assertIn('64 MiB', reply['error']['message'])
        self.answers()

    def test_long_header(self):
        self.client.write(b'x' * (1 << 20) + b'\r\n\r\n')
        self.answers()

    def test_params_that_make_no_sense(self):
        self.client.initialize()
        for params in (None, [], {}, {'textDocument': 3},
                       {'textDocument': {'uri': 'file:///nowhere.ais'},
                        'position': {'line': 0, 'character': 0}}):
            for method in ('hover', 'definition', 'completion', 'formatting',
                           'documentSymbol', 'codeAction'):
                reply = self.client.request('textDocument/' + method, params)
                self.assertEqual(reply['error']['code'], -32602)
            for method in ('didOpen', 'didChange', 'didClose', 'didSave'):
                self.client.notify('textDocument/' + method, params)
        uri = self.client.open('prog.ais', PROGRAM)
        for position in (None, {}, {'line': -1, 'character': -9},
                         {'line': 1e300, 'character': 1e300},
                         {'line': 'x', 'character': None}):
            self.client.at('hover', uri, position)
            self.client.at('completion', uri, position)
        self.client.change(uri, {}, {'range': {}}, 7, {
            'range': {'start': {'line': 9, 'character': 0},
                      'end': {'line': 1, 'character': 0}}, 'text': 'x'})
        self.assertTrue(self.client.ask('textDocument/documentSymbol', {
            'textDocument': {'uri': uri}}))


# ---- documents ---------------------------------------------------------------

class Diagnostics(Case):
    def codes(self, uri, is_so=lambda found: True):
        return sorted(entry['code']
                      for entry in self.client.diagnostics(uri, is_so))

    def test_open_and_fix(self):
        self.client.initialize()
        bad = PROGRAM.replace('return done', 'return dune')
        uri = self.client.open('prog.ais', bad)
        found = self.client.diagnostics(uri)
        entry = [one for one in found if one['code'] == 'E0102'][0]
        self.assertEqual(entry['severity'], 1)
        self.assertEqual(entry['source'], 'apxm')
        self.assertEqual(entry['range']['start'], {'line': 11, 'character': 15})
        self.assertEqual(entry['range']['end'], {'line': 11, 'character': 19})
        self.client.change(uri, {'range': entry['range'], 'text': 'done'})
        self.assertEqual(self.client.diagnostics(uri, lambda all: not all), [])
        self.client.change(uri, {'text': bad})
        self.assertIn('E0102', self.codes(uri, bool))
        self.client.notify('textDocument/didClose', {
            'textDocument': {'uri': uri}})
        self.assertEqual(self.client.diagnostics(uri, lambda all: not all), [])

    def test_tags_and_related(self):
        self.client.initialize()
        uri = self.client.open('prog.ais', '''\
agent A {
    @entry flow main(x: str) -> str {
        ask("one") -> y
        let y = "two"
        return y
    }
    flow old(unused: str) -> str {
        ask "legacy" -> z
        return z
    }
}
''')
        found = {one['code']: one for one in self.client.diagnostics(uri)}
        twice = found['E0101']
        self.assertEqual(twice['relatedInformation'][0]['location'], {
            'uri': uri, 'range': {'start': {'line': 2, 'character': 22},
                                  'end': {'line': 2, 'character': 23}}})
        self.assertEqual(found['W0002']['tags'], [1])
        self.assertEqual(found['W0007']['tags'], [2])

    def test_utf16_and_utf8(self):
        text = '''\
agent A { @entry flow main() -> str { return "\U0001F600\u00e9" + nope } }
'''
        self.client.initialize()
        uri = self.client.open('prog.ais', text)
        start = self.client.diagnostics(uri)[0]['range']['start']
        self.assertEqual(start['character'], 53)
        other = Client(self.folder)
        capabilities = other.initialize(['utf-8', 'utf-16'])
        self.assertEqual(capabilities['positionEncoding'], 'utf-8')
        uri = other.open('prog.ais', text)
        start = other.diagnostics(uri)[0]['range']['start']
        self.assertEqual(start['character'], 56)
        other.close()

    def test_changes_by_range(self):
        self.client.initialize()
        uri = self.client.open('prog.ais', 'agent A {\r\n}\r\n')

        def insert(line, character, text):
            place = {'line': line, 'character': character}
            return {'range': {'start': place, 'end': place}, 'text': text}
        self.client.change(
            uri, insert(0, 9, '\n  @entry flow main() -> str {'),
            insert(1, 99, ' return "\U0001F600" }'),
            insert(1, 40, 'x'))  # behind two units
        edit, = self.client.ask('textDocument/formatting', {
            'textDocument': {'uri': uri}, 'options': {}})
        self.assertIn('return "\U0001F600x"', edit['newText'])

    def test_imports_are_read_from_the_editor(self):
        self.write('other.ais', 'agent Other { flow f() { return 1 } }\n')
        self.client.initialize()
        uri = self.client.open('prog.ais', '''\
import "other.ais"
agent A { @entry flow main() -> str { return Other.f() } }
''')
        self.assertEqual(self.codes(uri), ['E0203'])
        other = self.client.open(
            'other.ais', 'agent Other { flow f() -> str { return "x" } }\n')
        self.assertEqual(self.codes(uri, lambda all: not all), [])
        self.client.change(other, {'text': 'agent Other { flow f() { ( } }\n'})
        found = self.client.diagnostics(uri, bool)
        told = [one for one in found if one['range']['start']['line'] == 0]
        self.assertEqual(told[0]['relatedInformation'][0]['location']['uri'],
                         other)

    def test_quick_fix(self):
        text = PROGRAM.replace('return done', 'return dune')
        uri, position = self.start(text.replace('dune', 'du|ne'))
        place = {'start': position, 'end': position}
        actions = self.client.ask('textDocument/codeAction', {
            'textDocument': {'uri': uri}, 'range': place,
            'context': {'diagnostics': []}})
        self.assertEqual(len(actions), 1)
        self.assertEqual(actions[0]['title'], 'Write `done`')
        self.assertEqual(actions[0]['kind'], 'quickfix')
        edit, = actions[0]['edit']['changes'][uri]
        self.assertEqual(edit['newText'], 'done')
        self.client.change(uri, {'range': edit['range'],
                                 'text': edit['newText']})
        self.assertEqual(self.client.diagnostics(uri, lambda all: not all), [])
        self.assertEqual(self.client.ask('textDocument/codeAction', {
            'textDocument': {'uri': uri}, 'range': place,
            'context': {'diagnostics': []}}), [])


# ---- looking -----------------------------------------------------------------

class Look(Case):
    def hover(self, text):
        uri, position = self.start(text)
        result = self.client.at('hover', uri, position)
        return result and result['contents']['value']

    def test_hover_name(self):
        self.assertIn('better: str', self.hover(
            PROGRAM.replace('return better', 'return be|tter')))

    def test_hover_parameter(self):
        self.assertIn('times: num', self.hover(
            PROGRAM.replace('times: num', 'ti|mes: num')))

    def test_hover_flow(self):
        self.assertIn('flow Helper.polish(text: str, times: num) -> str',
                      self.hover(PROGRAM.replace('Helper.polish',
                                                 'Helper.pol|ish')))

    def test_hover_op(self):
        shown = self.hover(PROGRAM.replace('ask(', 'a|sk('))
        self.assertIn('ask(prompt, context...) -> str', shown)
        self.assertIn('One request', shown)

    def test_hover_record_and_field(self):
        self.assertIn('type Invoice { total: num, items: list<str> }',
                      self.hover(PROGRAM.replace('invoice: Invoice',
                                                 'invoice: Inv|oice')))

    def test_hover_field(self):
        self.assertIn('total: num', self.hover(
            PROGRAM.replace('invoice.total', 'invoice.to|tal')))

    def test_hover_annotation(self):
        flow, stmt = '    flow polish', '        return done'
        self.client.initialize()
        for before, mark, name in ((flow, '@re|try(3)', '@retry'),
                                   (flow, '@retry(3) @time|out(5s)',
                                    '@timeout'),
                                   (flow, '@[back|end("sim")]', '@backend'),
                                   (stmt, '@retry(1) @ti|meout(5s)',
                                    '@timeout')):
            text, position = at(PROGRAM.replace(
                before, '%s\n%s' % (mark, before)))
            uri = self.client.open('prog.ais', text)
            shown = self.client.at('hover', uri, position)['contents']['value']
            self.assertIn('```ais\n%s\n' % name, shown)
            self.assertIn('model call', shown)

    def test_hover_mistake(self):
        self.assertIn('**E0102**', self.hover(
            PROGRAM.replace('return done', 'return du|ne')))

    def test_hover_nothing(self):
        self.assertIsNone(self.hover('|' + PROGRAM))

    def define(self, text, name='prog.ais'):
        uri, position = self.start(text, name)
        return uri, self.client.at('definition', uri, position)

    def line_of(self, place):
        return place['range']['start']['line']

    def test_definition_of_name(self):
        uri, place = self.define(PROGRAM.replace('return better',
                                                 'return be|tter'))
        self.assertEqual(place, {'uri': uri, 'range': {
            'start': {'line': 2, 'character': 43},
            'end': {'line': 2, 'character': 49}}})

    def test_definition_of_flow_agent_type_field(self):
        self.client.initialize()
        for old, new, line in (('Helper.polish', 'Helper.pol|ish', 1),
                               ('Helper.polish', 'Hel|per.polish', 0),
                               ('invoice: Invoice', 'invoice: Invo|ice', 6),
                               ('invoice.total', 'invoice.to|tal', 6)):
            text, position = at(PROGRAM.replace(old, new))
            uri = self.client.open('prog.ais', text)
            place = self.client.at('definition', uri, position)
            self.assertEqual(self.line_of(place), line, new)

    def test_definition_across_files(self):
        self.write('helper.ais', PROGRAM.split('type')[0])
        text = '''\
import "helper.ais"
agent Main {
    @entry flow main(x: str) -> str { return Helper.pol|ish(x, 1) }
}
'''
        _, place = self.define(text)
        self.assertEqual(place['uri'], self.client.uri('helper.ais'))
        self.assertEqual(self.line_of(place), 1)
        place = self.client.at('definition', self.client.uri('prog.ais'),
                               {'line': 0, 'character': 10})
        self.assertEqual(place['uri'], self.client.uri('helper.ais'))

    def test_definition_of_file(self):
        self.write('style.md', 'Be brief.\n')
        text = PROGRAM.replace('return done', 'return file("sty|le.md")')
        _, place = self.define(text)
        self.assertEqual(place['uri'], self.client.uri('style.md'))

    def test_definition_of_op(self):
        _, place = self.define(PROGRAM.replace('ask(', 'a|sk('))
        self.assertIsNone(place)

    def test_outline(self):
        self.client.initialize()
        uri = self.client.open('prog.ais', PROGRAM)
        symbols = self.client.ask('textDocument/documentSymbol', {
            'textDocument': {'uri': uri}})
        names = {one['name']: [child['name'] for child in one['children']]
                 for one in symbols}
        self.assertEqual(names, {'Invoice': ['total', 'items'],
                                 'Helper': ['polish'], 'Main': ['main']})


# ---- completion --------------------------------------------------------------

class Completion(Case):
    def labels(self, text, name='prog.ais'):
        uri, position = self.start(text, name)
        return [item['label']
                for item in self.client.at('completion', uri, position)]

    def statement(self, text):
        return self.labels(PROGRAM.replace('        return done\n', text))

    def test_names_in_scope(self):
        labels = self.statement('        do|\n        return done\n')
        for wanted in ('draft', 'invoice', 'done', 'Helper', 'main', 'ask',
                       'return', 'loop'):
            self.assertIn(wanted, labels)
        for unwanted in ('better', 'text', 'polish', 'flow'):
            self.assertNotIn(unwanted, labels)

    def test_names_of_arms(self):
        labels = self.statement('''\
        loop (item in invoice.items) {
            try { ask(item) -> inner } catch (e) { pri| }
        }
        return done
''')
        self.assertIn('item', labels)
        self.assertIn('e', labels)
        self.assertNotIn('inner', labels)

    def test_flows_of_agent(self):
        self.assertEqual(self.statement('        Helper.|\n'), ['polish'])

    def test_fields(self):
        self.assertEqual(self.statement('        print(invoice.|)\n'),
                         ['total', 'items'])

    def test_fields_of_fields(self):
        record = 'type Order { first: Invoice }\n'
        self.assertEqual(self.labels(
            record + PROGRAM.replace('        return done\n', '''\
        let order: Order = json(draft)
        print(order.first.|)
''')), ['total', 'items'])

    def test_fields_of_what_was_caught(self):
        labels = self.statement('''\
        try { ask(draft) } catch (e) { print(e.|) }
        return done
''')
        self.assertEqual(labels, ['message', 'code', 'node'])

    def test_attributes(self):
        labels = self.statement('        ask("x", te|)\n')
        self.assertIn('temperature:', labels)
        self.assertIn('draft', labels)
        self.assertNotIn('budget_tokens:', labels)
        self.assertNotIn('condition:', labels)

    def test_types(self):
        labels = self.labels(PROGRAM.replace('draft: str', 'draft: |'))
        self.assertIn('Invoice', labels)
        self.assertIn('num', labels)
        self.assertNotIn('ask', labels)

    def test_marks_items_file(self):
        self.client.initialize()
        for text, wanted, unwanted in (
                ('agent A { @| }', 'entry', 'ask'),
                ('agent A { flow f { @re| } }', 'retry', 'return'),
                ('agent A {\n    fl|\n}', 'flow', 'agent'),
                ('ag|', 'agent', 'flow')):
            text, position = at(text)
            uri = self.client.open('prog.ais', text)
            labels = [item['label'] for item in
                      self.client.at('completion', uri, position)]
            self.assertIn(wanted, labels)
            self.assertNotIn(unwanted, labels)

    def test_nowhere(self):
        self.client.initialize()
        for text in ('        print("a|b")\n', '        // a|\n',
                     '        let a|\n', '        ask("x") -> a|\n',
                     '        /* a|\n */\n', '        print("ab|\n'):
            text, position = at(PROGRAM.replace('        return done\n', text))
            uri = self.client.open('prog.ais', text)
            self.assertEqual(self.client.at('completion', uri, position), [],
                             text)

    def test_in_a_text(self):
        labels = self.statement('        print("Hi {{ d|')
        self.assertIn('draft', labels)
        self.assertIn('done', labels)


class Tables(Case):
    """What completion and hover know follows the tables of the language."""

    def test_every_operation(self):
        uri, position = self.start(PROGRAM.replace('ask(', '|ask('))
        items = {item['label']: item for item in
                 self.client.at('completion', uri, position)}
        for name in operations():
            self.assertIn(name, items)
            self.assertTrue(items[name]['detail'].startswith(name + '('))

    def test_every_attribute(self):
        helped = {row[0] for row in rows('lsp', 'help_attrs.def')}
        written = {row[0] for row in rows('core', 'object', 'attrs.def')}
        self.assertEqual(helped, written - {'NAME'})

    def test_every_annotation(self):
        helped = {row[0] for row in rows('lsp', 'help_words.def')
                  if row[1] == 'MARK'}
        known = {row[1] for row in rows('compiler', 'front', 'marks.def')
                 if row[2] != 'LATER'}
        self.assertGreater(len(known), 3)
        self.assertEqual(helped, known)


# ---- layout ------------------------------------------------------------------

class Formatting(Case):
    def edits(self, text):
        self.client.initialize()
        uri = self.client.open('prog.ais', text)
        return self.client.ask('textDocument/formatting', {
            'textDocument': {'uri': uri},
            'options': {'tabSize': 4, 'insertSpaces': True}})

    def test_one_line(self):
        loose = PROGRAM.replace('        return done', '     return   done')
        edit, = self.edits(loose)
        self.assertEqual(edit['newText'], '        return done\n')
        self.assertEqual(edit['range'], {'start': {'line': 11, 'character': 0},
                                         'end': {'line': 12, 'character': 0}})

    def test_neat(self):
        self.assertEqual(self.edits(PROGRAM), [])

    def test_errors(self):
        self.assertIsNone(self.edits(PROGRAM + '}'))

    def test_same_as_fmt(self):
        loose = PROGRAM.replace('\n', '\n\n\n  ').replace('(', ' ( ')
        edit, = self.edits(loose)
        done = subprocess.run(APXM + ['fmt', '-'], input=loose.encode(),
                              capture_output=True, check=True,
                              timeout=PATIENCE)
        self.assertEqual(applied(loose, edit), done.stdout.decode())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--apxm', required=True)
    options, rest = parser.parse_known_args()
    APXM.append(os.path.abspath(options.apxm))
    unittest.main(argv=sys.argv[:1] + rest)


if __name__ == '__main__':
    main()
