/* SPDX-License-Identifier: MIT
 *
 * Multi handles, each with at most SHARD_TRANSFERS transfers, driven by the
 * reactor: curl says which descriptors and which time-out it waits for, and is
 * called when one of them is there. Transfers started in one turn of the I/O
 * thread make curl ask for a time-out of zero once; the timer fires at the end
 * of the same turn, so that they all begin in one call.
 *
 * A connection that has become idle stays in epoll, since most are used again
 * at once and a change costs a system call. Should it be heard of meanwhile
 * (the server has closed it), it is taken out; curl looks at a connection
 * before it uses it again. That needs to know when a descriptor's number gets
 * a new meaning, so connections are opened and closed by callbacks here. Other
 * descriptors of curl's (its resolver's) are watched exactly as it asks.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "runtime/io/http_int.h"

/* ---- what curl is told --------------------------------------------------- */

static void reap(HttpShard *shard) {
  const CurlApi *curl = &shard->client->curl;
  int left;
  CURLMsg *message;
  while ((message = curl->multi_info_read(shard->multi, &left)) != NULL) {
    char *private = NULL;
    CURLcode code = message->data.result;
    curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    HttpTransfer *transfer = (HttpTransfer *)private;
    HttpExchange *exchange = transfer->exchange;
    http_failure_judge(transfer, code);
    http_shard_give(transfer);
    http_finish(exchange);
  }
}

static void act(HttpShard *shard, curl_socket_t fd, int events) {
  HttpClient *client = shard->client;
  int running;
  client->in_curl = true;
  client->curl.multi_socket_action(shard->multi, fd, events, &running);
  client->in_curl = false;
  if (client->arrived) http_scout_release(client);
  reap(shard);
}

static void fire(Timer *timer) {
  HttpShard *shard = (HttpShard *)timer;
  shard->due = UINT64_MAX;
  act(shard, CURL_SOCKET_TIMEOUT, 0);
}

/* A descriptor in error is reported as what curl waits for, so that it finds
 * the cause itself. */
static void ready(Watch *watch, uint32_t events) {
  HttpSocket *socket = (HttpSocket *)watch;
  HttpClient *client = socket->shard->client;
  if (!socket->wanted) { /* idle, and closed by the server */
    reactor_unwatch(client->reactor, watch);
    socket->watched = 0;
    return;
  }
  if (events & (EPOLLERR | EPOLLHUP)) events |= socket->wanted;
  act(socket->shard, watch->fd,
      (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
          (events & EPOLLOUT ? CURL_CSELECT_OUT : 0));
}

/* ---- what curl asks for -------------------------------------------------- */

static HttpSocket *socket_at(HttpClient *client, curl_socket_t fd) {
  while (client->sockets.length <= (uint32_t)fd)
    vec_push(&client->sockets, NULL);
  HttpSocket **place = &client->sockets.data[fd];
  if (!*place) {
    *place = MEM_NEW(HttpSocket);
    (*place)->watch = (Watch){.fd = fd, .ready = ready};
  }
  return *place;
}

/* -1 ends every transfer of the shard; no descriptor of curl's is refused by
 * epoll as long as there is memory. */
static int watch_socket(Reactor *reactor, HttpSocket *socket, uint32_t events) {
  uint32_t before = socket->watched;
  if (events == before) return 0;
  socket->watched = events;
  if (!events)
    reactor_unwatch(reactor, &socket->watch);
  else if (before)
    reactor_watch_change(reactor, &socket->watch, events);
  else if (reactor_watch(reactor, &socket->watch, events, NULL) != STATUS_OK) {
    socket->watched = 0;
    return -1;
  }
  return 0;
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what,
                          void *argument, void *unused) {
  (void)easy;
  (void)unused;
  HttpShard *shard = argument;
  HttpSocket *socket = socket_at(shard->client, fd);
  socket->shard = shard;
  socket->wanted = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
    socket->wanted |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
    socket->wanted |= EPOLLOUT;
  if (!socket->wanted && socket->is_ours) return 0;
  return watch_socket(shard->client->reactor, socket, socket->wanted);
}

curl_socket_t http_socket_open(void *argument, curlsocktype purpose,
                               struct curl_sockaddr *address) {
  (void)purpose;
  HttpTransfer *transfer = argument;
  int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
  transfer->socket_error = fd < 0 ? errno : 0;
  if (fd < 0) return CURL_SOCKET_BAD;
  HttpSocket *known = socket_at(transfer->shard->client, fd);
  known->is_ours = true;
  known->wanted = known->watched = 0; /* a new descriptor is in no epoll */
  return fd;
}

int http_socket_close(void *argument, curl_socket_t fd) {
  HttpClient *client = argument;
  HttpSocket *socket = socket_at(client, fd);
  socket->wanted = 0;
  socket->is_ours = false;
  watch_socket(client->reactor, socket, 0);
  return close(fd);
}

static int timer_changed(CURLM *multi, long ms, void *argument) {
  (void)multi;
  HttpShard *shard = argument;
  Reactor *reactor = shard->client->reactor;
  uint64_t due = UINT64_MAX;
  if (ms == 0)
    due = 1; /* long since */
  else if (ms > 0)
    due = clock_now() + (uint64_t)ms * NS_PER_MS;
  if (due == shard->due) return 0;
  shard->due = due;
  if (due == UINT64_MAX)
    reactor_timer_cancel(reactor, &shard->timer);
  else
    reactor_timer_set(reactor, &shard->timer, due);
  return 0;
}

/* ---- transfers ----------------------------------------------------------- */

static HttpShard *new_shard(HttpClient *client) {
  const CurlApi *curl = &client->curl;
  CURLM *multi = curl->multi_init();
  if (!multi) return NULL;
  HttpShard *shard = MEM_NEW(HttpShard);
  shard->client = client;
  shard->multi = multi;
  shard->timer.fire = fire;
  shard->due = UINT64_MAX;
  shard->number = client->shards.length;
  curl->multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
  curl->multi_setopt(multi, CURLMOPT_SOCKETDATA, shard);
  curl->multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_changed);
  curl->multi_setopt(multi, CURLMOPT_TIMERDATA, shard);
  curl->multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)SHARD_TRANSFERS);
  vec_push(&client->shards, shard);
  return shard;
}

static HttpShard *shard_with_room(HttpClient *client) {
  while (client->first_room < client->shards.length) {
    HttpShard *shard = client->shards.data[client->first_room];
    if (shard->open < SHARD_TRANSFERS) return shard;
    client->first_room++;
  }
  return new_shard(client);
}

HttpTransfer *http_shard_take(HttpClient *client) {
  HttpShard *shard = shard_with_room(client);
  if (!shard) return NULL;
  HttpTransfer *transfer = shard->idle;
  if (transfer)
    shard->idle = transfer->next;
  else
    transfer = http_transfer_new(shard);
  if (transfer) shard->open++;
  return transfer;
}

void http_shard_give(HttpTransfer *transfer) {
  HttpShard *shard = transfer->shard;
  HttpClient *client = shard->client;
  if (transfer->is_added)
    client->curl.multi_remove_handle(shard->multi, transfer->easy);
  transfer->is_added = false;
  http_scout_leave(transfer);
  bool is_kept = transfer->exchange->failure == HTTP_FAILURE_NONE;
  http_transfer_clear(transfer);
  if (is_kept) {
    transfer->next = shard->idle;
    shard->idle = transfer;
  } else {
    http_transfer_free(transfer);
  }
  shard->open--;
  if (shard->number < client->first_room) client->first_room = shard->number;
}

bool http_shard_add(HttpTransfer *transfer) {
  HttpShard *shard = transfer->shard;
  transfer->is_added = shard->client->curl.multi_add_handle(
                           shard->multi, transfer->easy) == CURLM_OK;
  return transfer->is_added;
}

static void free_shard(HttpShard *shard) {
  HttpTransfer *next;
  for (HttpTransfer *transfer = shard->idle; transfer; transfer = next) {
    next = transfer->next;
    http_transfer_free(transfer);
  }
  shard->client->curl.multi_cleanup(shard->multi); /* closes connections */
  reactor_timer_cancel(shard->client->reactor, &shard->timer);
  mem_free(shard);
}

void http_shard_free_all(HttpClient *client) {
  for (uint32_t i = 0; i < client->shards.length; i++)
    free_shard(client->shards.data[i]);
  for (uint32_t i = 0; i < client->sockets.length; i++)
    mem_free(client->sockets.data[i]);
  vec_free(&client->shards);
  vec_free(&client->sockets);
}
