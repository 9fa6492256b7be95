#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`apxm sim` as its clients see it: bytes on sockets, lines in its log, and
what becomes of it when clients or the process itself are ended.

    tests/sim_server_test.py --apxm build/apxm [--open N] [TEST...]

Replies that must not come have a latency of an hour: what is to be shown about
an open request is shown by ending it. `--open N` is how many requests are held
open at once.
"""

import argparse
import json
import os
import random
import re
import resource
import signal
import socket
import stat
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from processes import PATIENCE, Place, wait_for  # noqa: E402
from wire import Wire, chat, fixed_port, request, sockets_of  # noqa: E402

SETUP = argparse.Namespace(apxm=None, open=1000)

OPENAI = '/v1/chat/completions'
OLLAMA = '/api/chat'
NEVER = ('--latency', '3600s')
COLOUR = ('On "Name a colour." the common view holds up well. The exceptions '
          'are few, known, and worth naming one by one. Several independent '
          'parts can be settled side by side. A second opinion would cost '
          'little. [28a5510f]')


class Case(unittest.TestCase):
    """A place with XDG_RUNTIME_DIR of its own."""

    def setUp(self):
        self.place = Place(SETUP.apxm)
        self.place.env['XDG_RUNTIME_DIR'] = self.place.folder
        self.addCleanup(self.close)

    def close(self):
        self.assertEqual(self.place.close(), [])

    def serve(self, *words):
        return self.place.sim(*words)

    def end(self, server, number=signal.SIGTERM):
        """Ends it as users do; it says nothing and exits with 0."""
        server.process.send(number)
        server.process.wait()
        self.assertEqual((server.process.code, server.process.stdout),
                         (0, ''), server.process.stderr)
        self.assertEqual(server.process.stderr.count('\n'), 1,
                         server.process.stderr)

    def assertAnswer(self, answer, code, kind='application/json'):
        self.assertEqual(answer.code, code, answer.body)
        self.assertEqual(answer.headers['content-type'].split(';')[0], kind)


class OpenAI(Case):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.wire = Wire(self.server.port)
        self.addCleanup(self.wire.close)

    def ask(self, body, **more):
        return self.wire.ask(OPENAI, body, **more)

    def text(self, body, **more):
        answer = self.ask(body, **more)
        self.assertAnswer(answer, 200)
        return answer.json()['choices'][0]['message']['content']

    def test_plain(self):
        answer = self.ask(chat())
        self.assertAnswer(answer, 200)
        document = answer.json()
        self.assertGreater(document.pop('created'), 1600000000)
        self.assertEqual(document, {
            'id': 'chatcmpl-sim-1', 'object': 'chat.completion',
            'model': 'sim',
            'choices': [{'index': 0, 'finish_reason': 'stop', 'message': {
                'role': 'assistant', 'content': COLOUR}}],
            'usage': {'prompt_tokens': 4, 'completion_tokens': 53,
                      'total_tokens': 57}})
        self.assertEqual(self.wire.ask('/chat/completions', chat()).code, 200)
        self.end(self.server)

    def test_same_reply_as_in_the_process(self):
        self.place.write('prog.ais', 'agent A { @entry flow main() -> str {\n'
                         'ask("Name a colour.") -> a\n'
                         'think("Name a colour.") -> b\n'
                         'return merge(a, b) } }\n')
        ran = self.place.run('run', 'prog.ais', '--backend', 'sim', '--json')
        inside = json.loads(ran.stdout)['result']
        think = self.text(chat(), headers={'X-Apxm-Op': 'think'})
        self.assertEqual(self.text(chat()), COLOUR)
        self.assertNotEqual(think, COLOUR)
        self.assertIn(COLOUR, inside)
        self.assertIn(think, inside)

    def test_messages(self):
        part = {'type': 'text', 'text': 'Name a colour.'}
        user = {'role': 'user', 'content': [part]}
        self.assertEqual(self.text({'messages': [user]}), COLOUR)
        system = {'role': 'system', 'content': 'Be brief.'}
        other = self.text({'messages': [system, user]})
        self.assertNotEqual(other, COLOUR)
        developer = dict(system, role='developer')
        self.assertEqual(self.text({'messages': [developer, user]}), other)
        several = [dict(user, content='one'),
                   {'role': 'assistant', 'content': None},
                   dict(user, content='two')]
        self.assertEqual(self.text({'messages': several}),
                         self.text(chat('one\n\n\n\ntwo')))
        self.assertNotEqual(self.text(chat(model='large')), COLOUR)
        lines = self.server.requests(6)
        self.assertEqual([line['system'] for line in lines[:3]],
                         ['', 'Be brief.', 'Be brief.'])
        self.assertEqual([line['prompt'] for line in lines[3:5]],
                         ['one\n\n\n\ntwo'] * 2)
        self.assertEqual(lines[5]['model'], 'large')

    def test_clipped(self):
        for name in ('max_tokens', 'max_completion_tokens'):
            document = self.ask(chat(**{name: 8})).json()
            choice = document['choices'][0]
            self.assertEqual(choice['finish_reason'], 'length')
            self.assertTrue(COLOUR.startswith(choice['message']['content']))
            self.assertLessEqual(document['usage']['completion_tokens'], 8)
        self.assertEqual(
            self.ask(chat(max_tokens=0)).json()['usage']['completion_tokens'],
            1)

    def test_stream(self):
        answer = self.ask(chat('Gr\u00fc\u00dfe \u4f60\u597d \U0001f600 "x"',
                               stream=True))
        self.assertAnswer(answer, 200, 'text/event-stream')
        events = answer.events()
        self.assertEqual(events.pop(), '[DONE]')
        choices = []
        for event in map(json.loads, events):
            self.assertGreater(event.pop('created'), 1600000000)
            choices += event.pop('choices')
            self.assertEqual(event, {'id': 'chatcmpl-sim-1', 'model': 'sim',
                                     'object': 'chat.completion.chunk'})
        self.assertEqual(len(choices), len(events))
        self.assertEqual(choices[0], {
            'index': 0, 'finish_reason': None,
            'delta': {'role': 'assistant', 'content': None}})
        self.assertEqual(choices[-1], {
            'index': 0, 'finish_reason': 'stop', 'delta': {}})
        pieces = [choice['delta']['content'] for choice in choices[1:-1]]
        self.assertTrue(all(0 < len(piece.encode()) < 8 for piece in pieces))
        self.assertIn('Gr\u00fc\u00dfe \u4f60\u597d \U0001f600 "x"',
                      ''.join(pieces))
        # It is sent in several pieces, the role alone first, and each ends
        # where an event does.
        self.assertGreater(len(answer.chunks), 2)
        self.assertEqual(answer.chunks[0].count(b'data: '), 1)
        self.assertTrue(all(chunk.endswith(b'\n\n')
                            for chunk in answer.chunks))

    def test_stream_with_usage(self):
        answer = self.ask(chat(stream=True, max_tokens=8,
                               stream_options={'include_usage': True}))
        events = answer.events()
        last = json.loads(events[-2])
        self.assertEqual((last['choices'], last['usage']), (
            [], {'prompt_tokens': 4, 'completion_tokens': 8,
                 'total_tokens': 12}))
        reason = json.loads(events[-3])['choices'][0]['finish_reason']
        self.assertEqual(reason, 'length')
        # The same as one document.
        text = ''.join(json.loads(event)['choices'][0]['delta']['content']
                       for event in events[1:-3])
        self.assertEqual(text, self.text(chat(max_tokens=8)))

    def test_other_routes(self):
        models = self.wire.ask('/v1/models').json()
        self.assertEqual([model['id'] for model in models['data']], ['sim'])
        self.assertEqual(self.wire.ask('/health').json(), {'status': 'ok'})
        self.assertAnswer(self.wire.ask('/'), 200, 'text/plain')
        self.assertAnswer(self.wire.ask('/health', method='HEAD'), 200)
        self.assertEqual(self.wire.ask('/health?x=1').code, 200)

    def test_errors(self):
        message = {'role': 'user', 'content': 'x'}
        image = {'type': 'image_url', 'image_url': {'url': 'data:'}}
        bad = [b'', b'{', b'[]', b'null', b'{}', b'{"messages": 3}',
               b'\xff\xfe', b'{"messages": [3]}', b'{"messages": [{}]}',
               b'{"messages": []} x', b'{"messages": ["\xc3"]}',
               b'[' * 5000,
               {'messages': [{'role': 'user', 'content': 3}]},
               {'messages': [{'role': 'user', 'content': [image]}]},
               {'messages': [message], 'stream': 'yes'},
               {'messages': [message], 'temperature': 'hot'},
               {'messages': [message], 'max_tokens': []},
               {'messages': [message], 'stream_options': 1},
               {'messages': [message], 'model': 7}]
        for body in bad:
            answer = self.ask(body)
            self.assertAnswer(answer, 400)
            error = answer.json()['error']
            self.assertEqual((error['type'], error['code']),
                             ('invalid_request_error', 400), body)
            self.assertGreater(len(error['message']), 10)
        answer = self.wire.ask('/nothing', chat())
        self.assertAnswer(answer, 404)
        self.assertEqual(answer.json()['error']['type'], 'not_found_error')
        answer = self.wire.ask(OPENAI)
        self.assertAnswer(answer, 405)
        self.assertEqual(answer.headers['allow'], 'POST')
        self.assertEqual(self.wire.ask('/health', b'x', 'DELETE').code, 405)
        self.assertEqual(self.text(chat()), COLOUR)  # the same connection
        codes = [line['status'] for line in self.server.requests()]
        self.assertEqual(codes, [400] * len(bad) + [200])

    def test_one_byte_at_a_time(self):
        for byte in request(OPENAI, chat()):
            self.wire.socket.sendall(bytes([byte]))
        answer = self.wire.answer()
        self.assertEqual(
            answer.json()['choices'][0]['message']['content'], COLOUR)

    def test_pipelined(self):
        self.wire.socket.sendall(b''.join(
            request(OPENAI, chat('question %d' % i)) for i in range(20)))
        for i in range(20):
            text = self.wire.answer().json()['choices'][0]['message']['content']
            self.assertIn('"question %d"' % i, text)
        self.end(self.server, signal.SIGINT)

    def test_long_and_longer(self):
        text = 'x' * (1 << 20)
        self.assertIn('xxx', self.text(chat(text)))
        self.assertEqual(self.server.requests()[0]['prompt'], text)
        answer = self.ask(b' ' * ((64 << 20) + 1))
        self.assertAnswer(answer, 413)
        self.assertIn('64 MiB', answer.json()['error']['message'])
        self.assertEqual(self.text(chat()), COLOUR)

    def test_a_head_that_is_too_long(self):
        self.wire.send('/health', headers={'X-Long': 'x' * 100000})
        self.assertIn(self.wire.answer().code, (413, 431))
        with Wire(self.server.port) as wire:
            wire.socket.sendall(b'\x16\x03\x01 nonsense\r\n\r\n')
            wire.file.read()
        with Wire(self.server.port) as wire:
            self.assertEqual(wire.ask('/health').code, 200)


class Ollama(Case):

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.wire = Wire(self.server.port)
        self.addCleanup(self.wire.close)

    def assertEnd(self, document, reason='stop', count=53):
        for name in ('total_duration', 'eval_duration'):
            self.assertGreater(document[name], 0)
        self.assertEqual(
            [document[name] for name in ('done', 'done_reason', 'model',
                                         'prompt_eval_count', 'eval_count')],
            [True, reason, 'sim', 4, count])
        self.assertRegex(document['created_at'],
                         r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')

    def test_plain(self):
        answer = self.wire.ask(OLLAMA, chat(stream=False))
        self.assertAnswer(answer, 200)
        document = answer.json()
        self.assertEqual(document['message'],
                         {'role': 'assistant', 'content': COLOUR})
        self.assertEnd(document)
        answer = self.wire.ask(OLLAMA, chat(stream=False, model='sim:latest',
                                            options={'num_predict': 8}))
        self.assertEnd(answer.json(), 'length', 8)
        answer = self.wire.ask(OLLAMA, chat(stream=False,
                                            options={'num_predict': -1}))
        self.assertEnd(answer.json())

    def test_streams_unless_told_not_to(self):
        answer = self.wire.ask(OLLAMA, chat())
        self.assertAnswer(answer, 200, 'application/x-ndjson')
        lines = answer.lines()
        self.assertEqual(''.join(line['message']['content']
                                 for line in lines), COLOUR)
        self.assertTrue(all(line['done'] is False and line['model'] == 'sim'
                            and line['message']['role'] == 'assistant'
                            for line in lines[:-1]))
        self.assertEqual(lines[-1]['message']['content'], '')
        self.assertEnd(lines[-1])
        self.assertGreater(len(answer.chunks), 1)
        self.assertEqual(answer.chunks[0].count(b'\n'), 1)
        self.end(self.server)

    def test_other_routes(self):
        tags = self.wire.ask('/api/tags').json()
        self.assertEqual([model['name'] for model in tags['models']],
                         ['sim:latest'])
        self.assertIn('version', self.wire.ask('/api/version').json())

    def test_errors(self):
        for body in (b'{', b'{}', {'messages': []},
                     {'model': 'sim', 'messages': [], 'options': 3}):
            answer = self.wire.ask(OLLAMA, body)
            self.assertAnswer(answer, 400)
            self.assertEqual(list(answer.json()), ['error'])
            self.assertIsInstance(answer.json()['error'], str)
        answer = self.wire.ask('/api/nothing', b'{}')
        self.assertAnswer(answer, 404)
        self.assertIsInstance(answer.json()['error'], str)
        self.assertAnswer(self.wire.ask(OLLAMA), 405)


class Replies(Case):

    def test_scripted(self):
        self.place.write('replies.jsonl', '\n'.join(map(json.dumps, (
            {'match': 'busy', 'error': 'slow down', 'status': 429, 'times': 1},
            {'match': 'busy', 'reply': 'here you are'},
            {'match': 'broken', 'error': 'out of order'},
            {'op': 'think', 'reply': 'hm', 'latency_ms': 20}))))
        server = self.serve('--replies', 'replies.jsonl')
        with Wire(server.port) as wire:
            answer = wire.ask(OPENAI, chat('busy', stream=True))
            self.assertAnswer(answer, 429)
            self.assertEqual(answer.json()['error'], {
                'message': 'slow down', 'type': 'rate_limit_error',
                'param': None, 'code': 429})
            answer = wire.ask(OPENAI, chat('busy'))
            self.assertEqual(answer.json()['choices'][0]['message']['content'],
                             'here you are')
            answer = wire.ask(OLLAMA, chat('broken'))
            self.assertAnswer(answer, 400)
            self.assertEqual(answer.json(), {'error': 'out of order'})
            answer = wire.ask(OLLAMA, chat('x', stream=False),
                              headers={'X-Apxm-Op': 'think'})
            self.assertEqual(answer.json()['message']['content'], 'hm')
        lines = server.requests(4)
        self.assertEqual([line['status'] for line in lines],
                         [429, 200, 400, 200])
        self.assertGreaterEqual(lines[3]['end_ms'] - lines[3]['arrival_ms'],
                                20)

    def test_bad_scripts_and_profiles(self):
        self.place.write('bad.jsonl', '{"reply": "x", "status": 500}\n')
        for words, code, said in (
                (('--replies', 'bad.jsonl'), 4, 'bad.jsonl:1: "status"'),
                (('--replies', 'none.jsonl'), 4, 'none.jsonl'),
                (('--latency', 'soon'), 2, 'soon'),
                (('--sim-profile', 'nothing'), 2, 'nothing')):
            for more in ((), ('--background',)):
                ran = self.place.run('sim', '--listen', '0', *words, *more)
                self.assertEqual((ran.code, ran.stdout), (code, ''))
                self.assertIn(said, ran.stderr)
                self.assertEqual(ran.stderr.count('\n'), 1)

    def test_profile(self):
        server = self.serve('--sim-profile', 'fixed:30ms')
        with Wire(server.port) as wire:
            wire.ask(OPENAI, chat(stream=True))
        line = server.requests(1)[0]
        self.assertGreaterEqual(line['end_ms'] - line['arrival_ms'], 30)


class Log(Case):

    def test_a_line(self):
        server = self.serve()
        with Wire(server.port) as wire:
            wire.ask(OPENAI, chat(), headers={
                'X-Apxm-Run': 'abc-1', 'X-Apxm-Phase': 'warm "up"'})
            wire.ask('/v1/models')
            wire.ask(OLLAMA, chat('two\nlines'))
            # Whoever has read an answer finds its line.
            with open(server.log_path, encoding='utf-8') as file:
                lines = [json.loads(line) for line in file]
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertGreaterEqual(line.pop('end_ms'), line.pop('arrival_ms'))
        self.assertEqual(lines[0], {
            'seq': 1, 'open': 1, 'path': OPENAI, 'model': 'sim',
            'stream': False, 'op': 'ask', 'system': '',
            'prompt_hash': '8578133844270b52', 'prompt': 'Name a colour.',
            'run': 'abc-1', 'phase': 'warm "up"', 'status': 200})
        self.assertEqual((lines[1]['seq'], lines[1]['stream'],
                          lines[1]['prompt'], lines[1]['run']),
                         (2, True, 'two\nlines', ''))
        self.end(server)

    def test_on_standard_output(self):
        process = self.place.start('sim', '--listen', '0', '--log', '-')
        port = int(process.said(r'listening on http://127.0.0.1:(\d+)/v1 '
                                r'\(pid %d\)' % process.pid).group(1))
        with Wire(port) as wire:
            wire.ask(OPENAI, chat())
        process.send(signal.SIGTERM)
        self.assertEqual(process.wait().code, 0)
        self.assertEqual(json.loads(process.stdout)['prompt'],
                         'Name a colour.')

    def test_it_is_appended_to(self):
        self.place.write('log', 'before\n')
        for _ in range(2):
            process = self.place.start('sim', '--listen', '0', '--log', 'log')
            port = int(process.said(r'127.0.0.1:(\d+)').group(1))
            with Wire(port) as wire:
                wire.ask(OPENAI, chat())
            process.send(signal.SIGTERM)
            process.wait()
        self.assertEqual(self.place.read('log').count('\n'), 3)

    def test_one_that_cannot_be_written(self):
        for path in ('missing/log', '.'):
            for more in ((), ('--background',)):
                ran = self.place.run('sim', '--listen', '0', '--log', path,
                                     *more)
                self.assertEqual(ran.code, 4)
                self.assertIn(path, ran.stderr)


class Many(Case):

    def open_many(self, server, count):
        """So many requests on sockets of their own, all sent."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < count + 100:
            self.skipTest('needs %d descriptors' % count)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        data = request(OPENAI, chat())
        sockets = []
        for _ in range(count):
            one = socket.socket()
            sockets.append(one)
            one.setblocking(False)
            one.connect_ex(('127.0.0.1', server.port))
        for one in sockets:
            one.setblocking(True)
            one.settimeout(PATIENCE)
            one.sendall(data)
        return sockets

    def test_open_at_once(self):
        count = SETUP.open
        server = self.serve(*NEVER)
        sockets = self.open_many(server, count)
        # The last one is answered only after the server has read the others.
        with Wire(server.port) as wire:
            self.assertEqual(wire.ask('/health').code, 200)
        names = server.process.threads_by_name()
        self.assertEqual(names.get('apxm-io'), 1, names)
        for one in sockets:
            one.close()
        lines = server.requests(count)
        self.assertEqual({line['status'] for line in lines}, {'disconnected'})
        self.assertEqual(max(line['open'] for line in lines), count)
        self.assertEqual(len({line['seq'] for line in lines}), count)
        self.end(server)

    def test_answered_at_once(self):
        count = min(SETUP.open, 1000)
        server = self.serve('--latency', '1s')
        answers = []
        for one in self.open_many(server, count):
            with one.makefile('rb') as file:
                answers.append(file.readline())
            one.close()
        self.assertEqual(set(answers), {b'HTTP/1.1 200 OK\r\n'})
        lines = server.requests(count)
        self.assertEqual(sorted(line['seq'] for line in lines),
                         list(range(1, count + 1)))
        self.end(server)

    def test_ends_with_many_open(self):
        server = self.serve(*NEVER)
        sockets = self.open_many(server, 200)
        with Wire(server.port) as wire:
            wire.ask('/health')
            server.process.send(signal.SIGTERM)
            for one in sockets:
                with one.makefile('rb') as file:
                    self.assertEqual(file.readline(),
                                     b'HTTP/1.1 503 Service Unavailable\r\n')
                one.close()
            self.assertTrue(wire.is_at_end())
        self.assertEqual(server.process.wait().code, 0)
        self.assertEqual({line['status'] for line in server.requests(200)},
                         {503})

    def test_stress(self):
        """Threads that ask, half of them leaving in the middle."""
        server = self.serve('--latency', '2ms')
        seen = []

        def client(seed):
            chance = random.Random(seed)
            count = 0
            for turn in range(40):
                with Wire(server.port) as wire:
                    for _ in range(chance.randrange(1, 5)):
                        stream = chance.random() < 0.5
                        wire.send(chance.choice((OPENAI, OLLAMA)),
                                  chat('%d %d' % (seed, turn), stream=stream))
                        count += 1
                        if chance.random() < 0.3:
                            break
                        answer = wire.answer()
                        assert answer.code == 200, answer.code
            seen.append(count)

        threads = [threading.Thread(target=client, args=(seed,))
                   for seed in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(seen), len(threads))
        # What was sent just before the client left may not have been read.
        lines = server.requests(sum(seen) * 6 // 10)
        self.assertLessEqual(len(lines), sum(seen))
        statuses = {line['status'] for line in lines}
        self.assertLessEqual(statuses, {200, 'disconnected'})
        with Wire(server.port) as wire:
            wire.ask(OPENAI, chat())
        self.assertEqual(server.requests(1)[-1]['open'], 1)
        self.end(server)


class Leaving(Case):

    def leave(self, data, how, is_known=True):
        """What the log says of a request of these bytes whose client does `how`
        to its connection; `is_known`: after the server has read them."""
        server = self.serve(*NEVER)
        wire = Wire(server.port)
        self.addCleanup(wire.close)
        wire.socket.sendall(data)
        if is_known:
            with Wire(server.port) as other:
                other.ask('/health')
        how(wire)
        line, = server.requests(1)
        self.assertEqual(line['status'], 'disconnected')
        wait_for(lambda: sockets_of(server.process) == 1,
                 'only the listening socket is left')
        with Wire(server.port) as other:
            self.assertEqual(other.ask('/health').code, 200)
        self.end(server)
        return line

    def test_while_it_waits(self):
        data = request(OPENAI, chat(), headers={'X-Apxm-Run': 'r'})
        for is_known in (True, False):
            line = self.leave(data, Wire.close, is_known)
            self.assertEqual((line['prompt'], line['run']),
                             ('Name a colour.', 'r'))

    def test_with_a_reset(self):
        def reset(wire):
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   b'\1\0\0\0\0\0\0\0')
            wire.close()
        self.leave(request(OLLAMA, chat()), reset)

    def test_with_half_a_hang_up(self):
        for is_known in (True, False):
            self.leave(request(OPENAI, chat(stream=True)),
                       lambda wire: wire.socket.shutdown(socket.SHUT_WR),
                       is_known)

    def test_in_the_middle_of_the_body(self):
        for data in (request(OPENAI, chat())[:-5],
                     request(OPENAI, chat('x' * 100000))[:-5]):
            for is_known in (True, False):
                line = self.leave(data, Wire.close, is_known)
                self.assertEqual(line['prompt'], '')

    def test_in_the_middle_of_the_head(self):
        server = self.serve()
        for data in (b'', b'POST /v1', request('/health')[:-3]):
            with Wire(server.port) as wire:
                wire.socket.sendall(data)
        wait_for(lambda: sockets_of(server.process) == 1,
                 'only the listening socket is left')
        self.end(server)

    def test_after_the_answer_is_there(self):
        """Half a hang-up costs nobody an answer that need not wait."""
        self.place.write('replies.jsonl',
                         json.dumps({'reply': 'long ' * 400000}))
        server = self.serve('--replies', 'replies.jsonl')
        for _ in range(20):
            with Wire(server.port) as wire:
                wire.socket.sendall(request(OLLAMA, chat(stream=False)))
                wire.socket.shutdown(socket.SHUT_WR)
                self.assertEqual(wire.answer().code, 200)
                self.assertTrue(wire.is_at_end())
        self.end(server)

    def test_without_reading_a_long_answer(self):
        self.place.write('replies.jsonl',
                         json.dumps({'reply': 'long ' * 400000}))
        server = self.serve('--replies', 'replies.jsonl')
        with Wire(server.port) as wire:
            wire.send(OPENAI, chat(stream=True))
            wire.file.readline()
        line, = server.requests(1)
        self.assertEqual(line['status'], 'disconnected')
        with Wire(server.port) as wire:
            answer = wire.ask(OPENAI, chat(stream=True))
        self.assertEqual(answer.events()[-1], '[DONE]')
        self.end(server)


class Background(Case):

    def setUp(self):
        super().setUp()
        self.pids = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for pid in self.pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def start(self, *words):
        ran = self.place.run('sim', '--background', '--json', *words)
        self.assertEqual((ran.code, ran.stderr), (0, ''))
        said = json.loads(ran.stdout)
        self.pids.append(said['pid'])
        self.assertEqual(said['url'],
                         'http://127.0.0.1:%d/v1' % said['port'])
        return said['pid'], said['port']

    def stop(self, port, *words):
        return self.place.run('sim', '--stop', '--listen', port, *words)

    @staticmethod
    def is_gone(pid):
        """Also when nobody has asked yet how it ended. Its files are closed
        when the last of its threads is."""
        try:
            with open('/proc/%d/stat' % pid, encoding='ascii') as file:
                state = file.read().rsplit(')', 1)[1].split()[0]
            return state == 'Z' and len(os.listdir('/proc/%d/task' % pid)) == 1
        except (FileNotFoundError, ProcessLookupError):
            return True

    def claims(self):
        return os.listdir(os.path.join(self.place.folder, 'apxm'))

    def test_start_and_stop(self):
        pid, port = self.start('--listen', '0', '--log', 'log')
        with Wire(port) as wire:
            self.assertEqual(wire.ask(OPENAI, chat()).code, 200)
        self.assertEqual(os.getsid(pid), pid)
        self.assertEqual({os.readlink('/proc/%d/fd/%d' % (pid, fd))
                          for fd in range(3)}, {'/dev/null'})
        folder = os.path.join(self.place.folder, 'apxm')
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
        self.assertEqual(self.claims(), ['sim-127.0.0.1:%d.pid' % port])
        ran = self.stop(port, '-v')
        self.assertEqual((ran.code, ran.stdout), (0, ''))
        self.assertIn('pid %d' % pid, ran.stderr)
        self.assertTrue(self.is_gone(pid))
        self.assertEqual(self.claims(), [])
        self.assertEqual(self.place.read('log').count('\n'), 1)
        with self.assertRaises(ConnectionRefusedError):
            Wire(port)
        ran = self.stop(port)
        self.assertEqual(ran.code, 4)
        self.assertIn('127.0.0.1:%d' % port, ran.stderr)

    def test_says_where_it_listens(self):
        ran = self.place.run('sim', '--background', '--listen', '0')
        match = re.fullmatch(r'apxm: note: listening on '
                             r'http://127.0.0.1:(\d+)/v1 \(pid (\d+)\)\n',
                             ran.stderr)
        self.assertTrue(match, ran.stderr)
        self.pids.append(int(match.group(2)))
        self.assertEqual(self.stop(match.group(1)).code, 0)

    def test_port_in_use(self):
        pid, port = self.start('--listen', '0')
        for more in ((), ('--background',)):
            ran = self.place.run('sim', '--listen', port, *more)
            self.assertEqual((ran.code, ran.stdout), (4, ''))
            self.assertIn('in use', ran.stderr)
            self.assertIn('pid %d' % pid, ran.stderr)
            self.assertIn('--stop --listen 127.0.0.1:%d' % port, ran.stderr)
        self.assertEqual(self.stop(port).code, 0)

    def test_port_of_another_program(self):
        with socket.create_server(('127.0.0.1', 0)) as other:
            port = other.getsockname()[1]
            ran = self.place.run('sim', '--listen', port)
            self.assertEqual(ran.code, 4)
            self.assertIn('another program', ran.stderr)
            self.assertEqual(self.stop(port).code, 4)

    def test_killed(self):
        port = fixed_port()
        pid, _ = self.start('--listen', port)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.is_gone(pid), 'the server is gone')
        self.assertEqual(len(self.claims()), 1)
        second, _ = self.start('--listen', port)
        self.assertNotEqual(second, pid)
        os.kill(second, signal.SIGKILL)
        wait_for(lambda: self.is_gone(second), 'the server is gone')
        self.assertEqual(self.stop(port).code, 4)
        self.assertEqual(self.claims(), [])

    def test_signals_nobody_else(self):
        """A file that names a process which holds no lock on it."""
        folder = os.path.join(self.place.folder, 'apxm')
        os.mkdir(folder, 0o700)
        other = self.place.start('sim', '--listen', '0')
        other.said('listening')
        path = os.path.join(folder, 'sim-127.0.0.1:1.pid')
        with open(path, 'w', encoding='ascii') as file:
            file.write('%d\n' % other.pid)
        self.assertEqual(self.stop(1).code, 4)
        self.assertTrue(other.is_running)
        other.send(signal.SIGTERM)
        self.assertEqual(other.wait().code, 0)

    def test_a_folder_that_others_can_write(self):
        folder = os.path.join(self.place.folder, 'apxm')
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        self.assertEqual(self.stop(1).code, 4)
        process = self.place.start('sim', '--listen', '0')
        process.said('will not find')
        process.said('listening')
        process.send(signal.SIGTERM)
        self.assertEqual(process.wait().code, 0)
        self.assertEqual(os.listdir(folder), [])

    def test_beyond_this_machine(self):
        process = self.place.start('sim', '--listen', '0.0.0.0:0')
        process.said('whoever can reach')
        process.send(signal.SIGTERM)
        self.assertEqual(process.wait().code, 0)

    def test_wrong_options(self):
        for words in (('--listen', 'x'), ('--listen', '70000'),
                      ('--listen', '1.2.3:80'), ('--listen', ''),
                      ('--listen', '::1:80'), ('word',),
                      ('--stop', '--listen', '0'), ('--stop', '--background'),
                      ('--latency', '1s', '--sim-profile', 'instant'),
                      ('--background', '--log', '-'),
                      ('--json', '--log', '-')):
            ran = self.place.run('sim', *words)
            self.assertEqual((ran.code, ran.stdout), (2, ''), words)
            self.assertEqual(ran.stderr.count('\n'), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True)
    parser.add_argument('--open', type=int, default=SETUP.open)
    parser.add_argument('tests', nargs='*')
    parser.parse_args(namespace=SETUP)
    unittest.main(argv=[sys.argv[0], *SETUP.tests])


if __name__ == '__main__':
    main()
