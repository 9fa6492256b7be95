# SPDX-License-Identifier: MIT
"""Programs in texts: pieces of AIS made whole, and what is said of them.

A piece that has an agent, a type or an import at the beginning of a line is a
program, and so is graph JSON. One that begins with `flow`, `@` or what else an
agent holds is put into an agent. Any other is the inside of a flow with the
parameters of FLOW.
"""

import json
import os
import re
import subprocess

WHOLE = re.compile(r'^(agent|type|import)\b|\A\s*\{', re.M)
IN_AGENT = re.compile(
    r'\A\s*(@|(flow|memory|beliefs|goals|capability|context|tools'
    r'|discoverable|on)\b)')
AGENT = 'agent Main {\n%s}\n'
FLOW = AGENT % ('@entry flow main(topic: str, n: num, ready: bool,'
                ' names: list<str>, doc: json) {\n'
                'print(topic, n, ready, names, doc)\n%s}\n')
# What a piece may import and read.
FILES = {
    'style.ais': 'agent Style { flow plain(text: str) -> str '
                 '{ return ask("Plainly:", text) } }\n',
    'prompt.md': 'Be brief.\n',
}


def whole(text):
    if WHOLE.search(text):
        return text
    return (AGENT if IN_AGENT.match(text) else FLOW) % text


def prepare(folder):
    for name, text in FILES.items():
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
            file.write(text)


def check(apxm, folder, text):
    """The messages about a piece, and whether it compiles."""
    with open(os.path.join(folder, 'program.ais'), 'w',
              encoding='utf-8') as file:
        file.write(whole(text))
    done = subprocess.run(
        [os.path.abspath(apxm), 'check', '--error-format', 'json',
         'program.ais'],
        cwd=folder, capture_output=True, encoding='utf-8', check=False)
    if done.returncode not in (0, 3):
        raise RuntimeError('apxm check ended with %d: %s'
                           % (done.returncode, done.stderr))
    return ([json.loads(line) for line in done.stderr.splitlines()],
            done.returncode == 0)
