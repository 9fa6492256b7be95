#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Checks the models in this folder with Spin: the models themselves have no
# error, and a seeded mistake (a macro M_... of the model) has one. A mistake
# that goes unnoticed fails the run, for then the model has stopped looking.
# Works in a folder of its own; some seconds and 500 MB.
#
#   tests/spin/run.sh [--long]     --long: every mistake, and larger bounds;
#                                  minutes and 8 GB

set -eu
here=$(cd "$(dirname "$0")" && pwd)
CC=${CC:-cc}
long=no
[ "${1:-}" = --long ] && long=yes
for tool in spin "$CC"; do
  command -v "$tool" >/dev/null || { echo "run.sh: $tool is missing"; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
failed=0

# explore LEVEL MODEL DEFINE...: a seeded mistake is found so soon that
# optimizing the checker (LEVEL) would take longer than it saves.
explore() {
  level=$1 model=$2
  shift 2
  spin "$@" -a "$here/$model.pml" &&
    "$CC" "-O$level" -w -DSAFETY -DMEMLIM=8000 pan.c -o pan &&
    ./pan -n -m1000000
}

# check EXPECTED MODEL DEFINE...: prints one line, counts what went wrong.
# EXPECTED is "sound", or the words of Spin's complaint.
check() {
  expected=$1 model=$2
  shift 2
  rm -f pan* ./*.trail
  level=0
  [ "$expected" = sound ] && level=2
  explore "$level" "$model" "$@" >pan.log 2>&1 || true
  if [ "$expected" = sound ]; then
    if grep -q 'errors: 0' pan.log &&
      ! grep -q 'Search not completed\|depth too small' pan.log; then
      states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
      echo "ok      $model $*: no error in $states states"
      return
    fi
  elif grep -q 'errors: 1' pan.log && grep -q "$expected" pan.log; then
    echo "ok      $model $*: caught, $expected"
    return
  fi
  echo "FAILED  $model $*: expected $expected"
  tail -n 20 pan.log
  failed=$((failed + 1))
}

check sound deque
check sound park -DWORKERS=1 -DPOSTS=2
check sound park -DWORKERS=2
if [ "$long" = yes ]; then
  check sound deque -DITEMS=4
  check sound park -DWORKERS=2 -DCHILDREN=4
  check sound park -DWORKERS=1 -DPOSTS=2 -DCHILDREN=3
fi

if [ "$long" = no ]; then
  check 'assertion violated' deque -DM_TAKE_NO_FENCE
  check 'invalid end state' park -DWORKERS=1 -DM_LOCK_GAP
  [ "$failed" -eq 0 ] || { echo "run.sh: $failed failed"; exit 1; }
  exit 0
fi
for mistake in TAKE_NO_FENCE TAKE_NO_CAS STEAL_NO_CAS STEAL_BOTTOM_FIRST \
  PUSH_RELAXED PUSH_BOTTOM_FIRST PUSH_OVER GROW_RELAXED GROW_PUBLISH_FIRST; do
  check 'assertion violated' deque "-DM_$mistake"
done
for mistake in ANNOUNCE_RELAXED LOCK_GAP LOOK_FIRST LOOK_NOT_AT_INBOX NO_LOOK \
  NOT_HUNGRY NO_SETTLE SETTLED_NOT_TAKEN POST_LOOKS_FIRST POST_RELAXED \
  STOP_NO_SIGNAL WAKE_NO_SIGNAL WAKE_STAYS_PARKED; do
  check 'invalid end state' park -DWORKERS=1 "-DM_$mistake"
done

[ "$failed" -eq 0 ] || { echo "run.sh: $failed failed"; exit 1; }
