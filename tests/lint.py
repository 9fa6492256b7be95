#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules of docs/style.md that a program can check.

Reads every file of the project (what git tracks or would track; everything
but build/ where there is no git), prints one line a fault and exits 1 when
there is any. Which folder may include which is read from the house table in
docs/architecture.md, so that the table is the law. `--self-test` feeds the
rules small bad files and fails unless each is refused. The lengths of
functions and files are printed, so that a trend is seen before a cap is met.
"""

import argparse
import os
import re
import subprocess
import sys

COLUMNS = 80
COLUMNS_TABLE = 100
FILE_LINES = 900
HEADER_LINES = 120
FUNCTION_LINES = 80

# Headers that may be longer, each with its reason.
LONG_HEADERS = {
    'include/apxm.h': 'the public interface, which is its own manual',
    'core/object/format.h': 'the whole file format is drawn in one place',
    'compiler/front/ast.h': 'one tree, one header',
    'compiler/front/parse_int.h': 'one function an action of the grammar',
    'compiler/ir/ir.h': 'one graph, one header',
    'runtime/value/value.h': 'the inline half of the value representation',
    'runtime/engine/run.h': 'what the files of the engine share',
}

# Functions that may be longer: one case an opcode or a kind.
LONG_FUNCTIONS = {
}

# Generators' inputs: their functions are tables of rules.
RULE_FILES = ('.re', '.y')

C_FILES = ('.c', '.h', '.def', '.re', '.y', '.cc', '.cpp', '.hpp')
TEXT_FILES = C_FILES + ('.py', '.sh', '.md', '.txt', '.cmake', '.ais', '.case',
                        '.json', '.yaml', '.yml', '.pml', '')

SPDX = 'SPDX-License-Identifier: MIT'
# No comments in the format, or a text that is meant to be read by itself.
SPDX_FREE = ('.md', '.json', '.case', '.txt', '.ais')

BANNED_CALLS = {
    'strcpy': 'buf.h, or memcpy with a length',
    'strcat': 'buf.h',
    'sprintf': 'snprintf or buf.h',
    'vsprintf': 'vsnprintf or buf.h',
    'gets': 'fgets',
    'strtok': 'slices',
    'system': 'nothing: no shell',
    'popen': 'nothing: no shell',
    'atoi': 'a conversion that reports errors',
    'atof': 'a conversion that reports errors',
    'tmpnam': 'mkstemp',
    'mktemp': 'mkstemp',
    'rand': 'a generator with a seed of its own',
}

# Words that one file, or one folder, keeps to itself.
KEPT = [
    (r'\bpthread_|<pthread\.h>', 'core/base/thread.c', 'threads'),
    (r'\b(malloc|calloc|realloc)\s*\(', 'core/base/', 'the heap'),
    (r'\b(clock_gettime|gettimeofday|time)\s*\(', 'core/base/', 'time'),
]
# Peers, floors and users of the library stand on their own there.
KEPT_FREE = ('tests/', 'examples/')

# Pieces are joined here so that this file does not hold the words itself.
FORBIDDEN = [
    (re.compile('/(wo' 'rk|ro' 'ot)/'), 'a path of one machine'),
    (re.compile('/ho' 'me/[a-z]'), 'a path of one machine'),
    (re.compile(r'\.\./sha' 'red|\\bsha' 'red/'), 'a folder outside'),
    (re.compile(r'\b(pypi|npmjs|crates|registry|artifactory|nexus|mirror)'
                r'[a-z0-9.-]*\.(org|com|io|net|internal|local)\b'),
     'a package registry'),
    (re.compile(r'\b(TO' 'DO|FIX' 'ME|XX' 'X|HA' r'CK)\b'),
     'unfinished work'),
]

SLEEP = re.compile(r'\b(u?sleep|nanosleep|thrd_sleep)\s*\(?\s*[0-9.]')
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
CONDITIONAL = re.compile(r'^\s*#\s*(if|ifdef|ifndef|elif)\b(.*)$')


# ---- the house -------------------------------------------------------------

def read_house(text):
    """Rows of the house table: folder -> set of folders it may include.

    A row is `| `folder/` | words | names |`; a name stands for the row or
    rows whose folder it is or begins (`core` is all of core/), with what
    those may include. `all` is everything, `nothing` nothing."""
    direct = {}
    for line in text.split('\n'):
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
        match = re.match(r'^`([a-z/-]+)/`$', cells[0]) if cells else None
        if match and len(cells) >= 3:
            direct[match.group(1)] = [
                word.strip().strip('`').rstrip('/')
                for word in cells[2].split(',')]
    return {folder: closure(folder, direct) for folder in direct}


def closure(folder, direct):
    seen = {folder}
    todo = [folder]
    while todo:
        for name in direct[todo.pop()]:
            if name == 'all':
                return set(direct)
            if name == 'nothing':
                continue
            rows = [row for row in direct
                    if row == name or row.startswith(name + '/')]
            if not rows:
                raise ValueError('house table: no row called ' + name)
            todo += [row for row in rows if row not in seen]
            seen.update(rows)
    return seen


def room_of(path, house):
    """The row of the house a file lives in, or None."""
    rows = [row for row in house if path.startswith(row + '/')]
    return max(rows, key=len) if rows else None


# ---- reading C -------------------------------------------------------------

def strip_c(text, keep_strings=False):
    """Comments and the insides of literals blanked, lines kept."""
    out = []
    i = 0
    while i < len(text):
        two = text[i:i + 2]
        if two == '/*':
            end = text.find('*/', i + 2)
            end = len(text) if end < 0 else end + 2
            out.append(re.sub(r'[^\n]', ' ', text[i:end]))
        elif two == '//':
            end = text.find('\n', i)
            end = len(text) if end < 0 else end
            out.append(' ' * (end - i))
        elif text[i] in '"\'':
            end = i + 1
            while end < len(text) and text[end] not in (text[i], '\n'):
                end += 2 if text[end] == '\\' else 1
            end = min(end + 1, len(text))
            piece = text[i:end]
            out.append(piece if keep_strings
                       else text[i] + re.sub(r'[^\n]', ' ', piece[1:-1])
                       + text[i])
        else:
            end = i + 1
            out.append(text[i])
        i = end
    return ''.join(out)


def functions(code):
    """(name, first line, lines) of each function body in stripped code."""
    depth = 0
    head = ''
    head_line = name = None
    for number, line in enumerate(code.split('\n'), 1):
        if depth == 0 and line.lstrip().startswith('#'):
            continue
        for char in line:
            if depth == 0:
                if char in ';}':
                    head = ''
                    continue
                if char != '{':
                    if not head.strip():
                        head_line = number
                    head += char
                    continue
                name = function_name(head)
                head = ''
            depth += {'{': 1, '}': -1}.get(char, 0)
            if depth == 0 and name:
                yield name, head_line, number - head_line + 1
        if depth == 0:
            head += ' '


def function_name(head):
    """The name a function definition's head defines, or None."""
    if '=' in head or ')' not in head:
        return None
    if re.match(r'\s*(typedef|enum|union)\b', head):
        return None
    match = re.search(r'(\w+)\s*\(', head)
    return match.group(1) if match else None


# ---- rules: each yields (line, message) --------------------------------------

def rule_spdx(path, text):
    name = os.path.basename(path)
    if path.endswith(SPDX_FREE) or '.' not in name or name[0] == '.':
        return
    if SPDX not in '\n'.join(text.split('\n')[:3]):
        yield 1, 'no line "%s" at the top' % SPDX


def rule_columns(path, text):
    if not path.endswith(C_FILES + ('.py', '.sh', '.pml')):
        return
    limit = COLUMNS_TABLE if path.endswith('.def') else COLUMNS
    for number, line in enumerate(text.split('\n'), 1):
        if len(line) > limit:
            yield number, '%d columns, over %d' % (len(line), limit)
        if line != line.rstrip():
            yield number, 'white space at the end'
        if '\t' in line:
            yield number, 'a tab'


def rule_length(path, text):
    if not path.endswith(C_FILES + ('.py', '.sh')):
        return
    count = text.count('\n')
    if count > FILE_LINES:
        yield count, '%d lines, over %d' % (count, FILE_LINES)
    if (path.endswith('.h') and count > HEADER_LINES
            and path not in LONG_HEADERS):
        yield count, 'a header of %d lines, over %d' % (count, HEADER_LINES)


def rule_functions(path, text):
    if not path.endswith(C_FILES) or path.endswith(RULE_FILES):
        return
    for name, line, lines in functions(strip_c(text)):
        if lines > FUNCTION_LINES and (path, name) not in LONG_FUNCTIONS:
            yield line, '%s has %d lines, over %d' % (name, lines,
                                                      FUNCTION_LINES)


def rule_conditionals(path, text):
    if not path.endswith(C_FILES) or path.startswith('core/base/'):
        return
    lines = strip_c(text).split('\n')
    for number, line in enumerate(lines, 1):
        match = CONDITIONAL.match(line)
        if not match or is_guard(path, lines, number, match):
            continue
        if '__cplusplus' in match.group(2) and path.startswith('include/'):
            continue
        yield number, '#%s outside core/base' % match.group(1)


def is_guard(path, lines, number, match):
    """An include guard: the first directive, and the next line defines it."""
    following = lines[number] if number < len(lines) else ''
    earlier = any(line.lstrip().startswith('#') for line in lines[:number - 1])
    name = match.group(2).strip()
    return (path.endswith(('.h', '.hpp')) and match.group(1) == 'ifndef'
            and not earlier and following.split() == ['#define', name])


def rule_calls(path, text):
    if not path.endswith(C_FILES):
        return
    code = strip_c(text)
    for number, line in enumerate(code.split('\n'), 1):
        for match in re.finditer(r'(?<![\w.>])(\w+)\s*\(', line):
            if match.group(1) in BANNED_CALLS:
                yield number, '%s: use %s' % (
                    match.group(1), BANNED_CALLS[match.group(1)])
        if path.startswith(KEPT_FREE):
            continue
        for pattern, home, what in KEPT:
            if not path.startswith(home) and re.search(pattern, line):
                yield number, '%s: only %s deals with %s' % (
                    line.strip(), home, what)


def rule_sleeps(path, text):
    if not path.startswith('tests/') or path.endswith('.md'):
        return
    for number, line in enumerate(text.split('\n'), 1):
        if SLEEP.search(line):
            yield number, 'sleeps a fixed time: wait for the event instead'


def rule_words(path, text):
    if path.endswith('tests/lint.py'):
        return
    for number, line in enumerate(text.split('\n'), 1):
        for pattern, what in FORBIDDEN:
            if pattern.search(line):
                yield number, '%s: %s' % (what, line.strip()[:60])


RULES = [rule_spdx, rule_columns, rule_length, rule_functions,
         rule_conditionals, rule_calls, rule_sleeps, rule_words]


def rule_layers(path, text, house):
    if not path.endswith(C_FILES):
        return
    room = room_of(path, house)
    if room is None:
        yield 1, 'lives in no room of the house table in docs/architecture.md'
        return
    for match in INCLUDE.finditer(strip_c(text, keep_strings=True)):
        line = text.count('\n', 0, match.start(1)) + 1
        target = match.group(1)
        other = room_of(target, house)
        if '/' not in target:
            if os.path.splitext(target)[0] not in ('grammar', 'lexer'):
                yield line, 'include with the folder: "%s"' % target
        elif other is None:
            yield line, 'include of no room of the house: "%s"' % target
        elif other not in house[room]:
            yield line, '%s/ may not include %s/' % (room, other)


LINK = re.compile(r'\]\(([^)#:]+)(?:#[^)]*)?\)')
NAME = re.compile(r'`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)(?:\(\))?`')


def check_documents(files):
    """Links that lead nowhere, and names that no source knows any more."""
    paths = {path for path, _ in files}
    folders = {os.path.dirname(path) for path in paths}
    words = set()
    for path, text in files:
        if not path.endswith('.md'):
            words.update(re.findall(r'\w+', text))
    for path, text in files:
        if not path.endswith('.md'):
            continue
        for number, line in enumerate(text.split('\n'), 1):
            for target in LINK.findall(line):
                full = os.path.normpath(os.path.join(os.path.dirname(path),
                                                     target))
                if full not in paths and full not in folders:
                    yield '%s:%d: link to nowhere: %s' % (path, number, target)
            for name in NAME.findall(line):
                if name not in words:
                    yield '%s:%d: nothing is called %s' % (path, number, name)


def check(path, text, house):
    faults = [fault for rule in RULES for fault in rule(path, text)]
    faults += rule_layers(path, text, house)
    return ['%s:%d: %s' % (path, line, message)
            for line, message in sorted(faults)]


# ---- the project -------------------------------------------------------------

def project_files(root):
    """Paths relative to the root, of text files only."""
    command = ['git', '-C', root, 'ls-files', '--cached', '--others',
               '--exclude-standard']
    try:
        listed = subprocess.run(command, capture_output=True, text=True,
                                check=True).stdout.split('\n')
    except (OSError, subprocess.CalledProcessError):
        listed = [os.path.relpath(os.path.join(folder, name), root)
                  for folder, _, names in os.walk(root) for name in names]
    for path in sorted(set(listed)):
        parts = path.split('/')
        if (path and parts[0] != '.git' and not parts[0].startswith('build')
                and os.path.splitext(path)[1] in TEXT_FILES
                and os.path.isfile(os.path.join(root, path))):
            yield path


def read(root, path):
    try:
        with open(os.path.join(root, path), encoding='utf-8') as file:
            return file.read()
    except UnicodeDecodeError:
        return None  # a seed of a fuzzer, say


def percentile(values, fraction):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * fraction))]


def print_figures(root, files):
    lengths = []
    sizes = []
    for path, text in files:
        if path.endswith('.c') and not path.startswith('tests/'):
            sizes.append(text.count('\n'))
            lengths += [(lines, name, path)
                        for name, _, lines in functions(strip_c(text))]
    if not lengths:
        return
    lines = [entry[0] for entry in lengths]
    print('functions: %d, lines: median %d, p75 %d, p90 %d, longest %d (%s)'
          % (len(lines), percentile(lines, .5), percentile(lines, .75),
             percentile(lines, .9), max(lines), max(lengths)[1]))
    print('.c files: %d, lines: median %d, longest %d'
          % (len(sizes), percentile(sizes, .5), max(sizes)))


def lint(root):
    house = read_house(read(root, 'docs/architecture.md'))
    files = [(path, read(root, path)) for path in project_files(root)]
    files = [(path, text) for path, text in files if text is not None]
    faults = [fault for path, text in files
              for fault in check(path, text, house)]
    faults += check_documents(files)
    for fault in faults:
        print(fault)
    print_figures(root, files)
    print('%d files, %d faults' % (len(files), len(faults)))
    return 1 if faults or not files else 0


# ---- self-test ---------------------------------------------------------------

HOUSE = '''
| folder | what | may include |
|---|---|---|
| `core/base/` | a | nothing |
| `core/object/` | b | `core/base` |
| `runtime/value/` | c | `core` |
| `runtime/io/` | d | `runtime/value` |
| `tests/` | e | all |
'''

HEAD = '/* ' + SPDX + '\n *\n * A story.\n */\n'

BAD = [  # (path, text, what the fault must say)
    ('core/base/a.c', 'int x;\n', 'no line "SPDX'),
    ('core/base/a.c', HEAD + 'int x; /* ' + 'y' * 80 + ' */\n', 'columns'),
    ('core/base/a.def', HEAD + '/* ' + 'y' * 100 + ' */\n', 'over 100'),
    ('core/base/a.c', HEAD + 'int x; \n', 'white space'),
    ('core/base/a.c', HEAD + '\tint x;\n', 'a tab'),
    ('core/base/a.c', HEAD + 'int x;\n' * 900, 'over 900'),
    ('core/base/a.h', HEAD + 'int x;\n' * 120, 'a header of'),
    ('core/base/a.c', HEAD + 'int f(int a) {\n' + '  a++;\n' * 80 + '}\n',
     'f has 82 lines'),
    ('core/base/a.c', HEAD + 'static struct A *\nlong_one(struct B *b)\n{\n'
     + '  x++;\n' * 80 + '}\n', 'long_one has'),
    ('core/object/a.c', HEAD + '#if defined(X)\n#endif\n', '#if outside'),
    ('core/object/a.c', HEAD + '#ifdef X\n#endif\n', '#ifdef outside'),
    ('core/object/a.h', HEAD + '#ifndef A\n#define A\n#ifndef B\n#define B\n'
     '#endif\n#endif\n', '#ifndef outside'),
    ('core/object/a.c', HEAD + 'void f(void) { strcpy(a, b); }\n', 'strcpy'),
    ('core/object/a.c', HEAD + 'void f(void) { x = system("ls"); }\n',
     'system'),
    ('core/object/a.c', HEAD + 'void f(void) { pthread_yield(); }\n',
     'core/base/thread.c deals'),
    ('core/object/a.c', HEAD + '#include <pthread.h>\n',
     'core/base/thread.c deals'),
    ('core/object/a.c', HEAD + 'void f(void) { malloc(1); }\n', 'the heap'),
    ('core/object/a.c', HEAD + 'void f(void) { time(NULL); }\n', 'with time'),
    ('tests/a.c', HEAD + 'void f(void) { sle' 'ep(1); }\n', 'fixed time'),
    ('tests/a.sh', '# ' + SPDX + '\nsle' 'ep 2\n', 'fixed time'),
    ('docs/a.md', 'see /wo' 'rk/main\n', 'path of one machine'),
    ('docs/a.md', 'from pypi' '.org\n', 'registry'),
    ('core/base/a.c', HEAD + '/* TO' 'DO: more */\n', 'unfinished'),
    ('core/base/a.c', HEAD + '#include "core/object/b.h"\n',
     'core/base/ may not include core/object/'),
    ('core/object/a.c', HEAD + '#include "runtime/value/b.h"\n',
     'may not include'),
    ('runtime/value/a.c', HEAD + '#include "runtime/io/b.h"\n',
     'may not include'),
    ('runtime/value/a.c', HEAD + '#include "b.h"\n', 'with the folder'),
    ('runtime/value/a.c', HEAD + '#include "attic/b.h"\n', 'no room'),
    ('attic/a.c', HEAD + 'int x;\n', 'no room'),
]

GOOD = [
    ('core/base/a.c', HEAD + '#if X\n#endif\nint f(void) { return 0; }\n'),
    ('core/base/thread.c', HEAD + 'void f(void) { pthread_yield(); }\n'),
    ('core/object/a.h', HEAD + '#ifndef A\n#define A\nint x;\n#endif\n'),
    ('core/object/a.c', HEAD + '/* system() */ char *s = "system(";\n'
     'void f(void) { a->system(1); my_system(2); }\n'),
    ('runtime/io/a.c', HEAD + '#include "core/base/b.h"\n'
     '#include "runtime/value/v.h"\n'),
    ('core/base/a.c', HEAD + 'static const int table[] = {\n'
     + '  f(1),\n' * 90 + '};\n'),
    ('tests/a.c', HEAD + '#include "runtime/io/b.h"\n'),
    ('docs/a.md', 'Words.\n'),
]


DOCUMENTS = [
    ('a/x.c', 'int known_name;\n'),
    ('a/y.md', '[dead](z.md)\n[alive](x.c) [up](../a) [out](https://a.b)\n'
     '`known_name` `known_name()` `lost_name`\n'),
]


def self_test():
    house = read_house(HOUSE)
    failures = []
    for path, text, expected in BAD:
        faults = check(path, text, house)
        if not any(expected in fault for fault in faults):
            failures.append('not refused (%s): %s %r' % (expected, path,
                                                         faults))
    for path, text in GOOD:
        for fault in check(path, text, house):
            failures.append('refused: ' + fault)
    found = list(check_documents(DOCUMENTS))
    if [fault.split(':')[1] for fault in found] != ['1', '3']:
        failures.append('documents: %r' % found)
    for failure in failures:
        print(failure)
    print('%d bad and %d good snippets, %d failures'
          % (len(BAD), len(GOOD), len(failures)))
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--root', default=os.path.dirname(
        os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument('--self-test', action='store_true')
    options = parser.parse_args()
    return self_test() if options.self_test else lint(options.root)


if __name__ == '__main__':
    sys.exit(main())
