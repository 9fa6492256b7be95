/* SPDX-License-Identifier: MIT
 *
 * The writer: a timer that is set by the first thing that happens, and writes
 * what is so when it fires. The lock guards the list of sources; a source takes
 * its own lock under it.
 */
#include "runtime/model/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/own_folder.h"
#include "core/base/thread.h"

static const uint64_t interval = 100 * NS_PER_MS;
static const char magic[8] = {'a', 'p', 'x', 'm', 'w', 't', 'c', '1'};

struct Board {
  Reactor *reactor;
  int fd;
  char *path;
  Timer timer;
  _Atomic bool is_set; /* the timer; taken back by the I/O thread */
  Mutex lock;          /* guards `sources` */
  VEC(BoardSource *) sources;
};

/* ---- pages --------------------------------------------------------------- */

static uint64_t hash_of(const BoardPage *page) {
  return XXH3_64bits(page, offsetof(BoardPage, hash));
}

void board_page_seal(BoardPage *page) {
  memcpy(page->magic, magic, sizeof magic);
  page->size = sizeof *page;
  page->hash = hash_of(page);
}

static bool is_text(const char *text, size_t size) {
  return memchr(text, '\0', size) != NULL;
}

bool board_page_is_sound(const BoardPage *page) {
  if (memcmp(page->magic, magic, sizeof magic) != 0 ||
      page->size != sizeof *page || page->count > BOARD_ROWS ||
      page->hash != hash_of(page))
    return false;
  for (uint32_t i = 0; i < page->count; i++) {
    const BoardRow *row = &page->rows[i];
    if (!is_text(row->name, sizeof row->name) ||
        !is_text(row->provider, sizeof row->provider))
      return false;
  }
  return true;
}

/* ---- counting ------------------------------------------------------------ */

/* The seconds that have passed since the last call count nothing. */
static void advance(BoardCounts *counts, uint64_t second) {
  uint64_t passed = second - counts->second;
  if (passed > BOARD_SECONDS) passed = BOARD_SECONDS;
  for (uint64_t i = 0; i < passed; i++)
    counts->seconds[(second - i) % BOARD_SECONDS] = 0;
  counts->second = second;
}

void board_count_start(BoardCounts *counts, uint64_t now, bool is_first) {
  uint64_t second = now / NS_PER_S;
  if (second > counts->second) advance(counts, second);
  counts->seconds[counts->second % BOARD_SECONDS]++;
  counts->attempts++;
  counts->retries += !is_first;
}

void board_count_reply(BoardCounts *counts, uint64_t latency_ns) {
  counts->latencies[counts->replies++ % BOARD_RING] = latency_ns;
}

static int compare(const void *a, const void *b) {
  const uint64_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static uint64_t median(const BoardCounts *counts) {
  uint64_t sorted[BOARD_RING];
  size_t count = counts->replies < BOARD_RING ? counts->replies : BOARD_RING;
  if (count == 0) return 0;
  memcpy(sorted, counts->latencies, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, compare);
  return sorted[(count - 1) / 2];
}

void board_fill(const BoardCounts *counts, uint64_t now, BoardRow *row) {
  BoardCounts copy = *counts;
  uint64_t second = now / NS_PER_S;
  if (second > copy.second) advance(&copy, second);
  row->minute = 0;
  for (uint32_t i = 0; i < BOARD_SECONDS; i++) row->minute += copy.seconds[i];
  row->attempts = counts->attempts;
  row->replies = counts->replies;
  row->refused = counts->refused;
  row->retries = counts->retries;
  row->p50_ns = median(counts);
}

/* ---- the file ------------------------------------------------------------ */

/* A disk that is full is no reason to fail: there is an older page. */
static void write_page(Board *board) {
  BoardPage page = {.pid = (uint32_t)getpid()};
  mutex_lock(&board->lock);
  for (uint32_t i = 0; i < board->sources.length && i < BOARD_ROWS; i++) {
    BoardSource *source = board->sources.data[i];
    source->fill(source, &page.rows[page.count++]);
  }
  mutex_unlock(&board->lock);
  board_page_seal(&page);
  if (pwrite(board->fd, &page, sizeof page, 0) != (ssize_t)sizeof page)
    log_debug("%s cannot be written", board->path);
}

static void on_timer(Timer *timer) {
  Board *board = (Board *)((char *)timer - offsetof(Board, timer));
  atomic_store(&board->is_set, false);
  write_page(board);
}

void board_touch(Board *board) {
  if (!board || load_relaxed(&board->is_set)) return;
  if (!atomic_exchange(&board->is_set, true))
    reactor_timer_set(board->reactor, &board->timer, clock_now() + interval);
}

Board *board_new(Reactor *reactor, const char *session) {
  Buf path = {0};
  Error error = {0};
  int code = 0, fd = -1;
  Status status = own_folder_path(&path, &error);
  buf_addf(&path, "/watch-%ld-%s", (long)getpid(), session);
  if (status == STATUS_OK) fd = own_file_open(path.data, &code);
  if (fd < 0) {
    buf_free(&path);
    return NULL;
  }
  Board *board = MEM_NEW(Board);
  board->reactor = reactor;
  board->fd = fd;
  board->path = buf_take(&path);
  board->timer.fire = on_timer;
  mutex_init(&board->lock);
  return board;
}

static void pass_by(void *nothing) {
  (void)nothing;
}

void board_free(Board *board) {
  if (!board) return;
  reactor_timer_cancel(board->reactor, &board->timer);
  reactor_call(board->reactor, pass_by, NULL);
  unlink(board->path); /* first, so that nobody looks at what is about to go */
  close(board->fd);
  mem_free(board->path);
  vec_free(&board->sources);
  mutex_destroy(&board->lock);
  mem_free(board);
}

void board_add(Board *board, BoardSource *source) {
  if (!board) return;
  mutex_lock(&board->lock);
  vec_push(&board->sources, source);
  mutex_unlock(&board->lock);
  board_touch(board);
}

void board_remove(Board *board, BoardSource *source) {
  if (!board) return;
  mutex_lock(&board->lock);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < board->sources.length; i++) {
    BoardSource *other = board->sources.data[i];
    if (other != source) board->sources.data[kept++] = other;
  }
  board->sources.length = kept;
  mutex_unlock(&board->lock);
}
