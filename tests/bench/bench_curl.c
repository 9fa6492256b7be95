/* SPDX-License-Identifier: MIT
 *
 * The least that libcurl can do for a client of models, and so the floor of
 * `apxm bench http`: a multi handle for every 128 transfers, driven by
 * curl_multi_socket_action from one epoll whose time-out is libcurl's timer;
 * easy handles and connections used again; a body that is sent as it is, a
 * reply that is kept and not looked at. No program, no queue, no JSON.
 *
 *     bench_curl --url URL --asks N --in-flight N --warm N
 *
 * Does `asks` requests once and `warm` times more, and prints figure lines
 * (cli/bench_sheet.h).
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

enum { SHARD = 128, EVENTS_MAX = 256 };

typedef struct Loop Loop;

typedef struct Shard {
  CURLM *multi;
  Loop *loop;
  uint64_t due; /* libcurl's timer; UINT64_MAX: none */
} Shard;

typedef struct Transfer {
  CURL *easy;
  Shard *shard;
  Buf body, reply;
} Transfer;

/* The shard of each descriptor, for epoll says only which descriptor. */
struct Loop {
  const char *url;
  uint32_t asks, in_flight, warm;
  int epoll;
  struct curl_slist *headers;
  Transfer *transfers; /* in_flight of them */
  Shard *shards;
  uint32_t shard_count;
  Shard **of_fd; /* by descriptor */
  uint32_t fd_count;
  uint32_t started, ended, failed; /* of this round */
  Buf *replies;                    /* by ask; kept until the round is over */
};

/* ---- libcurl's callbacks ------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user,
                     void *known) {
  Shard *shard = user;
  Loop *loop = shard->loop;
  struct epoll_event event = {.data.fd = fd};
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
    return 0;
  }
  if (what != CURL_POLL_OUT) event.events |= EPOLLIN;
  if (what != CURL_POLL_IN) event.events |= EPOLLOUT;
  if (known) {
    epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event);
    return 0;
  }
  if ((uint32_t)fd >= loop->fd_count) abort();
  loop->of_fd[fd] = shard;
  epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
  curl_multi_assign(shard->multi, fd, loop);
  return 0;
}

static int on_timer(CURLM *multi, long ms, void *user) {
  Shard *shard = user;
  (void)multi;
  shard->due = ms < 0 ? UINT64_MAX : clock_now() + (uint64_t)ms * NS_PER_MS;
  return 0;
}

static size_t on_bytes(char *data, size_t size, size_t count, void *user) {
  Transfer *transfer = user;
  buf_add(&transfer->reply, data, size * count);
  return size * count;
}

/* ---- transfers ----------------------------------------------------------- */

static void set_up(Loop *loop, Transfer *transfer, Shard *shard) {
  CURL *easy = curl_easy_init();
  transfer->easy = easy;
  transfer->shard = shard;
  curl_easy_setopt(easy, CURLOPT_URL, loop->url);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, loop->headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
}

/* The same bytes that apxm sends for this ask of the same program. */
static void begin(Loop *loop, Transfer *transfer) {
  buf_clear(&transfer->body);
  buf_addf(&transfer->body,
           "{\"model\":\"bench\",\"messages\":[{\"role\":\"user\",\"content\":"
           "\"Section %u of the report: what does it say, in one line?\"}]}",
           loop->started++);
  curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE,
                   (long)transfer->body.length);
  curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, transfer->body.data);
  curl_multi_add_handle(transfer->shard->multi, transfer->easy);
}

static void end(Loop *loop, Transfer *transfer, CURLcode result) {
  long code = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &code);
  curl_multi_remove_handle(transfer->shard->multi, transfer->easy);
  if (result != CURLE_OK || code != 200) loop->failed++;
  loop->replies[loop->ended++] = transfer->reply;
  transfer->reply = (Buf){0};
  if (loop->started < loop->asks) begin(loop, transfer);
}

static void collect(Loop *loop, Shard *shard) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(shard->multi, &left)) != NULL) {
    Transfer *transfer = NULL;
    CURLcode result = message->data.result;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    end(loop, transfer, result);
  }
}

/* ---- the loop ------------------------------------------------------------ */

/* The nearest timer in whole milliseconds, as epoll wants it. */
static int time_out(const Loop *loop) {
  uint64_t now = clock_now(), due = UINT64_MAX;
  for (uint32_t i = 0; i < loop->shard_count; i++)
    if (loop->shards[i].due < due) due = loop->shards[i].due;
  if (due == UINT64_MAX) return -1;
  return due <= now ? 0 : (int)((due - now + NS_PER_MS - 1) / NS_PER_MS);
}

static void fire_timers(Loop *loop) {
  uint64_t now = clock_now();
  int running;
  for (uint32_t i = 0; i < loop->shard_count; i++) {
    Shard *shard = &loop->shards[i];
    if (shard->due > now) continue;
    shard->due = UINT64_MAX;
    curl_multi_socket_action(shard->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(loop, shard);
  }
}

static void turn(Loop *loop) {
  struct epoll_event events[EVENTS_MAX];
  int count = epoll_wait(loop->epoll, events, EVENTS_MAX, time_out(loop));
  for (int i = 0; i < count; i++) {
    int running, action = 0;
    Shard *shard = loop->of_fd[events[i].data.fd];
    if (events[i].events & (EPOLLIN | EPOLLHUP)) action |= CURL_CSELECT_IN;
    if (events[i].events & EPOLLOUT) action |= CURL_CSELECT_OUT;
    if (events[i].events & EPOLLERR) action |= CURL_CSELECT_ERR;
    curl_multi_socket_action(shard->multi, events[i].data.fd, action, &running);
    collect(loop, shard);
  }
  fire_timers(loop);
}

/* All asks once; ns. */
static uint64_t run(Loop *loop) {
  uint64_t start = clock_now();
  loop->started = loop->ended = 0;
  for (uint32_t i = 0; i < loop->in_flight && i < loop->asks; i++)
    begin(loop, &loop->transfers[i]);
  while (loop->ended < loop->asks) turn(loop);
  uint64_t ns = clock_now() - start;
  for (uint32_t i = 0; i < loop->asks; i++) buf_free(&loop->replies[i]);
  return ns;
}

/* ---- setting up ---------------------------------------------------------- */

static void raise_descriptors(Loop *loop) {
  struct rlimit limit = {0};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  loop->fd_count = loop->in_flight + 1024;
  loop->of_fd = mem_alloc_zero(loop->fd_count, sizeof *loop->of_fd);
}

static void make_shards(Loop *loop) {
  loop->shard_count = (loop->in_flight + SHARD - 1) / SHARD;
  loop->shards = mem_alloc_zero(loop->shard_count, sizeof *loop->shards);
  for (uint32_t i = 0; i < loop->shard_count; i++) {
    Shard *shard = &loop->shards[i];
    *shard = (Shard){curl_multi_init(), loop, UINT64_MAX};
    curl_multi_setopt(shard->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(shard->multi, CURLMOPT_SOCKETDATA, shard);
    curl_multi_setopt(shard->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(shard->multi, CURLMOPT_TIMERDATA, shard);
    curl_multi_setopt(shard->multi, CURLMOPT_MAXCONNECTS, (long)SHARD);
  }
}

static void make(Loop *loop) {
  raise_descriptors(loop);
  curl_global_init(CURL_GLOBAL_NOTHING);
  loop->epoll = epoll_create1(EPOLL_CLOEXEC);
  loop->headers = curl_slist_append(NULL, "Content-Type: application/json");
  make_shards(loop);
  loop->transfers = mem_alloc_zero(loop->in_flight, sizeof *loop->transfers);
  for (uint32_t i = 0; i < loop->in_flight; i++)
    set_up(loop, &loop->transfers[i], &loop->shards[i / SHARD]);
  loop->replies = mem_alloc_zero(loop->asks, sizeof *loop->replies);
}

static void line(const char *figure, double value) {
  printf("{\"figure\":\"%s\",\"value\":%.6g}\n", figure, value);
}

static unsigned long peak_kilobytes(void) {
  char text[128];
  unsigned long kilobytes = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file != NULL && fgets(text, sizeof text, file) != NULL)
    if (strncmp(text, "VmHWM:", 6) == 0)
      kilobytes = strtoul(text + 6, NULL, 10);
  if (file != NULL) fclose(file);
  return kilobytes;
}

static void measure(Loop *loop) {
  line("first_ms", (double)run(loop) / NS_PER_MS);
  uint64_t cpu = clock_process_cpu();
  for (uint32_t i = 0; i < loop->warm; i++)
    line("warm_ms", (double)run(loop) / NS_PER_MS);
  cpu = clock_process_cpu() - cpu;
  if (loop->warm > 0)
    line("cpu_us_per_ask", (double)cpu / NS_PER_US / loop->warm / loop->asks);
  line("peak_bytes", (double)peak_kilobytes() * 1024);
}

static uint32_t number(const char *text) {
  return (uint32_t)strtoul(text, NULL, 10);
}

int main(int argc, char **argv) {
  Loop loop = {.asks = 64, .in_flight = 64};
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--url") == 0) loop.url = argv[i + 1];
    if (strcmp(argv[i], "--asks") == 0) loop.asks = number(argv[i + 1]);
    if (strcmp(argv[i], "--in-flight") == 0)
      loop.in_flight = number(argv[i + 1]);
    if (strcmp(argv[i], "--warm") == 0) loop.warm = number(argv[i + 1]);
  }
  if (loop.url == NULL || loop.asks == 0 || loop.in_flight == 0) {
    fprintf(stderr, "usage: %s --url URL --asks N --in-flight N --warm N\n",
            argv[0]);
    return 2;
  }
  make(&loop);
  measure(&loop);
  if (loop.failed > 0)
    fprintf(stderr, "%s: %u requests failed\n", argv[0], loop.failed);
  fflush(stdout);
  _exit(loop.failed > 0); /* the system is quicker at closing connections */
}
