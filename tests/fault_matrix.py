#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The fault matrix: what becomes of a run when its server fails in each of the
ways that there are, how many requests that takes, and how long.

    tests/fault_matrix.py --apxm build/apxm [--slow] [ROW...]
    tests/fault_matrix.py --apxm build/apxm --write docs/reliability.md
    tests/fault_matrix.py --apxm build/apxm --check docs/reliability.md

Each row is a real run against an `apxm sim --faults` of its own, over sockets.
The least time that it may take is computed here, from the time-outs, from what
the server asks for, and from the waits that the retry seed determines; the most
is a tenth or 150 ms more. A busy machine can make a run late, so a row that
was late, and only late, is tried again. `--slow` is for a program that a
sanitizer slows down: then nothing is too late.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import re
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fault_rows import ROWS, SEED, FIRST, IDLE, TOTAL  # noqa: E402
from processes import CANARY_NAME, Place  # noqa: E402

SETUP = argparse.Namespace(apxm=None, slow=False)
TRIES = 6       # of a row that is late
AT_ONCE = 8     # rows
HANG_S = 1      # that a process may take beyond its run
MARKS = ('<!-- matrix -->\n', '<!-- end of the matrix -->\n')

PROGRAM = '''agent A {
    @entry flow main() -> str {
        ask("Name a colour.", max_tokens: 12) -> r
        return r
    }
}
'''
REPLY = 'On "Name a colour." the common view holds up'
MASK = (1 << 64) - 1


# ---- the waits -------------------------------------------------------------

def mix(value):
    """One step of splitmix64."""
    value = (value + 0x9e3779b97f4a7c15) & MASK
    value = ((value ^ value >> 30) * 0xbf58476d1ce4e5b9) & MASK
    value = ((value ^ value >> 27) * 0x94d049bb133111eb) & MASK
    return value ^ value >> 31


def jitter(attempt, arrival=1, seed=SEED):
    """The wait after an attempt, in seconds: uniform in 0 to 0.5 s, 1 s, ...
    """
    window = min(500_000_000 << (attempt - 1), 30_000_000_000)
    draw = mix((mix((mix(seed) + arrival) & MASK) + attempt) & MASK)
    return ((draw >> 35) * window >> 29) / 1e9


def least_time(row):
    """What the row takes at least: the attempts that run into a time-out, the
    waits between attempts, and what the fault itself takes."""
    spent = {'first_token_timeout': FIRST, 'idle_timeout': IDLE,
             'connect_timeout': row.connect, 'timed_out': row.total,
             'expired': row.total}
    seconds = row.takes + sum(spent.get(problem, 0) for problem in row.problems)
    waits = len(row.problems) - (0 if row.recovers else 1)
    for attempt in range(1, waits + 1):
        seconds += (row.wait if row.wait is not None and attempt == 1
                    else jitter(attempt))
    return seconds


def most_time(row):
    least = least_time(row)
    return least + max(least / 10, 0.15) + row.slack


# ---- one row ---------------------------------------------------------------

Seen = collections.namedtuple('Seen', 'requests outcome seconds wall wrong')


def configuration(row, url):
    total = TOTAL if row.outcome == 'expired' else row.total
    lines = ['backend: it', 'backends:', '  it:',
             '    provider: ' + row.provider, '    url: ' + url,
             '    model: sim', '    key: env:' + CANARY_NAME,
             '    stream: ' + ('true' if row.stream else 'false'),
             '    timeout:']
    lines += ['      %s: %dms' % (name, 1000 * seconds) for name, seconds in (
        ('connect', row.connect), ('first_token', FIRST), ('idle', IDLE),
        ('total', total))]
    return '\n'.join(lines) + '\n'


def full_queue():
    """A socket that listens and whose queue is full, so that whoever connects
    gets no answer; with those that fill it."""
    door = socket.socket()
    door.bind(('127.0.0.1', 0))
    door.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(door.getsockname())
        fillers.append(filler)
    return door, fillers


def url_of(row, server, door):
    port = door.getsockname()[1] if door else server.port
    tail = {'openai': '/v1', 'anthropic': '/v1', 'google': '/v1beta'}
    return '%s://127.0.0.1:%d%s' % (row.scheme, port,
                                    tail.get(row.provider, ''))


def problems_of(process, document):
    """The problem of each attempt that failed, from what is told with -v and
    from the report."""
    told = re.findall(r'attempt \d+ of \d+: (\w+): ', process.stderr)
    call = (document.get('failure') or {}).get('call') or {}
    reported = [attempt['problem'] for attempt in call.get('attempts', [])]
    return tuple(reported or told)


def outcome_of(process, document):
    if document['status'] == 'success':
        return 'ok' if process.code == 0 else 'exit %d' % process.code
    if document['status'] == 'expired':
        return 'expired'
    return document['failure']['code']


def are_those(problems, wanted):
    return len(problems) == len(wanted) and all(
        one in other.split('|') for one, other in zip(problems, wanted))


def judge(row, process, server):
    """What there is to say against a run but that it was late."""
    if not process.stdout:
        return Seen(0, '', 0, process.seconds, [
            'exit code %d, nothing on standard output' % process.code])
    document = json.loads(process.stdout)
    wrong = []
    outcome = outcome_of(process, document)
    problems = problems_of(process, document)
    if outcome != row.outcome:
        wrong.append('outcome %s, not %s' % (outcome, row.outcome))
    if outcome == 'ok' and document['result'] != REPLY:
        wrong.append('the reply is %r' % document['result'])
    if process.code != row.exit:
        wrong.append('exit code %d, not %d' % (process.code, row.exit))
    if row.outcome != 'expired' and not are_those(problems, row.problems):
        wrong.append('problems %s, not %s' % (problems, row.problems))
    requests = len(server.requests(row.requests)) if server else 0
    if requests != row.requests:
        wrong.append('%d requests, not %d' % (requests, row.requests))
    seconds = document['metrics']['execution']['duration_ms'] / 1000
    if seconds < least_time(row):
        wrong.append('%.3f s, less than %.3f' % (seconds, least_time(row)))
    return Seen(requests, outcome, seconds, process.seconds, wrong)


def run_row(row):
    place = Place(SETUP.apxm)
    server = door = None
    try:
        place.write('prog.ais', row.program or PROGRAM)
        if row.rules is None:
            door, fillers = full_queue()
        else:
            place.write('faults.jsonl', ''.join(
                json.dumps(rule) + '\n' for rule in row.rules))
            server = place.sim('--faults', 'faults.jsonl')
        place.write('.apxm/config.yaml',
                    configuration(row, url_of(row, server, door)))
        process = place.run('run', 'prog.ais', '--json', '-v', '--retry-seed',
                            SEED, *row.words)
        seen = judge(row, process, server)
        if door:
            for one in fillers + [door]:
                one.close()
    finally:
        secrets = place.close()
    if secrets:
        seen.wrong.append('the key is shown: %s' % secrets)
    if seen.wrong:
        seen.wrong.append('it said:\n' + process.stderr)
    return seen


def is_late(row, seen, start):
    return not SETUP.slow and (
        seen.seconds > most_time(row) or
        seen.wall > seen.seconds + start + HANG_S)


def try_row(row, start):
    """The row's run; again while nothing is wrong with it but that it was
    late."""
    for _ in range(TRIES):
        seen = run_row(row)
        if seen.wrong or not is_late(row, seen, start):
            return seen
    seen.wrong.append('%.3f s (the process %.3f s), more than %.3f' % (
        seen.seconds, seen.wall, most_time(row)))
    return seen


# ---- the table -------------------------------------------------------------

HEAD = ['fault', 'requests', 'what the attempts met', 'outcome', 'at least',
        'at most']


def counted(problems):
    """"3 x overloaded" of a list in which each is the same as the next."""
    parts = []
    for problem in problems:
        if parts and parts[-1][0] == problem:
            parts[-1][1] += 1
        else:
            parts.append([problem, 1])
    return ', '.join(('%d × ' % count if count > 1 else '')
                     + '`%s`' % problem.replace('|', '` or `')
                     for problem, count in parts)


def cells(row):
    outcome = {'ok': 'the reply', 'expired': 'exit 6'}.get(
        row.outcome, 'exit 1, `%s`' % row.outcome)
    return [row.name, str(row.requests), counted(row.problems) or '', outcome,
            '%.3f s' % least_time(row), '%.3f s' % most_time(row)]


def table(rows, seen=None):
    """Lines of the table, with the time that was measured if there is one."""
    head = HEAD + (['took'] if seen else [])
    lines = ['| %s |' % ' | '.join(head), '|---' * len(head) + '|']
    for row in rows:
        parts = cells(row)
        if seen:
            parts.append('%.3f s' % seen[row.name].seconds)
        lines.append('| %s |' % ' | '.join(parts))
    return lines


def parts_of_page(path):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    before, rest = text.split(MARKS[0])
    return before + MARKS[0], *rest.split(MARKS[1])


def write_page(path, rows, seen):
    before, _, after = parts_of_page(path)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(before + '\n'.join(table(rows, seen)) + '\n' + MARKS[1]
                   + after)


def check_page(path, rows):
    """The committed rows, without the times that were measured."""
    _, text, _ = parts_of_page(path)
    kept = ['|'.join(line.split('|')[:-2]) + '|' for line in
            text.strip('\n').split('\n')]
    return ['docs: %s' % line for line in set(table(rows)) ^ set(kept)]


def run_all(rows):
    start = max(run_row(ROWS[0]).wall for _ in range(3))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        pending = {row.name: pool.submit(try_row, row, start) for row in rows}
        return {name: future.result() for name, future in pending.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    parser.add_argument('--slow', action='store_true')
    parser.add_argument('--write', metavar='PAGE', help='write the table here')
    parser.add_argument('--check', metavar='PAGE', help='it must be the same')
    parser.add_argument('rows', nargs='*', help='only rows with these words')
    options = parser.parse_args()
    SETUP.apxm, SETUP.slow = options.apxm, options.slow
    rows = [row for row in ROWS if not options.rows
            or any(word in row.name for word in options.rows)]
    seen = run_all(rows)
    print('\n'.join(table(rows, seen)))
    wrong = ['%s: %s' % (name, text) for name, one in seen.items()
             for text in one.wrong]
    if options.check:
        wrong += check_page(options.check, rows)
    if options.write and not wrong:
        write_page(options.write, rows, seen)
    for line in wrong:
        print(line, file=sys.stderr)
    print('%d rows, %d wrong' % (len(rows), len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
