#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The case runner on trial: right cases must pass, wrong ones must fail.

Stands a small script in for apxm, and runs cases against it that differ in one
section each. A runner that lets a wrong case through would make every other
case worthless.
"""

import os
import subprocess
import sys
import tempfile

FAKE = '''#!/bin/sh
command=$1
[ "$2" = --request-log ] && log=$3
echo "out $command"
echo "err" >&2
case $command in
  execute)
    echo '{"seq":2,"op":"ask","prompt":"two","system":"s"}' >> "$log"
    echo '{"seq":1,"op":"ask","prompt":"one"}' >> "$log"
    echo '{"a":{"b":[1,"x"]}}' > m.json
    exit 3 ;;
  hang) exec tail -f /dev/null ;;
  copy) cat ;;
  twice) [ -e again ] || { touch again; exit 1; } ;;
  die) kill -SEGV $$ ;;
  leak) echo "$APXM_TEST_CANARY_KEY" ;;
  keep) echo "key $APXM_TEST_CANARY_KEY" > kept.txt ;;
  run)
    trap 'exit 130' INT
    while :; do :; done ;;
  talk)
    trap 'exit 0' PIPE
    while echo more; do :; done 2> /dev/null ;;
esac
'''

RUN = '''# A case.

=== file x
text
=== run execute prog.ais
=== stdout
out execute
=== stderr
err
=== exit 3
'''
OTHER = '# A case.\n=== raw %s\n=== stdout\nout %s\n=== stderr\nerr\n'

PASS = [
    RUN,
    RUN + '=== requests\n{"prompt": "two"}\n{"prompt": "one"}\n',
    RUN + '=== requests in order\n{"op": "ask"}\n{"system": "s"}\n',
    RUN + '=== order\n["one", "two"]\n',
    RUN + '=== json m.json\na.b length 2\na.b[0] == 1\na.b[1] has "x"\n'
    'a.b[0] < 2\na.c is absent\na.b[0] is number\na.b[0] <= @a.b[0]\n',
    RUN + '=== is x\ntext\n=== same x x\n=== absent y\n=== present x m.json\n',
    RUN + '=== stdout contains\nexec\n',
    '# A.\n=== raw copy\n=== stdin\nmore\n=== stdout\nout copy\nmore\n'
    '=== stderr\nerr\n',
    '# A.\n=== run run\n=== interrupt after 1 lines\n=== stdout\nout run\n'
    '=== stderr\nerr\n=== exit 130\n',
    '# A.\n=== raw talk\n=== close stdout after 2 lines\n=== stdout contains\n'
    'out talk\nmore\n=== stderr\nerr\n=== exit 0\n',
    '# A.\n=== env\nA=1\n=== do folder f\n=== raw copy\n=== terminal\n'
    '=== stdout\nout copy\n=== stderr\nerr\n',
    OTHER % ('twice', 'twice') + '=== attempts 2\n',
    OTHER % ('x', 'x') + '\n=== raw y\n=== stdout\nout y\n=== stderr\nerr\n',
]
FAIL = [
    '# A.\n=== raw leak\n=== stdout contains\nout leak\n=== stderr\nerr\n',
    OTHER % ('keep', 'keep'),
    RUN.replace('out execute', 'out'),
    RUN.replace('out execute', 'out execute\n\n'),
    RUN.replace('err\n', 'error\n'),
    RUN.replace('=== exit 3\n', ''),
    RUN.replace('=== exit 3', '=== exit 4'),
    RUN.replace('=== stdout\nout execute\n', ''),
    RUN.replace('=== stderr\nerr\n', ''),
    RUN + '=== requests\n{"prompt": "one"}\n',
    RUN + '=== requests\n',
    RUN + '=== requests\n{"prompt": "one"}\n{"prompt": "one"}\n',
    RUN + '=== requests in order\n{"prompt": "two"}\n{"prompt": "one"}\n',
    RUN + '=== order\n["two", "one"]\n',
    RUN + '=== order\n["one", "three"]\n',
    RUN + '=== json m.json\na.b[0] == 2\n',
    RUN + '=== json m.json\na.c == 2\n',
    RUN + '=== json m.json\na.b[1] < 2\n',
    RUN + '=== json m.json\na.b is absent\n',
    RUN + '=== json m.json\nnonsense\n',
    RUN + '=== json none.json\na == 1\n',
    RUN + '=== is x\nother\n',
    RUN + '=== same x m.json\n',
    RUN + '=== absent x\n',
    RUN + '=== present y\n',
    RUN + '=== stdout contains\nnot there\n',
    RUN + '=== stdout json\na == 1\n',
    RUN + '=== nonsense\n',
    RUN.replace('# A case.\n', ''),
    '# A case without a run.\n=== file x\n',
    '# A case.\n=== stdout\nx\n=== raw x\n',
    '# A case.\n=== raw x\n=== stdout\n%repeat 2\nx\n=== stderr\nerr\n',
    OTHER % ('twice', 'twice'),
    OTHER % ('hang', 'hang'),
    OTHER % ('die', 'die'),
]


def run(folder, text):
    path = os.path.join(folder, 'trial.case')
    with open(path, 'w') as file:
        file.write(text)
    runner = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          'run_cases.py')
    result = subprocess.run(
        [sys.executable, runner, '--apxm', os.path.join(folder, 'fake'),
         '--timeout', '1', path], capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


def main():
    faults = 0
    with tempfile.TemporaryDirectory(prefix='apxm-runner-') as folder:
        fake = os.path.join(folder, 'fake')
        with open(fake, 'w') as file:
            file.write(FAKE)
        os.chmod(fake, 0o755)
        for wanted, texts in ((0, PASS), (1, FAIL)):
            for text in texts:
                code, said = run(folder, text)
                if code != wanted:
                    faults += 1
                    print('exit %d, not %d, of the case\n%s\n%s' % (
                        code, wanted, text, said))
    print('%d cases that pass, %d that fail, %d faults'
          % (len(PASS), len(FAIL), faults))
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
