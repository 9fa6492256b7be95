/* SPDX-License-Identifier: MIT
 *
 * Posting, waking and parking of runtime/sched/sched.c: one or two workers
 * with their private fronts, two other threads that post into the inbox, tasks
 * that add more tasks or leave one held back until settle. No wake-up is lost:
 * while a task is anywhere, not everybody sleeps; here that means that the
 * thread which waits for all tasks to be done goes on, stops the scheduler, and
 * every worker ends. A state where none can move is an error ("invalid end
 * state").
 *
 * deque.pml has looked into the deques, so here one is a count. The counts
 * that sched.c stores sequentially consistent are stored at once; a mutant
 * that stores them relaxed has them leave a store buffer later, and the
 * release of the lock behind them. Searching a bounded number of times is one
 * look at everybody.
 *
 * -DM_... seeds a mistake that the model checker must find; run.sh has them.
 */
#ifndef WORKERS
#define WORKERS 2    /* with two, one can hide the other's mistakes */
#endif
#ifndef POSTS
#define POSTS 1      /* by each of the two posting threads */
#endif
#ifndef CHILDREN
#define CHILDREN 2   /* tasks that tasks make, in all */
#endif

#define FRONT 2      /* FRONT_TASKS */

byte alive;          /* tasks not yet done */
byte children = CHILDREN;

/* struct Sched */
bool inbox_lock;     /* guards inbox */
byte inbox;
byte inbox_count;    /* stored under inbox_lock, read by anybody */
bool lock;           /* guards parked and sleeping */
byte idle_count;     /* stored under lock, read by anybody */
byte hungry;         /* workers that search or are parked */
bool stop;           /* stored under lock */

/* struct Worker */
byte front[2];       /* private: nobody else looks here */
byte deque[2];
byte held[2];        /* what settle publishes */
bool parked[2];      /* in the idle list */
bool sleeping[2];    /* in cond_wait */

byte posters;        /* that have ended */

inline acquire(l) { atomic { !l -> l = true } }
inline release(l) { l = false }
inline cond_signal(w) { sleeping[w] = false }

/* ---- waking -------------------------------------------------------------- */

inline wake_one() {
  acquire(lock);
  atomic {
    if
    :: parked[0] -> wake_worker(0)
    :: parked[1] -> wake_worker(1)
    :: else
    fi;
    release(lock)
  }
}

inline wake_worker(w) {
#ifndef M_WAKE_STAYS_PARKED
  parked[w] = false;
  idle_count--;
#endif
#ifndef M_WAKE_NO_SIGNAL
  cond_signal(w)
#endif
}

/* Looks at idle_count once, and at whatever it holds then. */
inline share(me, count) {
  deque[me] = deque[me] + count;
  if
  :: deque[me] >= 2 && idle_count > 0 -> wake_one()
  :: else
  fi
}

/* Tasks leave the front for the deque before sched_push adds its own. */
inline sched_push(me, count) {
  if
  :: hungry > 0 || count > FRONT / 2 ->
     atomic { moved = front[me] + count; front[me] = 0 }
     share(me, moved)
  :: else ->
     if
     :: front[me] + count > FRONT ->
        atomic { moved = front[me] - FRONT / 2; front[me] = FRONT / 2 }
        share(me, moved)
     :: else
     fi;
     front[me] = front[me] + count
  fi;
  moved = 0
}

inline sched_add(me, count) {
  if
  :: front[me] + count > FRONT || hungry > 0 -> sched_push(me, count)
  :: else -> front[me] = front[me] + count
  fi
}

/* sched_post */
inline sched_post() {
#ifdef M_POST_LOOKS_FIRST
  seen = idle_count;
#endif
  acquire(inbox_lock);
  inbox++;
#ifdef M_POST_RELAXED
  posted = true; /* Post_buffer does the rest, some time */
#else
  atomic { inbox_count = inbox; release(inbox_lock) }
#endif
#ifndef M_POST_LOOKS_FIRST
  seen = idle_count;
#endif
  if
  :: seen > 0 -> wake_one()
  :: else
  fi;
  seen = 0
}

#ifdef M_POST_RELAXED
bool posted;
#define FIRST 1 /* _pid of the first worker */

active proctype Post_buffer() {
end:
  do
  :: atomic {
       posted -> posted = false; inbox_count = inbox; release(inbox_lock)
     }
  od
}
#else
#define FIRST 0
#endif

/* ---- finding work -------------------------------------------------------- */

inline empty_inbox(me) {
  if
  :: inbox_count == 0
  :: inbox_count > 0 ->
     acquire(inbox_lock);
     atomic {
       n = inbox;
       inbox = 0;
       inbox_count = 0;
       release(inbox_lock)
     }
     if
     :: n > 0 -> sched_push(me, n); n = 0; brought = true
     :: else
     fi
  fi
}

inline deque_take(me) {
  atomic {
    if
    :: deque[me] > 0 -> deque[me]--; found = true
    :: else
    fi
  }
}

/* All of the front, when somebody is hungry. */
inline share_front(me) {
  if
  :: hungry > 0 && front[me] > 0 ->
     atomic { moved = front[me]; front[me] = 0 }
     share(me, moved);
     moved = 0
  :: else
  fi
}

inline take(me) {
  share_front(me);
  if
  :: front[me] > 0 -> front[me]--; found = true
  :: else -> deque_take(me)
  fi
}

/* A task that has waited long enough is worth a wake by itself. */
inline offer(me) {
  share_front(me);
  if
  :: idle_count > 0 && deque[me] > 0 -> wake_one()
  :: skip
  fi
}

inline sched_poll(me) {
  empty_inbox(me);
  brought = false;
  offer(me)
}

inline settle(me) {
  if
#ifndef M_NO_SETTLE
  :: held[me] > 0 -> n = held[me]; held[me] = 0; sched_push(me, n); n = 0
  :: else
#else
  :: skip
#endif
  fi
}

inline search(me) {
  brought = false;
  empty_inbox(me);
  if
  :: brought -> deque_take(me); brought = false
  :: else
  fi;
  if
  :: !found -> deque_take(1 - (me)) /* deque_steal */
  :: else
  fi
}

inline find_task(me) {
  if
  :: sched_poll(me) /* now and then */
  :: skip
  fi;
  take(me);
  if
  :: !found ->
     settle(me);
#ifndef M_SETTLED_NOT_TAKEN
     take(me)
#endif
  :: else
  fi;
  if
  :: !found ->
#ifndef M_NOT_HUNGRY
     hungry++;
#endif
     do
     :: search(me);
        if
        :: found || stop -> break
        :: else -> park(me)
        fi
     od;
#ifndef M_NOT_HUNGRY
     hungry--
#endif
  :: else
  fi
}

/* ---- parking ------------------------------------------------------------- */

inline announce_idle(me) {
  parked[me] = true;
#ifdef M_ANNOUNCE_RELAXED
  announced = true; /* leaves with the release of the lock */
#else
  idle_count++
#endif
}

inline withdraw(me) {
  parked[me] = false;
#ifdef M_ANNOUNCE_RELAXED
  if
  :: announced -> announced = false
  :: else -> idle_count--
  fi
#else
  idle_count--
#endif
}

inline work_is_visible() {
  visible = false;
#ifndef M_NO_LOOK
#ifndef M_LOOK_NOT_AT_INBOX
  if
  :: inbox_count > 0 -> visible = true
  :: else
  fi;
#endif
  if
  :: deque[0] > 0 -> visible = true
  :: else
  fi;
  if
  :: deque[1] > 0 -> visible = true
  :: else
  fi
#endif
}

inline cond_wait(me) {
  atomic {
#ifdef M_ANNOUNCE_RELAXED
    if
    :: announced -> announced = false; idle_count++
    :: else
    fi;
#endif
    sleeping[me] = true;
    release(lock)
  }
  !sleeping[me];
  acquire(lock)
}

inline park(me) {
#ifdef M_LOOK_FIRST
  work_is_visible();
#endif
  acquire(lock);
  announce_idle(me);
#ifndef M_LOOK_FIRST
  work_is_visible();
#endif
#ifdef M_LOCK_GAP
  release(lock);
  acquire(lock);
#endif
  if
  :: visible || stop -> withdraw(me)
  :: else ->
#ifdef M_LOCK_GAP
     cond_wait(me); /* and forgets to ask whether it is still parked */
#else
     do
     :: parked[me] && !stop -> cond_wait(me)
     :: else -> break
     od;
#endif
     if
     :: parked[me] -> withdraw(me)
     :: else
     fi
  fi;
  visible = false;
#ifdef M_ANNOUNCE_RELAXED
  announced = false;
#endif
  release(lock)
}

/* ---- the threads --------------------------------------------------------- */

/* A task: it may make one or two children, or leave one held back. */
inline run_task(me) {
  if
  :: atomic { children > 0 -> children--; alive++ } sched_add(me, 1)
  :: atomic { children > 1 -> children = children - 2; alive = alive + 2 }
     sched_add(me, 2)
  :: atomic { children > 0 -> children--; alive++; held[me]++ }
  :: skip
  fi;
  alive--
}

#define ME (_pid - FIRST)

active [WORKERS] proctype Worker() {
  byte n, moved;
  bool found, visible, brought;
#ifdef M_ANNOUNCE_RELAXED
  bool announced;
#endif
  do
  :: stop -> break
  :: !stop ->
     find_task(ME);
     if
     :: found -> found = false; run_task(ME)
     :: else
     fi
  od
}

active [2] proctype Poster() {
  byte seen, posts;
  do
  :: posts < POSTS -> atomic { posts++; alive++ } sched_post()
  :: else -> break
  od;
  posters++
}

/* Waits for the run, then sched_free. */
active proctype Main() {
  posters == 2 && alive == 0;
  acquire(lock);
  atomic {
    stop = true;
#ifndef M_STOP_NO_SIGNAL
    cond_signal(0);
    cond_signal(1);
#endif
    release(lock)
  }
}
