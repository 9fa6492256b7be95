# SPDX-License-Identifier: MIT
"""The rows of the fault matrix (fault_matrix.py): the rules that the server
gets, and what must come of it."""

SEED = 2005     # of the waits between attempts; it makes them short
FIRST = 0.6     # seconds: the time-outs of every row
IDLE = 0.3
CONNECT = 2
TOTAL = 20

CAUGHT = '''agent A {
    @entry flow main() -> str {
        ask("Name a colour.", max_tokens: 12, timeout: 400ms) -> r
        return r
    }
}
'''


class Row:
    """What must come of a run. `problems` are those of the attempts that fail;
    the last one's is the call's, unless it `recovers`. Where it hangs on a
    moment whether the one or the other is seen, a `|` stands between them."""

    def __init__(self, name, rules, problems=(), **more):
        self.name = name
        self.rules = [rules] if isinstance(rules, dict) else rules
        self.problems = [problems] if isinstance(problems, str) else problems
        self.recovers = more.pop('recovers', False)
        self.outcome = more.pop('outcome', 'ok')
        self.exit = {'ok': 0, 'expired': 6}.get(self.outcome, 1)
        self.requests = more.pop('requests', len(self.problems)
                                 + (1 if self.outcome == 'ok' else 0))
        self.takes = more.pop('takes', 0)      # seconds: the fault itself
        self.wait = more.pop('wait', None)     # what the server asks for
        self.connect = more.pop('connect', CONNECT)
        self.total = more.pop('total', TOTAL)
        self.provider = more.pop('provider', 'openai')
        self.stream = more.pop('stream', True)
        self.scheme = more.pop('scheme', 'http')
        self.program = more.pop('program', None)
        self.words = more.pop('words', ())
        self.slack = more.pop('slack', 0)      # seconds: much to read
        assert not more, more


def once(name, rule, problem, **more):
    """It happens once, and the next attempt gets the reply."""
    return Row(name, dict(rule, times=1), [problem], recovers=True, **more)


def always(name, rule, problem, outcome='model_failed', **more):
    """It happens to each of the four attempts."""
    return Row(name, rule, [problem] * 4, outcome=outcome, **more)


def final(name, rule, problem, outcome='model_failed', **more):
    """Nothing would change with another attempt, so there is none."""
    return Row(name, rule, [problem], outcome=outcome, **more)


def status(code, **more):
    return dict({'fault': 'status', 'status': code}, **more)


def garbage(form):
    return {'fault': 'garbage', 'form': form}


CONNECTIONS = [
    Row('none', []),
    always('nobody listens', {'fault': 'refuse'}, 'unreachable',
           'unreachable', requests=0),
    Row('nobody listens for a while',
        [{'fault': 'reset', 'times': 1},
         {'fault': 'refuse', 'from': 2, 'ms': 330}],
        ['cut_off', 'unreachable'], recovers=True, requests=2),
    Row('nobody accepts: the queue is full', None, ['connect_timeout'] * 4,
        outcome='unreachable', connect=0.4, requests=0),
    always('https to a server without TLS', {'fault': 'headers'}, 'tls',
           'unreachable', scheme='https', requests=0, connect=30, slack=1),
    once('reset as it is accepted', {'fault': 'reset', 'at': 'accept'},
         'cut_off|unreachable'),
    once('closed as it is accepted', {'fault': 'close', 'at': 'accept'},
         'cut_off'),
    once('silent as it is accepted', {'fault': 'stall', 'at': 'accept'},
         'first_token_timeout'),
    Row('accepted slowly', {'fault': 'stall', 'at': 'accept', 'ms': 250,
                            'times': 1}, takes=0.25),
]

CUTS = [
    once('reset after the request', {'fault': 'reset'}, 'cut_off'),
    always('reset after each request', {'fault': 'reset'}, 'cut_off'),
    once('closed after the request', {'fault': 'close'}, 'cut_off'),
    once('reset in the status line',
         {'fault': 'reset', 'at': 'request', 'bytes': 10}, 'cut_off'),
    once('closed in the header',
         {'fault': 'close', 'at': 'request', 'bytes': 30}, 'cut_off'),
    once('reset after the header', {'fault': 'reset', 'at': 'header'},
         'cut_off'),
    once('reset in the stream', {'fault': 'reset', 'events': 4}, 'cut_off'),
    once('reset in an event', {'fault': 'reset', 'bytes': 700}, 'cut_off'),
    once('closed in the stream', {'fault': 'close', 'events': 4}, 'cut_off'),
    once('closed before the last event',
         {'fault': 'close', 'events': -3}, 'cut_off'),
    once('reset in the document', {'fault': 'reset', 'bytes': 100}, 'cut_off',
         stream=False),
    once('closed in the document', {'fault': 'close', 'bytes': 100},
         'cut_off', stream=False),
    once('document without its last byte',
         {'fault': 'close', 'bytes': -1}, 'cut_off', stream=False),
]

SILENCE = [
    once('silent before the answer', {'fault': 'stall'},
         'first_token_timeout'),
    always('always silent', {'fault': 'stall'}, 'first_token_timeout',
           'timed_out'),
    once('silent after the header', {'fault': 'stall', 'at': 'header'},
         'first_token_timeout'),
    once('silent in the stream', {'fault': 'stall', 'events': 4},
         'idle_timeout'),
    once('silent in the document', {'fault': 'stall', 'bytes': 100},
         'idle_timeout', stream=False),
    final('silent, with a time-out of the call', {'fault': 'stall'},
          'timed_out', 'timed_out', program=CAUGHT, total=0.4),
    final('silent, with a time-out of the backend', {'fault': 'stall'},
          'timed_out', 'timed_out', stream=False, total=0.5),
    Row('silent, with a deadline', {'fault': 'stall'}, ['expired'],
        outcome='expired', total=0.5, words=('--deadline', '500ms')),
    Row('slow to answer', {'fault': 'stall', 'ms': 400, 'times': 1},
        takes=0.4),
    Row('slow in the stream', {'fault': 'stall', 'events': 4, 'ms': 200,
                               'times': 1}, takes=0.2),
    Row('every byte alone', {'fault': 'split'}),
    Row('every byte alone, a document', {'fault': 'split'}, stream=False),
    Row('drip', {'fault': 'drip', 'at': 'header', 'piece': 500, 'ms': 20,
                 'times': 1}, takes=0.08),
    once('drip, too slowly', {'fault': 'drip', 'ms': 50},
         'first_token_timeout'),
    once('pings for ever', {'fault': 'pings', 'ms': 20},
         'first_token_timeout'),
    once('pings for ever after some text',
         {'fault': 'pings', 'events': 4, 'ms': 20}, 'idle_timeout'),
    once('pings for ever of anthropic', {'fault': 'pings', 'ms': 20},
         'first_token_timeout', provider='anthropic'),
    once('blank lines for ever of ollama',
         {'fault': 'pings', 'events': 2, 'ms': 20}, 'idle_timeout',
         provider='ollama'),
]

ENDS = [
    once('clean end without a finish mark, openai', {'fault': 'no_finish'},
         'cut_off'),
    once('clean end without a finish mark, ollama', {'fault': 'no_finish'},
         'cut_off', provider='ollama'),
    once('clean end without a finish mark, anthropic', {'fault': 'no_finish'},
         'cut_off', provider='anthropic'),
    once('clean end without a finish mark, google', {'fault': 'no_finish'},
         'cut_off', provider='google'),
    once('stream cut with a clean end', {'fault': 'truncate', 'events': 5},
         'cut_off'),
    once('document cut with a clean end', {'fault': 'truncate', 'bytes': 60},
         'cut_off', stream=False),
    once('document cut, length of the whole',
         {'fault': 'truncate', 'bytes': 60, 'framing': 'length'}, 'cut_off',
         stream=False),
    once('stream cut, last chunk missing',
         {'fault': 'truncate', 'events': 5, 'framing': 'chunked'}, 'cut_off'),
    once('stream cut, no length',
         {'fault': 'truncate', 'events': 5, 'framing': 'none'}, 'cut_off'),
    once('empty stream', {'fault': 'empty'}, 'cut_off'),
    once('empty document', {'fault': 'empty'}, 'cut_off', stream=False),
    once('length too long', {'fault': 'length', 'by': 10}, 'idle_timeout',
         stream=False),
    once('length too short', {'fault': 'length', 'by': -10}, 'cut_off',
         stream=False),
]

NONSENSE = [
    final('random bytes', garbage('bytes'), 'unexpected'),
    final('another protocol', garbage('text'), 'unexpected'),
    final('TLS on the plain port', garbage('tls'), 'unexpected'),
    final('broken header line', garbage('field'), 'unexpected'),
    final('broken chunk', garbage('chunk'), 'unexpected'),
    final('broken JSON', garbage('json'), 'unexpected', stream=False),
    final('broken JSON in the stream', garbage('json'), 'unexpected'),
    final('binary document', garbage('binary'), 'unexpected', stream=False),
    final('a web page', garbage('html'), 'unexpected', stream=False),
    final('a reply without an end', {'fault': 'flood', 'form': 'body'},
          'too_large', slack=10),
    final('a line without an end', {'fault': 'flood', 'form': 'line'},
          'too_large', slack=2),
    final('a header without an end', {'fault': 'flood', 'form': 'header'},
          'too_large', slack=1),
]

CODES = (
    [once('%d' % code, status(code), problem) for code, problem in (
        (408, 'server_error'), (409, 'server_error'), (425, 'server_error'),
        (429, 'rate_limited'), (500, 'server_error'), (502, 'server_error'),
        (503, 'overloaded'), (504, 'server_error'), (529, 'overloaded'))]
    + [always('429, always', status(429), 'rate_limited', 'rate_limited'),
       always('503, always', status(503), 'overloaded'),
       once('429, Retry-After: 1', status(429, retry_after=1), 'rate_limited',
            wait=1),
       once('429, retry-after-ms: 120', status(429, retry_after_ms=120),
            'rate_limited', wait=0.12),
       once('503, Retry-After: 0', status(503, retry_after=0), 'overloaded',
            wait=0),
       once('429, Retry-After: a date 2 s ahead',
            status(429, retry_after_date=2), 'rate_limited', wait=1, slack=1),
       final('429, Retry-After: 100, more than there is time',
             status(429, retry_after=100), 'rate_limited', 'rate_limited')]
    + [final('%d' % code, status(code), problem) for code, problem in (
        (400, 'refused'), (401, 'unauthorized'), (403, 'unauthorized'),
        (404, 'refused'), (413, 'refused'), (422, 'refused'))]
    + [final('redirect', status(307, headers={'Location': '/v1/elsewhere'}),
             'refused')])

INSIDE = [
    once('overloaded in the stream, openai',
         {'fault': 'stream_error', 'events': 4}, 'overloaded'),
    once('overloaded in the stream, anthropic',
         {'fault': 'stream_error', 'events': 4}, 'overloaded',
         provider='anthropic'),
    once('overloaded in the stream, google',
         {'fault': 'stream_error', 'events': 4, 'status': 503}, 'overloaded',
         provider='google'),
    once('rate limit in the stream, openai',
         {'fault': 'stream_error', 'events': 4, 'status': 429},
         'rate_limited'),
    once('server error in the stream, openai',
         {'fault': 'stream_error', 'events': 4, 'status': 500},
         'server_error'),
    final('bad request in the stream, anthropic',
          {'fault': 'stream_error', 'events': 4, 'status': 400}, 'refused',
          provider='anthropic'),
    once('overloaded instead of a document', {'fault': 'stream_error'},
         'overloaded', stream=False),
    once('overloaded, anthropic: 529', status(529), 'overloaded',
         provider='anthropic'),
    once('overloaded, google: 503', status(503), 'overloaded',
         provider='google'),
]

ROWS = CONNECTIONS + CUTS + SILENCE + ENDS + NONSENSE + CODES + INSIDE
assert len({row.name for row in ROWS}) == len(ROWS)
