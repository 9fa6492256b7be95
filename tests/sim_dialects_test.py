#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The dialects of `apxm sim` that have paths and events of their own: messages
as Anthropic's API has them, generateContent as Google's.

    tests/sim_dialects_test.py --apxm build/apxm [TEST...]
"""

import argparse
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from processes import Place  # noqa: E402
from wire import Wire, chat  # noqa: E402

SETUP = argparse.Namespace(apxm=None)

MESSAGES = '/v1/messages'
GOOGLE = '/v1beta/models/%s:generateContent'
GOOGLE_STREAM = '/v1beta/models/%s:streamGenerateContent?alt=sse'
COLOUR = ('On "Name a colour." the common view holds up well. The exceptions '
          'are few, known, and worth naming one by one. Several independent '
          'parts can be settled side by side. A second opinion would cost '
          'little. [28a5510f]')


def named_events(answer):
    """The (name, document) pairs of a stream with names."""
    parts = answer.body.decode().split('\n\n')
    assert parts.pop() == '', answer.body
    pairs = []
    for part in parts:
        first, second = part.split('\n')
        assert first.startswith('event: ') and second.startswith('data: '), part
        pairs.append((first[7:], json.loads(second[6:])))
    return pairs


class Case(unittest.TestCase):

    def setUp(self):
        self.place = Place(SETUP.apxm)
        self.addCleanup(lambda: self.assertEqual(self.place.close(), []))
        self.server = self.place.sim()
        self.wire = Wire(self.server.port)
        self.addCleanup(self.wire.close)

    def document(self, path, body, code=200):
        answer = self.wire.ask(path, body)
        self.assertEqual(answer.code, code, answer.body)
        return answer.json()

    def prompts(self, count):
        return [(line['system'], line['prompt'], line['model'])
                for line in self.server.requests(count)]


class Anthropic(Case):

    def body(self, text='Name a colour.', **more):
        return chat(text, **dict({'max_tokens': 4096}, **more))

    def test_plain(self):
        self.assertEqual(self.document(MESSAGES, self.body()), {
            'id': 'msg_sim_1', 'type': 'message', 'role': 'assistant',
            'model': 'sim', 'content': [{'type': 'text', 'text': COLOUR}],
            'stop_reason': 'end_turn', 'stop_sequence': None,
            'usage': {'input_tokens': 4, 'output_tokens': 53,
                      'cache_creation_input_tokens': 0,
                      'cache_read_input_tokens': 0}})
        short = self.document(MESSAGES, self.body(max_tokens=8))
        self.assertEqual(short['stop_reason'], 'max_tokens')
        self.assertEqual(short['usage']['output_tokens'], 8)

    def test_system_and_parts(self):
        marked = {'type': 'text', 'text': 'Be brief.',
                  'cache_control': {'type': 'ephemeral'}}
        for system in ('Be brief.', [marked]):
            self.document(MESSAGES, self.body(system=system))
        self.assertEqual(self.prompts(2),
                         [('Be brief.', 'Name a colour.', 'sim')] * 2)

    def test_stream(self):
        answer = self.wire.ask(MESSAGES, self.body(stream=True))
        self.assertEqual(answer.headers['content-type'], 'text/event-stream')
        events = named_events(answer)
        self.assertTrue(all(name == document['type']
                            for name, document in events))
        names = [name for name, _ in events]
        self.assertEqual(names[:3], ['message_start', 'ping',
                                     'content_block_start'])
        self.assertEqual(names[-3:], ['content_block_stop', 'message_delta',
                                      'message_stop'])
        self.assertEqual(set(names[3:-3]), {'content_block_delta'})
        start = events[0][1]['message']
        self.assertEqual((start['usage']['input_tokens'], start['content'],
                          start['stop_reason']), (4, [], None))
        self.assertEqual(''.join(document['delta']['text']
                                 for _, document in events[3:-3]), COLOUR)
        self.assertEqual(events[-2][1]['delta']['stop_reason'], 'end_turn')
        self.assertEqual(events[-2][1]['usage'], {'output_tokens': 53})

    def test_thinking(self):
        thinking = {'type': 'enabled', 'budget_tokens': 1024}
        body = self.body(max_tokens=1032, thinking=thinking)
        document = self.document(MESSAGES, body)
        self.assertEqual([block['type'] for block in document['content']],
                         ['thinking', 'text'])
        self.assertEqual(document['usage']['output_tokens'], 8)
        events = named_events(self.wire.ask(MESSAGES, dict(body, stream=True)))
        kinds = [document['delta']['type'] for name, document in events
                 if name == 'content_block_delta']
        self.assertEqual(kinds[:3], ['thinking_delta', 'signature_delta',
                                     'text_delta'])
        for wrong in (dict(thinking, budget_tokens=1000),
                      dict(thinking, budget_tokens=1032)):
            error = self.document(MESSAGES, dict(body, thinking=wrong), 400)
            self.assertEqual(error['error']['type'], 'invalid_request_error')
            self.assertIn('budget_tokens', error['error']['message'])

    def test_errors(self):
        for missing in ('model', 'max_tokens', 'messages'):
            body = self.body()
            del body[missing]
            error = self.document(MESSAGES, body, 400)
            self.assertEqual(error['type'], 'error')
            self.assertIn(missing, error['error']['message'])
        self.assertEqual(
            self.wire.ask(MESSAGES).json()['error']['type'], 'not_found_error')


class Google(Case):

    def body(self, *texts, **more):
        parts = [{'text': text} for text in texts or ['Name a colour.']]
        return dict({'contents': [{'role': 'user', 'parts': parts}]}, **more)

    def test_plain(self):
        document = self.document(GOOGLE % 'sim', self.body())
        self.assertEqual(document, {
            'candidates': [{'index': 0, 'finishReason': 'STOP', 'content': {
                'role': 'model', 'parts': [{'text': COLOUR}]}}],
            'usageMetadata': {'promptTokenCount': 4, 'candidatesTokenCount': 53,
                              'totalTokenCount': 57},
            'modelVersion': 'sim', 'responseId': 'sim-1'})
        short = self.document(GOOGLE % 'sim', self.body(
            generationConfig={'maxOutputTokens': 8, 'temperature': 0.5,
                              'thinkingConfig': {'thinkingBudget': 0}}))
        self.assertEqual(short['candidates'][0]['finishReason'], 'MAX_TOKENS')

    def test_model_and_system(self):
        self.document(GOOGLE % 'gemini-large', self.body(
            'one', 'two', systemInstruction={'parts': [{'text': 'Be brief.'}]}))
        self.assertEqual(self.prompts(1),
                         [('Be brief.', 'onetwo', 'gemini-large')])

    def test_stream(self):
        answer = self.wire.ask(GOOGLE_STREAM % 'sim', self.body())
        self.assertEqual(answer.headers['content-type'], 'text/event-stream')
        events = [json.loads(event) for event in answer.events()]
        parts = [event['candidates'][0] for event in events]
        self.assertEqual(''.join(part['content']['parts'][0]['text']
                                 for part in parts), COLOUR)
        self.assertTrue(all('finishReason' not in part for part in parts[:-1]))
        self.assertEqual(parts[-1]['finishReason'], 'STOP')
        self.assertEqual(events[-1]['usageMetadata']['totalTokenCount'], 57)

    def test_errors(self):
        error = self.document(GOOGLE % 'sim', {}, 400)['error']
        self.assertEqual((error['code'], error['status']),
                         (400, 'INVALID_ARGUMENT'))
        path = (GOOGLE_STREAM % 'sim').split('?', maxsplit=1)[0]
        self.assertIn('alt=sse',
                      self.document(path, self.body(), 400)['error']['message'])
        self.assertEqual(
            self.document('/v1beta/models/:generateContent', self.body(), 404)[
                'error']['status'], 'NOT_FOUND')
        models = self.wire.ask('/v1beta/models').json()['models']
        self.assertEqual([model['name'] for model in models], ['models/sim'])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    options, words = parser.parse_known_args()
    vars(SETUP).update(vars(options))
    unittest.main(argv=sys.argv[:1] + words, verbosity=1)


if __name__ == '__main__':
    main()
