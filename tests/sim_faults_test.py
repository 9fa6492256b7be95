#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`apxm sim --faults` on the wire: for each fault, the bytes that a client gets
and how its connection ends, and what the server's log says of it.

    tests/sim_faults_test.py --apxm build/apxm [TEST...]
"""

import argparse
import email.utils
import json
import os
import signal
import socket
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from processes import PATIENCE, Place, wait_for  # noqa: E402
from wire import Wire, chat, request, sockets_of  # noqa: E402

SETUP = argparse.Namespace(apxm=None)

OPENAI = '/v1/chat/completions'
PATHS = {'openai': OPENAI, 'anthropic': '/v1/messages', 'ollama': '/api/chat',
         'google': '/v1beta/models/sim:streamGenerateContent?alt=sse'}


def body_of(dialect, text='Name a colour.', stream=True):
    if dialect == 'google':
        return {'contents': [{'parts': [{'text': text}]}]}
    return chat(text, stream=stream, max_tokens=4096)


class Raw:
    """What came on a connection of its own, and how it ended: `end`,
    `reset`, or `open` when a mark was seen and it stood still."""

    def __init__(self, port, data):
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        self.bytes = b''
        self.how = 'open'
        try:  # a reset can be there before the connection is
            self.socket.connect(('127.0.0.1', port))
            self.socket.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            self.how = 'reset'

    def read(self, most=1 << 30):
        """Until it ends, or so many bytes have come."""
        while self.how != 'reset' and len(self.bytes) < most:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                self.how = 'reset'
                return self
            if not piece:
                self.how = 'end'
                return self
            self.bytes += piece
        return self

    def stands_still(self):
        """Nothing comes within a moment (which a slow machine makes longer
        than it has to be, and never shorter)."""
        self.socket.settimeout(0.2)
        try:
            return self.socket.recv(1) and False
        except socket.timeout:
            return True

    @property
    def body(self):
        return self.bytes.split(b'\r\n\r\n', 1)[1]

    def close(self):
        self.socket.close()


class Case(unittest.TestCase):

    def setUp(self):
        self.place = Place(SETUP.apxm)
        self.addCleanup(lambda: self.assertEqual(self.place.close(), []))
        self.server = None

    def serve(self, *rules, words=()):
        self.place.write('faults.jsonl', ''.join(
            json.dumps(rule) + '\n' for rule in rules))
        self.server = self.place.sim('--faults', 'faults.jsonl', *words)
        return self.server

    def raw(self, body=None, path=OPENAI):
        one = Raw(self.server.port, request(path, body or chat()))
        self.addCleanup(one.close)
        return one

    def raw_bytes(self, data):
        one = Raw(self.server.port, data)
        self.addCleanup(one.close)
        return one

    def ask(self, body=None, path=OPENAI, **more):
        with Wire(self.server.port) as wire:
            return wire.ask(path, body or chat(), **more)

    def faults(self, count):
        return [(line['fault'], line['status'])
                for line in self.server.requests(count)]

    def whole(self, stream=False):
        """The bytes of an answer without a fault."""
        return self.ask(chat(stream=stream)).body


class Breaks(Case):
    """Reset, close and stall, wherever they come."""

    def test_before_the_answer(self):
        for fault, how in (('reset', 'reset'), ('close', 'end')):
            for at in ('accept', 'request'):
                self.serve({'fault': fault, 'at': at, 'times': 1})
                one = self.raw().read()
                self.assertEqual((one.bytes, one.how), (b'', how), (fault, at))
                self.assertEqual(self.ask().code, 200)
                self.assertEqual(self.faults(2), [(fault, None), ('none', 200)])
                paths = [line['path'] for line in self.server.requests(2)]
                self.assertEqual(paths[0], '' if at == 'accept' else OPENAI)

    def test_at_a_byte(self):
        self.serve({'fault': 'close', 'at': 'request', 'bytes': 10},)
        one = self.raw().read()
        self.assertEqual((one.bytes, one.how), (b'HTTP/1.1 2', 'end'))
        self.serve({'fault': 'reset', 'at': 'header'})
        one = self.raw().read()
        self.assertEqual((one.bytes[-4:], one.how), (b'\r\n\r\n', 'reset'))
        self.serve({'fault': 'close', 'bytes': 20, 'times': 1},
                   {'fault': 'close', 'bytes': -1, 'times': 1})
        first, second = self.raw().read(), self.raw().read()
        whole = self.whole()
        self.assertEqual(len(first.body), 20)
        self.assertEqual(second.body[-2:], whole[-3:-1])
        self.assertIn(b'Content-Length: %d\r\n' % len(whole), second.bytes)

    def test_at_an_event(self):
        for dialect, path in PATHS.items():
            self.serve({'fault': 'reset', 'events': 2, 'times': 1},
                       {'fault': 'close', 'events': -1, 'times': 1})
            body = body_of(dialect)
            first = self.raw(body, path).read()
            second = self.raw(body, path).read()
            mark = b'\n' if dialect == 'ollama' else b'\n\n'
            whole = self.ask(body, path).body
            text = first.body.split(b'\r\n', 1)[1]
            self.assertEqual((text.count(mark), text.endswith(mark), first.how),
                             (2, True, 'reset'), dialect)
            self.assertEqual(
                second.body.split(b'\r\n', 1)[1].count(mark),
                whole.count(mark) - 1, dialect)

    def test_stall(self):
        for at in ('accept', 'request', 'header'):
            self.serve({'fault': 'stall', 'at': at})
            one = self.raw()
            if at == 'header':
                while not one.bytes.endswith(b'\r\n\r\n'):
                    one.read(len(one.bytes) + 1)
            self.assertTrue(one.stands_still(), at)
            self.faults(1)
            one.close()
            wait_for(lambda: sockets_of(self.server.process) == 1,
                     'the connection is forgotten')

    def test_stall_for_a_while(self):
        for at in ('accept', 'request', 'header'):
            self.serve({'fault': 'stall', 'at': at, 'ms': 200, 'times': 1})
            started = time.monotonic()
            self.assertEqual(self.ask().code, 200)
            self.assertGreaterEqual(time.monotonic() - started, 0.2, at)
            self.assertEqual(self.faults(1), [('stall', 200)], at)

    def test_refuse(self):
        self.serve({'fault': 'refuse', 'from': 2, 'ms': 300})
        self.assertEqual(self.ask().code, 200)
        with self.assertRaises(ConnectionRefusedError):
            self.ask()

        def is_back():
            try:
                return self.ask().code == 200
            except ConnectionRefusedError:
                return False
        wait_for(is_back, 'it listens again')
        self.assertEqual(self.faults(2), [('none', 200)] * 2)
        self.serve({'fault': 'refuse'})
        with self.assertRaises(ConnectionRefusedError):
            self.ask()
        self.server.process.send(signal.SIGTERM)
        self.assertEqual(self.server.process.wait().code, 0)


class Bodies(Case):
    """What comes as a whole answer and is none."""

    def test_pieces(self):
        """Nothing but the time differs."""
        for rule in ({'fault': 'split'}, {'fault': 'drip', 'ms': 1, 'piece': 7},
                     {'fault': 'drip', 'ms': 0.5, 'at': 'header'}):
            self.serve(dict(rule, times=4))
            for stream in (False, True):
                body = chat(stream=stream, max_tokens=8)
                with Wire(self.server.port) as wire:
                    slow = [wire.ask(OPENAI, body) for _ in range(2)]
                self.assertEqual([one.code for one in slow], [200] * 2)
            after = self.ask(chat(max_tokens=8))
            self.assertEqual(after.json()['choices'],
                             self.ask(chat(max_tokens=8)).json()['choices'])
            if not stream:
                self.assertEqual(slow[0].json()['choices'],
                                 after.json()['choices'])
            else:
                self.assertEqual(slow[0].events()[-1], '[DONE]')

    def test_truncate(self):
        rule = {'fault': 'truncate', 'bytes': 30, 'times': 1}
        self.serve(rule, *(dict(rule, framing=framing)
                           for framing in ('length', 'chunked', 'none')))
        sound, length, chunked, none = (self.raw() for _ in range(4))
        whole = self.whole()
        for one in (length, chunked, none):
            self.assertEqual(one.read().how, 'end')
        self.assertEqual(len(self.ask_body(sound)), 30)
        self.assertIn(b'Content-Length: %d\r\n' % len(whole), length.bytes)
        self.assertEqual(len(length.body), 30)
        self.assertEqual((chunked.body[:4], len(chunked.body)), (b'1e\r\n', 36))
        self.assertNotIn(b'Content-Length', none.bytes)
        self.assertEqual(len(none.body), 30)

    def ask_body(self, one):
        while b'\r\n\r\n' not in one.bytes:
            one.read(len(one.bytes) + 1)
        length = int(one.bytes.split(b'Content-Length: ')[1].split(b'\r')[0])
        one.read(one.bytes.index(b'\r\n\r\n') + 4 + length)
        return one.body

    def test_no_finish(self):
        marks = {'openai': b'"finish_reason":"', 'ollama': b'"done":true',
                 'anthropic': b'"stop_reason":"', 'google': b'"finishReason"'}
        for dialect, path in PATHS.items():
            self.serve({'fault': 'no_finish', 'times': 1})
            broken = self.ask(body_of(dialect), path)
            whole = self.ask(body_of(dialect), path).body
            self.assertIn(marks[dialect], whole)
            self.assertNotIn(marks[dialect], broken.body)
            self.assertGreater(len(broken.body), len(whole) // 2, dialect)

    def test_empty(self):
        self.serve({'fault': 'empty'})
        for stream in (False, True):
            answer = self.ask(chat(stream=stream))
            self.assertEqual((answer.code, answer.body), (200, b''))

    def test_garbage(self):
        starts = {'bytes': b'\0', 'text': b'SSH-2.0-',
                  'tls': b'\x15\x03\x01\x00\x02\x02\x46',
                  'field': b'HTTP/1.1 200 OK\r\nno header',
                  'chunk': b'HTTP/1.1 200 OK\r\n'}
        for form, start in starts.items():
            self.serve({'fault': 'garbage', 'form': form})
            one = self.raw().read()
            self.assertEqual(one.how, 'end')
            self.assertTrue(one.bytes.startswith(start), one.bytes[:40])
        self.assertIn(b'\r\n\r\nzz\r\n', one.bytes)
        for form in ('json', 'binary', 'html'):
            self.serve({'fault': 'garbage', 'form': form})
            answer = self.ask()
            self.assertEqual(answer.code, 200)
            with self.assertRaises(ValueError):
                answer.json()

    def test_length(self):
        self.serve({'fault': 'length', 'by': 5, 'times': 1},
                   {'fault': 'length', 'by': -5, 'times': 1})
        one, two = self.raw(), self.raw().read()
        self.assertEqual(two.how, 'end')
        whole = self.whole()
        self.assertEqual(len(two.body), len(whole))
        self.assertIn(b'Content-Length: %d\r\n' % (len(whole) - 5), two.bytes)
        while b'\r\n\r\n' not in one.bytes or len(one.body) < len(whole):
            one.read(len(one.bytes) + 1)
        self.assertIn(b'Content-Length: %d\r\n' % (len(whole) + 5), one.bytes)
        self.assertTrue(one.stands_still())

    def test_flood(self):
        for form in ('body', 'line', 'header'):
            for stream in (False, True):
                self.serve({'fault': 'flood', 'form': form})
                one = self.raw(chat(stream=stream)).read(8 << 20)
                self.assertEqual(one.how, 'open')
                most = max(one.bytes.split(b'\n'), key=len)
                is_line = form == 'line' or (form == 'body' and not stream)
                self.assertEqual(len(most) > 1 << 20, is_line)
                self.assertEqual(b'\r\n\r\n' in one.bytes, form != 'header')
                # It is held up by us, and holds nothing for us.
                self.assertLess(self.server.process.status('VmRSS'), 200 << 10)
                one.close()
                wait_for(lambda: sockets_of(self.server.process) == 1,
                         'the connection is forgotten')

    def test_stream_error(self):
        for dialect, path in PATHS.items():
            self.serve({'fault': 'stream_error', 'events': 3, 'status': 529,
                        'body': 'too much'})
            text = self.ask(body_of(dialect), path).body.decode()
            mark = '\n' if dialect == 'ollama' else '\n\n'
            events = text.split(mark)
            self.assertEqual((len(events), events[-1]), (5, ''), dialect)
            self.assertIn('too much', events[-2])
            if dialect == 'anthropic':
                self.assertIn('event: error\n', events[-2])
                self.assertIn('"overloaded_error"', events[-2])
        self.serve({'fault': 'stream_error', 'body': 'too much'})
        answer = self.ask()
        self.assertEqual((answer.code, answer.json()['error']['message']),
                         (200, 'too much'))

    def test_pings(self):
        pings = {'openai': b': ping\n\n', 'google': b': ping\n\n',
                 'anthropic': b'event: ping\ndata: {"type":"ping"}\n\n',
                 'ollama': b'\n'}
        for dialect, path in PATHS.items():
            self.serve({'fault': 'pings', 'events': 1, 'ms': 1})
            one = self.raw(body_of(dialect), path)
            while not one.bytes.endswith(pings[dialect] * 5):
                one.read(len(one.bytes) + 1)
            one.close()


class Answers(Case):
    """Codes and headers."""

    def test_status(self):
        self.serve(
            {'fault': 'status', 'status': 429, 'retry_after': 2, 'times': 1},
            {'fault': 'status', 'status': 503, 'retry_after_ms': 1500,
             'times': 1},
            {'fault': 'status', 'status': 529, 'retry_after_date': 90,
             'times': 1, 'headers': {'X-Reason': 'none'}},
            {'fault': 'status', 'status': 307, 'times': 1,
             'headers': {'Location': '/elsewhere'}},
            {'fault': 'status', 'status': 500, 'body': 'oops', 'times': 1})
        with Wire(self.server.port) as wire:
            answers = [wire.ask(OPENAI, chat()) for _ in range(6)]
        self.assertEqual([answer.code for answer in answers],
                         [429, 503, 529, 307, 500, 200])
        self.assertEqual(answers[0].headers['retry-after'], '2')
        self.assertEqual(answers[0].json()['error']['type'], 'rate_limit_error')
        self.assertEqual(answers[1].headers['retry-after-ms'], '1500')
        date = email.utils.parsedate_to_datetime(
            answers[2].headers['retry-after']).timestamp()
        self.assertTrue(60 < date - time.time() < 91)
        self.assertEqual(answers[2].headers['x-reason'], 'none')
        self.assertEqual(answers[3].headers['location'], '/elsewhere')
        self.assertEqual(answers[4].body, b'oops')
        self.assertEqual(self.faults(6), [
            ('status', code) for code in (429, 503, 529, 307, 500)]
            + [('none', 200)])
        self.assertEqual({line['prompt'] for line in self.server.requests(6)},
                         {'Name a colour.'})

    def test_every_status(self):
        codes = [code for code in range(200, 600) if code != 204]
        self.serve(*({'fault': 'status', 'status': code, 'times': 1,
                      'body': 'x'} for code in codes))
        with Wire(self.server.port) as wire:
            for code in codes:
                answer = wire.ask(OPENAI, chat())
                self.assertEqual((answer.code, answer.body), (code, b'x'))

    def test_dialects_of_errors(self):
        self.serve({'fault': 'status', 'status': 529})
        errors = {dialect: self.ask(body_of(dialect), path).json()
                  for dialect, path in PATHS.items()}
        self.assertEqual(errors['anthropic']['error']['type'],
                         'overloaded_error')
        self.assertEqual(errors['google']['error']['status'], 'UNAVAILABLE')
        self.assertIsInstance(errors['ollama']['error'], str)

    def test_headers_add_up(self):
        self.serve({'fault': 'headers', 'headers': {'X-One': '1'}},
                   {'fault': 'headers', 'match': 'colour',
                    'headers': {'X-Two': '2'}})
        answer = self.ask()
        self.assertEqual((answer.headers['x-one'], answer.headers['x-two']),
                         ('1', '2'))
        self.assertNotIn('x-two', self.ask(chat('other')).headers)
        self.assertEqual(self.faults(2), [('none', 200)] * 2)

    def test_limit(self):
        self.serve({'fault': 'limit', 'rpm': 3})
        key = {'Authorization': 'Bearer one'}
        other = {'x-api-key': 'two'}
        answers = [self.ask(headers=key) for _ in range(4)]
        self.assertEqual([answer.code for answer in answers],
                         [200, 200, 200, 429])
        self.assertEqual(answers[0].headers['x-ratelimit-limit-requests'], '3')
        self.assertEqual(
            answers[0].headers['x-ratelimit-remaining-requests'], '2')
        wait = int(answers[3].headers['retry-after-ms'])
        self.assertTrue(0 < wait <= 20001, wait)
        self.assertEqual(self.ask(headers=other).code, 200)

    def test_replies_are_not_used_up(self):
        self.place.write('replies.jsonl',
                         '{"reply": "first", "times": 1}\n'
                         '{"reply": "second"}\n')
        self.serve({'fault': 'status', 'status': 500, 'times': 1},
                   words=['--replies', 'replies.jsonl'])
        self.assertEqual(self.ask().code, 500)
        self.assertIn(b'first', self.ask().body)


class Rules(Case):
    """Which request gets which."""

    def test_conditions(self):
        self.serve({'fault': 'status', 'status': 401, 'from': 2, 'to': 3},
                   {'fault': 'status', 'status': 402, 'match': 'blue'},
                   {'fault': 'status', 'status': 403, 'path': '/v1/models'},
                   {'fault': 'status', 'status': 404, 'path': '/api/chat'})
        with Wire(self.server.port) as wire:
            codes = [wire.ask(OPENAI, chat()).code for _ in range(4)]
            codes.append(wire.ask(OPENAI, chat('blue')).code)
            codes.append(wire.ask('/v1/models').code)
            codes.append(wire.ask('/health').code)
            codes.append(wire.ask('/api/chat', chat(stream=False)).code)
        self.assertEqual(codes, [200, 401, 401, 200, 402, 403, 200, 404])

    def drawn(self, seed, texts):
        """How often each text fails, asked three times."""
        self.serve({'seed': seed},
                   {'fault': 'status', 'status': 500, 'probability': 0.3})
        with Wire(self.server.port) as wire:
            codes = [(text, wire.ask(OPENAI, chat(text)).code)
                     for _ in range(3) for text in texts]
        return sorted(codes), sum(code == 500 for _, code in codes)

    def test_probability(self):
        texts = ['question %d' % i for i in range(200)]
        first, count = self.drawn(7, texts)
        again, _ = self.drawn(7, texts[::-1])
        other, _ = self.drawn(8, texts)
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
        # 600 draws of 0.3: six standard deviations are 67.
        self.assertTrue(113 < count < 247, count)

    def test_seed_is_said(self):
        self.place.write('faults.jsonl', '{"seed": 7}\n')
        self.place.write('other.jsonl', '{"fault": "empty"}\n')
        seeds = []
        for name in ('faults.jsonl', 'other.jsonl', 'other.jsonl'):
            server = self.place.start('sim', '--listen', '0', '--json',
                                      '--faults', name)
            seeds.append(json.loads(server.said('{.*}\n', 'stdout').group())[
                'seed'])
            server.send(signal.SIGTERM)
        self.assertEqual(seeds[0], 7)
        self.assertNotEqual(seeds[1], seeds[2])

    def test_wrong_files(self):
        wrong = {
            '{"fault": "rest"}': '"reset"',
            '{"fault": "reset", "byte": 1}': 'did you mean "bytes"',
            '{"fault": "reset", "status": 500}': 'means nothing for "reset"',
            '{"fault": "status"}': '"status" is missing',
            '{"fault": "status", "status": 99}': '200 to 599',
            '{"fault": "reset", "bytes": 1, "events": 1}': 'beside "bytes"',
            '{"fault": "reset", "at": "accept", "match": "x"}': '"match"',
            '{"fault": "garbage"}': '"form" is missing',
            '{"fault": "flood", "form": "json"}': 'not one of this fault',
            '{"fault": "empty", "probability": 2}': 'from 0 to 1',
            '{"fault": "empty", "headers": {"a b": "c"}}': 'no header',
            '{"fault": "empty", "from": 3, "to": 2}': '"to"',
            '{"fault": "empty", "fault": "empty"}': 'twice',
            '{"seed": 1}\n{"seed": 2}': ':2: "seed"',
            '{"times": 3}': '"fault" is missing',
            '[]': 'one JSON object',
            '{': 'faults.jsonl:1'}
        for text, part in wrong.items():
            self.place.write('faults.jsonl', text + '\n')
            ran = self.place.run('sim', '--listen', '0', '--faults',
                                 'faults.jsonl')
            self.assertEqual(ran.code, 4, (text, ran.stderr))
            self.assertIn(part, ran.stderr)
        self.assertEqual(self.place.run('sim', '--faults', 'none').code, 4)


class Clients(Case):
    """Clients that are odd, and a server that ends."""

    def test_kept_connection(self):
        self.serve({'fault': 'headers'})
        with Wire(self.server.port) as wire:
            for i in range(20):
                self.assertEqual(wire.ask(OPENAI, chat('q %d' % i)).code, 200)
            self.assertEqual(wire.ask('/health', method='HEAD').code, 200)
            # Two at once: the second waits.
            wire.socket.sendall(request(OPENAI, chat('a')) * 2)
            self.assertEqual([wire.answer().code for _ in range(2)], [200] * 2)
        self.assertEqual(len(self.faults(22)), 22)

    def test_slow_and_odd_requests(self):
        self.serve({'fault': 'headers', 'headers': {'X-One': '1'}})
        data = request(OPENAI, chat())
        one = self.raw_bytes(b'')
        for i in range(len(data)):
            one.socket.sendall(data[i:i + 1])
        one.read(12)
        self.assertIn(b' 200', one.bytes)
        one.close()
        chunks = (b'POST ' + OPENAI.encode() + b' HTTP/1.1\r\nHost: x\r\n'
                  b'Transfer-Encoding: chunked\r\n\r\n')
        body = json.dumps(chat()).encode()
        for byte in range(len(body)):
            chunks += b'1;x=y\r\n' + body[byte:byte + 1] + b'\r\n'
        one = self.raw_bytes(chunks + b'0\r\n\r\n')
        self.assertIn(b' 200', one.read(12).bytes)
        one.close()
        head = (b'POST ' + OPENAI.encode() + b' HTTP/1.1\r\nHost: x\r\n'
                b'Expect: 100-continue\r\nContent-Length: %d\r\n\r\n'
                % len(body))
        one = self.raw_bytes(head)
        self.assertEqual(one.read(25).bytes, b'HTTP/1.1 100 Continue\r\n\r\n')
        one.socket.sendall(body)
        one.read(37)
        self.assertTrue(one.bytes[25:].startswith(b'HTTP/1.1 200'), one.bytes)
        one.close()

    def test_no_requests(self):
        self.serve({'fault': 'headers'})
        for data in (b'hello\r\n\r\n', b'GET /\r\n\r\n', b'\0' * 70000,
                     b'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
                     b'POST / HTTP/1.1\r\nContent-Length: 99999999999999999999'
                     b'\r\n\r\n',
                     b'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
                     b'zz\r\n'):
            one = self.raw_bytes(data).read()
            self.assertIn(one.how, ('end', 'reset'), data[:40])
        self.assertEqual(self.ask().code, 200)
        wait_for(lambda: sockets_of(self.server.process) == 1,
                 'all connections are forgotten')

    def test_hang_up_cancels(self):
        self.serve({'fault': 'headers'}, words=['--latency', '3600s'])
        one = self.raw()
        wait_for(lambda: self.server.open_requests() == 1, 'it is asked')
        one.close()
        wait_for(lambda: self.server.open_requests() == 0, 'it is forgotten')
        self.assertEqual(self.server.requests(1)[0]['status'], 'disconnected')

    def test_reset_by_client(self):
        self.serve({'fault': 'flood', 'form': 'body'})
        for _ in range(20):
            one = self.raw().read(1000)
            one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack('ii', 1, 0))
            one.close()
        wait_for(lambda: sockets_of(self.server.process) == 1,
                 'all connections are forgotten')

    def test_end_with_everything_open(self):
        rules = [{'fault': 'stall', 'match': 'stall'},
                 {'fault': 'stall', 'events': 2, 'match': 'half'},
                 {'fault': 'flood', 'form': 'line', 'match': 'flood'},
                 {'fault': 'pings', 'ms': 100, 'match': 'pings'},
                 {'fault': 'drip', 'ms': 1000, 'match': 'drip'}]
        self.serve(*rules)
        kept = [self.raw(chat(rule['match'], stream=True)) for rule in rules]
        self.faults(len(rules))
        kept.append(self.raw_bytes(b'POST / HT'))
        started = time.monotonic()
        self.server.process.send(signal.SIGTERM)
        self.assertEqual(self.server.process.wait().code, 0)
        self.assertLess(time.monotonic() - started, PATIENCE / 2)
        for one in kept:
            self.assertIn(one.read().how, ('end', 'reset'))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    options, words = parser.parse_known_args()
    vars(SETUP).update(vars(options))
    unittest.main(argv=sys.argv[:1] + words, verbosity=1)


if __name__ == '__main__':
    main()
