/* SPDX-License-Identifier: MIT
 *
 * The work-stealing deque of runtime/sched/deque.h and deque.c: one owner that
 * pushes, grows and takes, two thieves. Whatever they do, every item comes out
 * exactly once and no thief keeps a cell it read before it was written.
 *
 * The owner's stores go through a store buffer. An entry may leave it before
 * older ones to other places, unless it was a release store (then all older
 * ones leave first): weaker than x86, about what ARM does. A sequentially
 * consistent fence waits until the buffer is empty. The owner reads its own
 * stores. Thieves only load and compare-and-swap, in program order, for their
 * loads are acquire loads and a fence stands between them; the swap of the
 * two loads is a mutant.
 *
 * -DM_... seeds a mistake that the model checker must find; run.sh has them.
 */
#ifndef ITEMS
#define ITEMS 3      /* pushed in all, numbered from 1; more than SMALL */
#endif
#define SMALL 2      /* cells of the first array; the second has twice that */
#define CELLS 4      /* stride of the arrays in cell[] */
#define BUFFER 5     /* stores the owner can have on their way */
#define STEALS 2     /* attempts a thief makes at most */

/* places of the store buffer: cells 0..7, then */
#define BOTTOM 8
#define ARRAY 9

byte top;            /* compare-and-swap by all */
byte bottom;         /* stored by the owner */
byte array;          /* 0 or 1: which array; stored by the owner */
byte cell[8];        /* 0: never written */
byte own[ITEMS];     /* by index: what the owner pushed there */

bool got[ITEMS + 1]; /* by item: somebody has it */
byte thieves_done;

byte sb_count;       /* the store buffer, oldest first */
byte sb_place[BUFFER];
byte sb_value[BUFFER];
bool sb_release[BUFFER];

inline keep(x) {
  assert(x != 0);    /* not a cell that was never written */
  assert(!got[x]);   /* not one that somebody else has */
  got[x] = true
}

inline compare_and_swap_top(expected, won) {
  atomic {
    if
    :: top == expected -> top = expected + 1; won = true
    :: else -> won = false
    fi
  }
}

/* ---- the owner's store buffer --------------------------------------------*/

inline store(place, value, release) {
  atomic {
    sb_count < BUFFER;
    sb_place[sb_count] = place;
    sb_value[sb_count] = value;
    sb_release[sb_count] = release;
    sb_count++
  }
}

inline fence_seq() { sb_count == 0 }

inline write(place, value) {
  if
  :: place < BOTTOM -> cell[place] = value
  :: place == BOTTOM -> bottom = value
  :: else -> array = value
  fi
}

inline may_leave(i, ok) {
  ok = (i == 0 || !sb_release[i]);
  j = 0;
  do
  :: j < i -> ok = ok && sb_place[j] != sb_place[i]; j++
  :: else -> break
  od
}

inline leave(i) {
  write(sb_place[i], sb_value[i]);
  j = i;
  do
  :: j + 1 < sb_count ->
     sb_place[j] = sb_place[j + 1];
     sb_value[j] = sb_value[j + 1];
     sb_release[j] = sb_release[j + 1];
     j++
  :: else -> break
  od;
  sb_count--;
  sb_place[sb_count] = 0; sb_value[sb_count] = 0; sb_release[sb_count] = 0;
  j = 0; ok = 0
}

active proctype Memory() {
  byte i, j;
  bool ok;
end:
  do
  :: atomic {
       sb_count > 0;
       select_entry:
       if
       :: i = 0
       :: sb_count > 1 -> i = 1
       :: sb_count > 2 -> i = 2
       :: sb_count > 3 -> i = 3
       :: sb_count > 4 -> i = 4
       fi;
       may_leave(i, ok);
       if
       :: ok -> leave(i)
       :: else -> j = 0
       fi;
       i = 0
     }
  od
}

/* ---- deque_push, deque_grow ---------------------------------------------- */

#define SLOT(a, index) ((a) * CELLS + ((index) & ((SMALL << (a)) - 1)))

inline grow() {
#ifdef M_GROW_PUBLISH_FIRST
  store(ARRAY, 1, true);
#endif
  k = t;
  do
  :: k < b -> store(SLOT(1, k), own[k], false); k++
  :: else -> break
  od;
  k = 0;
  a = 1;
#if defined(M_GROW_RELAXED)
  store(ARRAY, 1, false)
#elif !defined(M_GROW_PUBLISH_FIRST)
  store(ARRAY, 1, true)
#endif
}

#ifdef M_PUSH_OVER
#define ROOM(a) ((SMALL << (a)) + 1)
#else
#define ROOM(a) (SMALL << (a))
#endif

/* One step after the load of top: the owner sees nothing else, and a store
 * that leaves the buffer between two of these could as well leave later. */
inline push(count) {
  t = top;
  atomic {
  if
  :: b - t + count > ROOM(a) -> grow()
  :: else
  fi;
  k = 0;
#ifdef M_PUSH_BOTTOM_FIRST
  store(BOTTOM, b + count, true);
#endif
  do
  :: k < count ->
     pushed++;
     own[b + k] = pushed;
     store(SLOT(a, b + k), pushed, false);
     k++
  :: else -> break
  od;
  k = 0;
  b = b + count;
#if defined(M_PUSH_RELAXED)
  store(BOTTOM, b, false);
#elif !defined(M_PUSH_BOTTOM_FIRST)
  store(BOTTOM, b, true);
#endif
  t = 0
  }
}

/* ---- deque_take ---------------------------------------------------------- */

inline take() {
  if
  :: atomic { top >= b -> found = false } /* empty: no announcement */
  :: atomic {
       top < b ->
       found = false;
       b--;
       store(BOTTOM, b, false)
     }
#ifndef M_TAKE_NO_FENCE
     fence_seq();
#endif
     t = top;
     if
     :: t < b -> keep(own[b]); found = true
     :: t == b ->
#ifdef M_TAKE_NO_CAS
        won = true; top = t + 1;
#else
        compare_and_swap_top(t, won);
#endif
        if
        :: won -> keep(own[b]); found = true
        :: else
        fi;
        b++;
        store(BOTTOM, b, false)
     :: else ->
        b++;
        store(BOTTOM, b, false)
     fi
  fi;
  won = false;
  t = 0
}

active proctype Owner() {
  byte b, t, a, k, pushed;
  bool found, won;
  do
  :: pushed < ITEMS -> push(1)
  :: pushed + 1 < ITEMS -> push(2)
  :: pushed > 0 -> take()
  :: pushed == ITEMS ->
     take();
     if
     :: !found -> break
     :: else
     fi
  od;
  /* Nothing left and nobody at it: everything must have come out. */
  thieves_done == 2;
  k = 1;
  do
  :: k <= ITEMS -> assert(got[k]); k++
  :: else -> break
  od
}

/* ---- deque_steal --------------------------------------------------------- */

inline steal() {
#ifdef M_STEAL_BOTTOM_FIRST
  b = bottom;
  t = top;
#else
  t = top;
  b = bottom;
#endif
  if
  :: t >= b -> skip
  :: else ->
     a = array;
     x = cell[SLOT(a, t)];
#ifdef M_STEAL_NO_CAS
     if
     :: top == t -> won = true
     :: else -> won = false
     fi;
     if
     :: won -> top = t + 1
     :: else
     fi;
#else
     compare_and_swap_top(t, won);
#endif
     if
     :: won -> keep(x)
     :: else
     fi
  fi;
  t = 0; b = 0; a = 0; x = 0; won = false
}

active [2] proctype Thief() {
  byte t, b, a, x, tries;
  bool won;
  do
  :: tries < STEALS -> tries++; steal()
  :: break
  od;
  thieves_done++
}
