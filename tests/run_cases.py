#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the text-file cases: programs, replies, and what must come of them.

    tests/run_cases.py --apxm build/apxm [-j 2] [--update] [PATH or PATTERN...]

docs/testing.md describes the format. Each case runs in a temporary folder of
its own; what a step says on standard output and standard error must be exactly
what its sections say, and nothing where there is no section. The first fault
of each kind is shown as a difference. `--update` writes what really happened
into the case instead: read the change before you keep it.

Every case has a key in its environment, the canary, which must turn up in
nothing that apxm says or writes, whatever the case is about.
"""

import argparse
import concurrent.futures
import difflib
import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from processes import (CANARY, CANARY_NAME, KEPT_ENVIRONMENT,
                       configuration_above, files_with_canary, shows_canary)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADING = '=== '
RUNS_A_PROGRAM = ('run', 'execute')


class CaseError(Exception):
    """The case itself is written wrong."""


# ---- reading a case ----------------------------------------------------------

class Section:
    def __init__(self, line, kind, argument):
        self.line = line          # of the heading, from 1
        self.kind = kind
        self.argument = argument  # the rest of the heading
        self.lines = []           # as written, without the final blank one
        self.blank = False        # a blank line stood before the next heading

    def text(self):
        """The body as the bytes it stands for."""
        return ''.join(line + '\n' for line in expand(self.lines, self.line))

    def write(self):
        heading = (HEADING + self.kind + ' ' + self.argument).rstrip()
        return [heading] + self.lines + ([''] if self.blank else [])


class Step:
    """One command and what must come of it."""

    def __init__(self, section):
        self.section = section
        self.checks = []      # sections, in order
        self.stdin = ''
        self.terminal = False
        self.interrupt = None  # send SIGINT after so many lines
        self.close = None      # close standard output after so many lines
        self.attempts = 1      # how often it may be tried


class Case:
    def __init__(self, path):
        self.path = path
        self.story = []
        self.sections = []
        self.setup = []  # file, replies, env and project sections
        self.steps = []  # Step, or a `do` Section
        with open(path, encoding='utf-8') as file:
            self.read(file.read().split('\n'))
        self.sort()

    def read(self, lines):
        if lines and lines[-1] == '':
            lines.pop()
        for number, line in enumerate(lines, 1):
            if line.startswith(HEADING):
                words = line[len(HEADING):].split(None, 1)
                self.sections.append(Section(
                    number, words[0], words[1].strip() if words[1:] else ''))
            elif self.sections:
                self.sections[-1].lines.append(line)
            else:
                self.story.append(line)
        for section in self.sections:
            if section.lines and section.lines[-1] == '':
                section.lines.pop()
                section.blank = True
        if not any(line.startswith('# ') for line in self.story):
            raise CaseError('begins with no "# what this shows"')

    def sort(self):
        for section in self.sections:
            if section.kind in ('file', 'replies', 'env', 'project'):
                self.setup.append(section)
            elif section.kind in ('run', 'raw'):
                self.steps.append(Step(section))
            elif section.kind == 'do':
                self.steps.append(section)
            else:
                self.add_to_step(section)
        if not any(isinstance(step, Step) for step in self.steps):
            raise CaseError('runs nothing')

    def add_to_step(self, section):
        if not self.steps or not isinstance(self.steps[-1], Step):
            raise CaseError('line %d: "%s" before any run' % (
                section.line, section.kind))
        step = self.steps[-1]
        if section.kind == 'stdin':
            step.stdin = section.text()
        elif section.kind == 'terminal':
            step.terminal = True
        elif section.kind == 'interrupt':
            step.interrupt = number_in(section)
        elif section.kind == 'close':
            step.close = number_in(section)
        elif section.kind == 'attempts':
            step.attempts = number_in(section)
        elif section.kind in CHECKS:
            step.checks.append(section)
        else:
            raise CaseError('line %d: no section is called "%s"' % (
                section.line, section.kind))

    def write(self):
        lines = list(self.story)
        for section in self.sections:
            lines += section.write()
        with open(self.path, 'w', encoding='utf-8') as file:
            file.write('\n'.join(lines) + '\n')


def number_in(section):
    match = re.search(r'\d+', section.argument)
    if not match:
        raise CaseError('line %d: a number is needed' % section.line)
    return int(match.group())


def expand(lines, first):
    """`%repeat N` ... `%end`: the lines between, N times, $i counting from 0
    and $n from 1. A leading backslash hides a heading or a directive."""
    out = []
    block = None
    for number, line in enumerate(lines, first + 1):
        if line.startswith('%repeat '):
            count, block = int(line.split()[1]), []
        elif line == '%end' and block is not None:
            out += [inner.replace('$i', str(i)).replace('$n', str(i + 1))
                    for i in range(count) for inner in block]
            block = None
        else:
            if line.startswith('\\' + HEADING) or line.startswith('\\%'):
                line = line[1:]
            (out if block is None else block).append(line)
    if block is not None:
        raise CaseError('line %d: %%repeat without %%end' % first)
    return out


# ---- running a step ----------------------------------------------------------

class Outcome:
    def __init__(self):
        self.stdout = ''
        self.stderr = ''
        self.code = None   # exit code, or minus the signal
        self.requests = []
        self.late = False  # it ran past the time-out


class Runner:
    """One case in its folder."""

    def __init__(self, case, options, folder):
        self.case = case
        self.options = options
        self.folder = folder
        self.replies = None
        self.env = {name: value for name, value in os.environ.items()
                    if KEPT_ENVIRONMENT.match(name)}
        self.env.update(HOME=folder, LC_ALL='C.UTF-8', TERM='xterm')
        self.env[CANARY_NAME] = CANARY

    def path(self, name):
        path = os.path.normpath(os.path.join(self.folder, name))
        if not path.startswith(self.folder + os.sep):
            raise CaseError('"%s" is outside the folder of the case' % name)
        return path

    def prepare(self):
        for section in self.case.setup:
            if section.kind == 'env':
                for line in section.lines:
                    name, _, value = line.partition('=')
                    self.env[name] = value
                continue
            if section.kind == 'project':
                self.copy_of_project(section.argument)
                continue
            name = section.argument
            if section.kind == 'replies':
                name = self.replies = name or 'replies.jsonl'
            path = self.path(name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(section.text())

    def copy_of_project(self, name):
        source, target = os.path.join(ROOT, name), self.path(name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)

    def command(self, step, log):
        words = shlex.split(step.section.argument or 'execute prog.ais')
        if step.section.kind == 'run' and words[0] in RUNS_A_PROGRAM:
            extra = ['--request-log', log]
            if self.replies:
                extra += ['--replies', self.replies]
            if not any(word.startswith('--sim-profile') for word in words):
                extra += ['--sim-profile', 'instant']
            words[1:1] = extra
        return [self.options.apxm] + words

    def run(self, step, name):
        log = os.path.join(self.folder, '.requests-' + name)
        stderr, terminal = subprocess.PIPE, None
        if step.terminal:
            terminal, stderr = pty.openpty()
        process = subprocess.Popen(
            self.command(step, log), cwd=self.folder, env=self.env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        if terminal is not None:
            os.close(stderr)
        outcome = Outcome()
        pumps = [threading.Thread(target=body, args=(process, outcome, step))
                 for body in (feed, drain_stdout)]
        pumps.append(threading.Thread(target=drain_stderr, args=(
            process.stderr.fileno() if terminal is None else terminal,
            outcome)))
        for pump in pumps:
            pump.start()
        self.wait(process, outcome)
        for pump in pumps:
            pump.join()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
        if terminal is not None:
            os.close(terminal)
        outcome.code = process.returncode
        outcome.requests = read_requests(log)
        return outcome

    def wait(self, process, outcome):
        try:
            process.wait(timeout=self.options.timeout)
        except subprocess.TimeoutExpired:
            outcome.late = True
            process.kill()
            process.wait()


def feed(process, _, step):
    try:
        process.stdin.write(step.stdin.encode())
        process.stdin.close()
    except OSError:
        pass  # it did not want to read


def drain_stdout(process, outcome, step):
    """Reads; sends the signal or goes away when so many lines were there."""
    text = b''
    due = step.interrupt
    while step.close is None or text.count(b'\n') < step.close:
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            break
        text += piece
        if due is not None and text.count(b'\n') >= due:
            process.send_signal(signal.SIGINT)
            due = None
    else:
        process.stdout.close()
    outcome.stdout = decode(text)


def drain_stderr(descriptor, outcome):
    text = b''
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:  # how a terminal says that the other side has gone
            break
        if not piece:
            break
        text += piece
    outcome.stderr = decode(text.replace(b'\r\n', b'\n'))


def decode(data):
    return data.decode('utf-8', 'backslashreplace')


def read_requests(path):
    """In the order in which they ended, as the log has them."""
    try:
        with open(path, encoding='utf-8') as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []


def as_asked(requests):
    return sorted(requests, key=lambda request: request.get('seq', 0))


# ---- checking what came of it ------------------------------------------------

def differences(wanted, found, what):
    """Lines of a readable difference; none when they are equal."""
    if wanted == found:
        return []
    lines = list(difflib.unified_diff(
        wanted.splitlines(), found.splitlines(), 'expected ' + what,
        'found', lineterm='', n=3))
    if not lines:
        lines = ['%s differs in the final newline' % what]
    return lines


def must_occur(section, found, what):
    missing = [line for line in expand(section.lines, section.line)
               if line not in found]
    if not missing:
        return []
    return (['%s lacks what must occur:' % what]
            + ['  ' + line for line in missing] + ['it is:']
            + ['  ' + line for line in found.splitlines()])


def check_stream(name):
    def check(runner, section, outcome):
        found = getattr(outcome, name)
        if section.argument == 'contains':
            return must_occur(section, found, name)
        if section.argument == 'json':
            return check_document(section, found, name, name == 'stderr')
        return differences(section.text(), found, name)
    return check


def check_exit(runner, section, outcome):
    if outcome.code == number_in(section):
        return []
    return ['exit code %s, not %s' % (outcome.code, section.argument)]


def check_requests(runner, section, outcome):
    wanted = [json.loads(line) for line in
              expand(section.lines, section.line) if line]
    found = as_asked(outcome.requests)
    if section.argument == 'in order':
        fine = len(wanted) == len(found) and all(map(covers, found, wanted))
    else:
        fine = len(wanted) == len(found) and can_pair(wanted, found)
    if fine:
        return []
    return ['requests%s differ; they were:' % (
        ' (in order)' if section.argument else '')] + [
            '  ' + json.dumps(request, ensure_ascii=False)
            for request in found]


def covers(request, wanted):
    """Every field that is wanted is there and equal."""
    return all(request.get(name) == value for name, value in wanted.items())


def can_pair(wanted, found):
    """Whether each wanted request can have a found one of its own (augmenting
    paths: Kuhn 1955)."""
    owner = {}

    def place(i, tried):
        for j, request in enumerate(found):
            if j not in tried and covers(request, wanted[i]):
                tried.add(j)
                if j not in owner or place(owner[j], tried):
                    owner[j] = i
                    return True
        return False

    return all(place(i, set()) for i in range(len(wanted)))


def check_order(runner, section, outcome):
    requests = outcome.requests
    if section.argument != 'ended':
        requests = as_asked(requests)
    prompts = [request.get('prompt') for request in requests]
    faults = []
    for line in section.lines:
        at = 0
        for prompt in json.loads(line) if line else []:
            if prompt not in prompts[at:]:
                faults.append('not in this order: ' + line)
                break
            at = prompts.index(prompt, at) + 1
    return faults and faults + ['they were:'] + [
        '  ' + json.dumps(prompt, ensure_ascii=False) for prompt in prompts]


def check_json_file(runner, section, outcome):
    try:
        with open(runner.path(section.argument), encoding='utf-8') as file:
            return check_document(section, file.read(), section.argument)
    except FileNotFoundError:
        return ['no file %s was written' % section.argument]


def check_document(section, text, what, lines=False):
    """Each line of the section is a claim about a JSON document (or, with
    `lines`, about the list of one document a line)."""
    try:
        document = ([json.loads(line) for line in text.splitlines()]
                    if lines else json.loads(text))
    except ValueError as error:
        return ['%s is not JSON (%s):' % (what, error)] + text.splitlines()
    faults = []
    for line in section.lines:
        fault = check_claim(document, line) if line else None
        if fault:
            faults.append('%s: %s (%s)' % (what, line, fault))
    return faults


CLAIM = re.compile(r'^(\S+) +(==|!=|<=|>=|<|>|has|length|is) +(.*)$')
COMPARE = {
    '==': lambda a, b: a == b,
    '!=': lambda a, b: a != b,
    '<=': lambda a, b: a <= b,
    '>=': lambda a, b: a >= b,
    '<': lambda a, b: a < b,
    '>': lambda a, b: a > b,
    'has': lambda a, b: b in a,
    'length': lambda a, b: len(a) == b,
}
ABSENT = object()


def check_claim(document, line):
    """What is wrong with `path op value`; None when it is true. The value may
    be another path, written @path."""
    match = CLAIM.match(line)
    if not match:
        raise CaseError('not a claim: ' + line)
    path, op, right = match.groups()
    value = look_up(document, path)
    if op == 'is':
        return check_state(value, right)
    if value is ABSENT:
        return 'there is no such field'
    other = (look_up(document, right[1:]) if right.startswith('@')
             else json.loads(right))
    try:
        fine = COMPARE[op](value, other)
    except TypeError:
        fine = False
    return None if fine else 'it is %s' % json.dumps(value)


def check_state(value, state):
    if state not in ('absent', 'present', 'number', 'text'):
        raise CaseError('"is" what? absent, present, number or text')
    fine = {'absent': value is ABSENT, 'present': value is not ABSENT,
            'number': type(value) in (int, float),
            'text': isinstance(value, str)}[state]
    return None if fine else 'it is %s' % (
        'absent' if value is ABSENT else json.dumps(value))


def look_up(document, path):
    """`a.b[0].c`; `.` alone is the whole."""
    for name, index in re.findall(r'([^.\[\]]+)|\[(-?\d+)\]', path):
        try:
            document = document[int(index)] if index else document[name]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return document


def read_bytes(runner, name):
    with open(runner.path(name), 'rb') as file:
        return file.read()


def check_file(runner, section, outcome):
    try:
        found = decode(read_bytes(runner, section.argument))
    except FileNotFoundError:
        return ['no file %s was written' % section.argument]
    return differences(section.text(), found, section.argument)


def check_same(runner, section, outcome):
    a, b = section.argument.split()
    if read_bytes(runner, a) == read_bytes(runner, b):
        return []
    return ['%s and %s are not the same' % (a, b)]


def check_absent(runner, section, outcome):
    return ['%s is there' % name for name in section.argument.split()
            if os.path.lexists(runner.path(name))]


def check_present(runner, section, outcome):
    return ['%s is not there' % name for name in section.argument.split()
            if not os.path.exists(runner.path(name))]


CHECKS = {
    'stdout': check_stream('stdout'),
    'stderr': check_stream('stderr'),
    'exit': check_exit,
    'requests': check_requests,
    'order': check_order,
    'json': check_json_file,
    'is': check_file,
    'same': check_same,
    'absent': check_absent,
    'present': check_present,
}


def check_step(runner, step, outcome):
    """Faults, each a list of lines."""
    if outcome.late:
        return [['ran past the time-out; standard error was:',
                 outcome.stderr]]
    checks = list(step.checks)
    kinds = {section.kind for section in checks}
    for kind, argument in (('stdout', ''), ('stderr', ''), ('exit', '0')):
        if kind not in kinds:
            checks.append(Section(step.section.line, kind, argument))
    faults = [CHECKS[section.kind](runner, section, outcome)
              for section in checks]
    return [['line %d:' % section.line] + fault
            for section, fault in zip(checks, faults) if fault
            ] + check_canary(runner, step, outcome)


def check_canary(runner, step, outcome):
    """A key that only the environment knows must stay there."""
    seen = ['standard ' + name for name, text in
            (('output', outcome.stdout), ('error', outcome.stderr))
            if shows_canary(text.encode())]
    seen += files_with_canary(runner.folder)
    return [['line %d: the key in %s is shown by %s' % (
        step.section.line, CANARY_NAME, ', '.join(seen))]] if seen else []


# ---- what a case may do between two steps ------------------------------------

def do_truncate(runner, name, size):
    os.truncate(runner.path(name), int(size))


def do_flip(runner, name, offset):
    """Inverts one byte; a negative offset counts from the end."""
    data = bytearray(read_bytes(runner, name))
    data[int(offset)] ^= 0xff
    with open(runner.path(name), 'wb') as file:
        file.write(data)


def do_copy(runner, name, other):
    shutil.copy(runner.path(name), runner.path(other))


def do_remove(runner, name):
    os.remove(runner.path(name))


def do_mode(runner, name, mode):
    os.chmod(runner.path(name), int(mode, 8))


def do_folder(runner, name):
    os.mkdir(runner.path(name))


DEEDS = {'truncate': do_truncate, 'flip': do_flip, 'copy': do_copy,
         'remove': do_remove, 'mode': do_mode, 'folder': do_folder}


def do(runner, section):
    name, *words = section.argument.split()
    if name not in DEEDS:
        raise CaseError('line %d: cannot do "%s"' % (section.line, name))
    DEEDS[name](runner, *words)


# ---- writing what happened into the case -------------------------------------

def update_step(case, step, outcome):
    if outcome.late:
        return
    found = {'stdout': outcome.stdout, 'stderr': outcome.stderr}
    for name, text in found.items():
        sections = [s for s in step.checks if s.kind == name]
        if not sections and text:
            sections = [insert_section(case, step, name)]
        for section in sections:
            if section.argument == '' and section.text() != text:
                section.lines = hide(text)
                section.blank |= section.lines[-1:] == ['']
    for section in step.checks:
        if section.kind == 'requests' and check_requests(None, section,
                                                         outcome):
            section.lines = [json.dumps(
                {key: request[key] for key in ('op', 'prompt')
                 if key in request}, ensure_ascii=False)
                for request in as_asked(outcome.requests)]
    exits = [s for s in step.checks if s.kind == 'exit']
    if outcome.code != 0 and not exits:
        exits = [insert_section(case, step, 'exit')]
    for section in exits:
        section.argument = str(outcome.code)


def hide(text):
    lines = text[:-1].split('\n') if text.endswith('\n') else text.split('\n')
    return ['\\' + line if line.startswith((HEADING, '%')) else line
            for line in lines]


def insert_section(case, step, kind):
    section = Section(step.section.line, kind, '')
    last = step.checks[-1] if step.checks else step.section
    section.blank, last.blank = last.blank, False
    case.sections.insert(case.sections.index(last) + 1, section)
    step.checks.append(section)
    return section


# ---- all cases ---------------------------------------------------------------

def run_step(runner, step, index):
    for attempt in range(step.attempts):
        outcome = runner.run(step, '%d-%d' % (index, attempt))
        if runner.options.update:
            update_step(runner.case, step, outcome)
        faults = check_step(runner, step, outcome)
        if not faults:
            break
    return faults


def run_case(path, options):
    """(path, faults)."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix='apxm-case-'))
    try:
        case = Case(path)
        runner = Runner(case, options, folder)
        runner.prepare()
        faults = []
        for index, step in enumerate(case.steps):
            if isinstance(step, Section):
                do(runner, step)
                continue
            faults += run_step(runner, step, index)
        if options.update:
            case.write()
        return path, faults
    except (CaseError, ValueError, OSError, TypeError) as error:
        return path, [['%s: %s' % (type(error).__name__, error)]]
    finally:
        if options.keep:
            print('kept %s: %s' % (path, folder))
        else:
            shutil.rmtree(folder, ignore_errors=True)


def find_cases(words, root):
    """Files and folders stand for themselves; other words are patterns, one of
    which the path of a case must match."""
    paths = [word for word in words if os.path.exists(word)]
    patterns = [word for word in words if not os.path.exists(word)]
    if not paths:
        paths = [root]
    found = []
    for path in paths:
        if os.path.isfile(path):
            found.append(path)
        for folder, _, names in os.walk(path):
            found += [os.path.join(folder, name) for name in names
                      if name.endswith('.case')]
    return sorted(path for path in found
                  if not patterns or any(re.search(pattern, path)
                                         for pattern in patterns))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True, help='the program to test')
    parser.add_argument('-j', '--jobs', type=int, default=2)
    parser.add_argument('--timeout', type=float, default=60,
                        help='seconds for one step')
    parser.add_argument('--update', action='store_true')
    parser.add_argument('--keep', action='store_true',
                        help='leave the temporary folders')
    parser.add_argument('cases', nargs='*')
    options = parser.parse_args()
    options.apxm = os.path.abspath(options.apxm)
    paths = find_cases(options.cases, os.path.join(ROOT, 'tests', 'cases'))
    stray = configuration_above(os.path.realpath(tempfile.gettempdir()))
    if stray:
        sys.exit('%s would be found by every case; set TMPDIR' % stray)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path, faults in pool.map(lambda p: run_case(p, options), paths):
            if faults:
                failed += 1
                print('FAILED %s' % os.path.relpath(path))
                for fault in faults:
                    print('\n'.join('    ' + line for line in fault))
    print('%d cases, %d failed' % (len(paths), failed))
    return 1 if failed or not paths else 0


if __name__ == '__main__':
    sys.exit(main())
