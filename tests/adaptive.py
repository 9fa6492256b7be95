#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The limit on open calls that finds itself, over real HTTP.

    tests/adaptive.py --apxm build/apxm [--asks N] [--speed N]

Starts `apxm sim` with the profile workload4, so many times faster, and runs so
many asks on it, first with limits that are set, then without one. Prints a
table, and exits 1 when the found limit brings less than 95 % of the best
throughput of the set ones.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIXED = [1, 2, 3, 4, 6, 8, 16, 32, 64, 128, 200]
WANTED = 0.95

PROGRAM = '''
agent A {
    @entry flow main() -> num {
        loop (i in range(%d)) { ask("question {{ i }}") } -> all
        return len(all)
    }
}
'''


def write_profile(path, speed):
    with open(os.path.join(ROOT, 'share/sim/workload4.json')) as file:
        profile = json.load(file)
    profile['sizes_ms'] = [size / speed for size in profile['sizes_ms']]
    with open(path, 'w') as file:
        json.dump(profile, file)


def start_server(apxm, profile):
    server = subprocess.Popen(
        [apxm, 'sim', '--listen', '0', '--sim-profile', profile, '--json'],
        stdout=subprocess.PIPE, text=True)
    return server, json.loads(server.stdout.readline())


def measure(apxm, folder, url, asks, limit):
    """Seconds that the run took, and the limits that it met."""
    path = os.path.join(folder, 'metrics.json')
    words = [apxm, 'run', os.path.join(folder, 'prog.ais'), '-q', '--backend',
             'openai:' + url, '--model', 'm', '--emit-metrics', path]
    if limit:
        words += ['--max-in-flight', str(limit)]
    said = subprocess.run(words, check=True, capture_output=True, text=True,
                          cwd=folder).stdout
    assert said.strip() == str(asks), said
    with open(path) as file:
        metrics = json.load(file)
    span = metrics['work_span']
    assert span['within_bounds'], span
    return (metrics['execution']['duration_ms'] / 1e3, span['in_flight_least'],
            span['in_flight_limit'])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--apxm', required=True)
    parser.add_argument('--asks', type=int, default=200)
    parser.add_argument('--speed', type=float, default=50)
    options = parser.parse_args()
    apxm = os.path.abspath(options.apxm)
    with tempfile.TemporaryDirectory() as folder:
        profile = os.path.join(folder, 'profile.json')
        write_profile(profile, options.speed)
        with open(os.path.join(folder, 'prog.ais'), 'w') as file:
            file.write(PROGRAM % options.asks)
        server, said = start_server(apxm, profile)
        try:
            best = 0
            for limit in FIXED + [None]:
                seconds, least, most = measure(apxm, folder, said['url'],
                                               options.asks, limit)
                rate = options.asks / seconds
                if limit:
                    best = max(best, rate)
                print('%-14s %8.2f s  %7.1f asks/s%s' % (
                    limit or 'found', seconds, rate,
                    '' if limit else '  (limits %d to %d)' % (least, most)))
        finally:
            server.terminate()
            server.wait()
    share = rate / best
    print('%d asks, workload4 %g times faster: the found limit brings %.1f %% '
          'of the best set one' % (options.asks, options.speed, 100 * share))
    return 0 if share >= WANTED else 1


if __name__ == '__main__':
    sys.exit(main())
