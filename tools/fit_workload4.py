#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fits share/sim/workload4.json to the figures that the public A-PXM printed
for its workload 4: N independent asks, N = 2, 4, 8, on one local model server.

    N   average latency   duration (until the last one is done)
    2       1,686 ms          1,859 ms
    4       1,972 ms          3,183 ms
    8       3,591 ms          5,818 ms

The model is the one of runtime/model/sim_share.c: with n requests open each
proceeds at rate r(n); request k since the server was idle has work w(k). The
N requests of a run arrive together, so they are positions 1..N.

Six figures cannot settle a dozen unknowns, so what is plausible is put in by
hand (a single ask takes 1.5 s; four requests hardly disturb each other, more
share four slots) and what is left is solved for, one stage a value of N:

    N = 2   r(2) from the other request's latency, w(2) from the last one's
    N = 4   w(3) from the average, w(4) from the last one
    N = 8   w(5) = w(6) = w(7) from the average, w(8) from the last one

In each stage the average rises with the first unknown and the duration with
the second, so bisection inside bisection finds both.

    tools/fit_workload4.py           prints the profile
    tools/fit_workload4.py --check   fails unless the file is what it prints
"""

import json
import os
import sys

FIGURES = {2: (1686, 1859), 4: (1972, 3183), 8: (3591, 5818)}
SINGLE = 1500.0  # ms: an ask alone
RATE_3, RATE_4 = 0.985, 0.98  # of full speed, with three and four open


def finish_times(works, rates):
    """Times at which requests that arrive together are done. `rates` is
    r(1)..r(m); beyond m the server as a whole stays as fast as at m."""
    now, progress, done = 0.0, 0.0, []
    works = sorted(works)
    for position, work in enumerate(works):
        open_now = len(works) - position
        m = min(open_now, len(rates))
        rate = rates[m - 1] * m / open_now
        now += (work - progress) / rate
        progress = work
        done.append(now)
    return done


def average(values):
    return sum(values) / len(values)


def bisect(function, target, low, high):
    """x in low..high with function(x) = target; function must not fall."""
    for _ in range(100):
        middle = (low + high) / 2
        if function(middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def fit_stage(works, rates, count, figures):
    """Adds `count` works, all equal but the last one."""
    mean_ms, last_ms = figures

    def with_works(size, last):
        return finish_times(works + [size] * (count - 1) + [last], rates)

    def last_for(size):
        return bisect(lambda x: max(with_works(size, x)), last_ms, 0, 20000)

    size = bisect(
        lambda x: average(with_works(x, last_for(x))), mean_ms, 0, 6000)
    return works + [size] * (count - 1) + [last_for(size)]


def fit():
    mean_ms, last_ms = FIGURES[2]
    other_ms = 2 * mean_ms - last_ms  # the latency of the other of the two
    works = [SINGLE, SINGLE + (last_ms - other_ms)]
    rates = [1.0, SINGLE / other_ms, RATE_3, RATE_4]
    works = fit_stage(works, rates, 2, FIGURES[4])
    works = fit_stage(works, rates, 4, FIGURES[8])
    return works, rates


def profile_text():
    works, rates = fit()
    works = [round(work) for work in works]
    rates = [round(rate, 4) for rate in rates]
    assert rates == sorted(rates, reverse=True)
    for n, (mean_ms, last_ms) in FIGURES.items():
        done = finish_times(works[:n], rates)
        off = max(abs(average(done) / mean_ms - 1), abs(done[-1] / last_ms - 1))
        assert off < 0.005, (n, done)
    profile = {
        'name': 'workload4',
        'about': "one local server as the public A-PXM's workload 4 met it:"
                 ' made by tools/fit_workload4.py',
        'rates': rates,
        'sizes_ms': works}
    return json.dumps(profile, indent=2) + '\n'


def main():
    if sys.argv[1:] != ['--check']:
        sys.stdout.write(profile_text())
        return 0
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(
        __file__))), 'share', 'sim', 'workload4.json')
    with open(path, encoding='utf-8') as file:
        same = file.read() == profile_text()
    print('share/sim/workload4.json is' + (' ' if same else ' not ')
          + 'what the fit gives')
    return 0 if same else 1


if __name__ == '__main__':
    sys.exit(main())
