/* SPDX-License-Identifier: MIT
 *
 * What the backends of this process are doing, for other processes of the user
 * to look at (`apxm backends watch`): a page of fixed shape in a file of the
 * user's own folder (core/base/own_folder.h), written whole by the I/O thread
 * at most every 100 ms while something happens. The hash at its end tells a
 * page that was read while it was written, the lock on the file a writer that
 * lives. No prompt and no reply is in it.
 */
#ifndef APXM_RUNTIME_MODEL_BOARD_H
#define APXM_RUNTIME_MODEL_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/status.h"
#include "core/base/vec.h"
#include "runtime/io/reactor.h"

enum { BOARD_ROWS = 16, BOARD_RING = 64, BOARD_SECONDS = 60 };

/* One backend, now. */
typedef struct BoardRow {
  char name[64], provider[16]; /* cut to what fits */
  uint32_t open, waiting;
  uint32_t limit;             /* calls open at once */
  uint32_t is_adaptive;       /* it finds itself */
  uint32_t minute;            /* attempts of the last 60 s */
  double rpm, tpm;            /* limits; 0: none is known */
  uint64_t attempts, replies; /* since it was made */
  uint64_t refused;           /* attempts: too much to do */
  uint64_t retries;           /* attempts after the first of a call */
  uint64_t p50_ns;            /* of the last replies; 0: none yet */
  uint64_t quiet_ns;          /* the server wants no call for so long */
} BoardRow;

typedef struct BoardPage {
  char magic[8]; /* "apxmwtc1" */
  uint32_t size; /* of the page, in bytes */
  uint32_t pid;
  uint32_t count; /* rows; further backends are not shown */
  uint32_t zero;
  BoardRow rows[BOARD_ROWS];
  uint64_t hash; /* XXH3 of all before it */
} BoardPage;

void board_page_seal(BoardPage *page);
bool board_page_is_sound(const BoardPage *page);

/* ---- what a backend counts; guarded by its owner ------------------------- */

typedef struct BoardCounts {
  uint64_t attempts, replies, refused, retries;
  uint64_t latencies[BOARD_RING]; /* ns, of the last replies */
  uint64_t second;                /* that the newest of `seconds` counts */
  uint32_t seconds[BOARD_SECONDS];
} BoardCounts;

void board_count_start(BoardCounts *counts, uint64_t now, bool is_first);
void board_count_reply(BoardCounts *counts, uint64_t latency_ns);
/* Fills what is counted. */
void board_fill(const BoardCounts *counts, uint64_t now, BoardRow *row);

/* ---- the writer ---------------------------------------------------------- */

/* Who fills a row; embedded. */
typedef struct BoardSource {
  void (*fill)(struct BoardSource *source, BoardRow *row); /* I/O thread */
} BoardSource;

typedef struct Board Board;

/* `session` names it among those of this process. NULL: there is no folder for
 * it, so nobody can watch; all functions take NULL for that. */
Board *board_new(Reactor *reactor, const char *session);
void board_free(Board *board); /* without sources; any thread but the I/O's */

void board_add(Board *board, BoardSource *source);
/* When it returns, `fill` is not running and will not run again. */
void board_remove(Board *board, BoardSource *source);

/* Any thread: something has happened. */
void board_touch(Board *board);

/* ---- the reader ---------------------------------------------------------- */

typedef VEC(BoardPage) BoardPages;

/* The pages of all living processes of this user, by pid; those of dead ones
 * are removed. Not for a process that has a board itself: looking at a file of
 * one's own gives its lock up. */
Status board_read(BoardPages *pages, Error *error) MUST_USE;

#endif
