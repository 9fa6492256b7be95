/* SPDX-License-Identifier: MIT
 *
 * libmicrohttpd runs no thread of its own here. Its epoll descriptor is watched
 * by the reactor, which calls MHD_run when something is ready there, or when
 * connections have been resumed: once a turn, however many they are, because
 * the library then goes through all suspended ones.
 *
 * Some things it does not do are done here. It accepts ten connections a turn;
 * we accept as many as have come, or ten thousand connects at once would
 * overflow the queue of the listening socket. It forgets the socket of a
 * suspended connection, and it overlooks a hang-up that comes along with the
 * last bytes; we keep an eye on each connection for that.
 *
 * A request is suspended from `asked` until it is answered. The answer resumes
 * it, the library calls `handle` once more, and there the response is queued.
 */
#include "server/web.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "server/listen.h"
#include "server/microhttpd.h"

enum {
  ACCEPT_BATCH = 1024, /* connections accepted in one go */
  RUNS = 8             /* of the library in one go, while it asks for more */
};

typedef struct Peer Peer;

struct Web {
  Watch door;    /* first: the listening socket */
  Watch library; /* the library's epoll descriptor */
  Timer timer;   /* when the library wants to look for idle connections */
  ReactorJob again;
  Reactor *reactor;
  WebHandler handler;
  struct MHD_Daemon *daemon;
  uint32_t limit;       /* of connections */
  uint32_t connections; /* open */
  uint32_t busy;
  uint64_t body_bytes; /* of all bodies kept */
  bool door_is_open;   /* it is watched */
  bool door_is_closed; /* for good */
  bool door_is_deaf;   /* nobody listens for now, and it is not watched */
  bool again_is_posted;
  Peer *leaving; /* have hung up, and the library may not know; a list */
};

typedef struct Exchange Exchange;

/* One connection; watched for its hang-up. */
struct Peer {
  Watch watch; /* first: the watch is the peer */
  Web *web;
  Exchange *exchange; /* the request under way, or NULL */
  bool has_left;
  Peer *next, **link; /* in `leaving`; link NULL: not there */
};

/* One request and its answer. */
struct Exchange {
  WebRequest request; /* first: the request is the exchange */
  Web *web;
  Peer *peer;
  struct MHD_Connection *connection;
  uint64_t kept;     /* bytes counted in body_bytes */
  bool is_asked;     /* `asked` was called */
  bool is_answered;  /* by the handler */
  bool is_suspended; /* with the library */
  bool is_given_up;  /* `left` was called: nobody waits for the answer */
  bool has_ended;    /* `ended` was called */
  bool is_stream;
  unsigned code;
  const char *type, *allow;
  Buf reply; /* until the library has it; of a stream until the end */
};

static Exchange *exchange_of(WebRequest *request) {
  return (Exchange *)request;
}

static void end(Exchange *exchange, WebEnd how) {
  if (exchange->has_ended) return;
  exchange->has_ended = true;
  exchange->web->handler.ended(exchange->web->handler.user, &exchange->request,
                               how);
}

/* ---- the library's turn -------------------------------------------------- */

static void post_again(Web *web) {
  if (web->again_is_posted) return;
  web->again_is_posted = true;
  reactor_post(web->reactor, &web->again);
}

/* Lets it do what there is to do, and finds out when it wants to be called
 * next without anything having happened. */
static void run_library(Web *web) {
  MHD_UNSIGNED_LONG_LONG left = 0;
  bool has_timeout = false;
  if (!web->daemon) return; /* it has been stopped */
  for (int i = 0; i < RUNS; i++) {
    mhd.MHD_run(web->daemon);
    has_timeout = mhd.MHD_get_timeout(web->daemon, &left) == MHD_YES;
    if (!has_timeout || left > 0) break;
  }
  if (has_timeout && left == 0)
    post_again(web);
  else if (has_timeout && web->timer.slot == 0)
    reactor_timer_set(web->reactor, &web->timer,
                      clock_now() + left * NS_PER_MS);
}

static void library_ready(Watch *watch, uint32_t events) {
  (void)events;
  run_library((Web *)((char *)watch - offsetof(Web, library)));
}

static void leaving_remove(Peer *peer) {
  if (!peer->link) return;
  *peer->link = peer->next;
  if (peer->next) peer->next->link = peer->link;
  peer->link = NULL;
}

/* The library has read what there was, and waits for more that will not come:
 * this tells it. An answer that is being sent goes on; when there is room for
 * more of it, the library hears of the hang-up by itself. */
static void show_out(Web *web) {
  while (web->leaving) {
    Peer *peer = web->leaving;
    bool is_busy = peer->exchange && peer->exchange->is_asked;
    leaving_remove(peer);
    if (!is_busy) shutdown(peer->watch.fd, SHUT_RDWR);
  }
}

static void run_again(ReactorJob *job) {
  Web *web = (Web *)((char *)job - offsetof(Web, again));
  web->again_is_posted = false;
  run_library(web);
  if (!web->again_is_posted) show_out(web);
}

static void leaving_add(Peer *peer) {
  Web *web = peer->web;
  if (peer->link) return;
  peer->link = &web->leaving;
  peer->next = web->leaving;
  if (peer->next) peer->next->link = &peer->next;
  web->leaving = peer;
  post_again(web);
}

static void time_over(Timer *timer) {
  run_library((Web *)((char *)timer - offsetof(Web, timer)));
}

/* ---- connections --------------------------------------------------------- */

static void open_door(Web *web, bool is_open) {
  if (web->door_is_closed || web->door_is_deaf) return;
  if (web->door_is_open == is_open) return;
  web->door_is_open = is_open;
  reactor_watch_change(web->reactor, &web->door, is_open ? EPOLLIN : 0);
}

/* To the library, or to what the handler puts before it. */
static void let_in(Web *web, int fd, const struct sockaddr *address,
                   socklen_t length) {
  static const struct sockaddr local = {.sa_family = AF_UNIX};
  if (web->handler.accepted) {
    fd = web->handler.accepted(web->handler.user, fd);
    address = &local;
    length = sizeof local;
  }
  if (fd >= 0) mhd.MHD_add_connection(web->daemon, fd, address, length);
}

static void accept_all(Watch *watch, uint32_t events) {
  Web *web = (Web *)watch;
  struct sockaddr_storage address;
  (void)events;
  for (int i = 0; i < ACCEPT_BATCH; i++) {
    socklen_t length = sizeof address;
    if (web->door_is_deaf) return;
    if (web->connections >= web->limit) {
      open_door(web, false);
      return;
    }
    int fd = accept4(watch->fd, (struct sockaddr *)&address, &length,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
      let_in(web, fd, (struct sockaddr *)&address, length);
    else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
             errno == ENOMEM)
      open_door(web, web->connections == 0); /* until one is closed */
    if (fd < 0 && errno != EINTR && errno != ECONNABORTED) return;
  }
}

static void give_up(Exchange *exchange) {
  exchange->is_given_up = true;
  exchange->web->handler.left(exchange->web->handler.user, &exchange->request);
}

static void hung_up(Watch *watch, uint32_t events) {
  Peer *peer = (Peer *)watch;
  Exchange *exchange = peer->exchange;
  (void)events;
  if (peer->has_left) return;
  peer->has_left = true;
  if (!exchange || !exchange->is_asked)
    leaving_add(peer);
  else if (!exchange->is_answered)
    give_up(exchange);
}

static Peer *open_peer(Web *web, struct MHD_Connection *connection) {
  Peer *peer = MEM_NEW(Peer);
  const union MHD_ConnectionInfo *info = mhd.MHD_get_connection_info(
      connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  peer->web = web;
  peer->watch.fd = info->connect_fd;
  peer->watch.ready = hung_up;
  web->connections++;
  /* Edge-triggered: the event is there once, also when nothing comes of it. */
  if (reactor_watch(web->reactor, &peer->watch, EPOLLRDHUP | EPOLLET, NULL) !=
      STATUS_OK)
    peer->has_left = true; /* it is out of descriptors or memory */
  return peer;
}

static void close_peer(Peer *peer) {
  reactor_unwatch(peer->web->reactor, &peer->watch);
  leaving_remove(peer);
  peer->web->connections--;
  open_door(peer->web, true);
  mem_free(peer);
}

/* The library: a connection has begun, or is about to be closed. */
static void connection_changed(void *user, struct MHD_Connection *connection,
                               void **slot,
                               enum MHD_ConnectionNotificationCode what) {
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    *slot = open_peer(user, connection);
  } else {
    close_peer(*slot);
    *slot = NULL;
  }
}

/* ---- the answer ---------------------------------------------------------- */

/* How many of the `length` bytes of `data` to send now, at most `most`: the
 * first line alone, or whole lines with the blank ones behind them, or what
 * fits of a line that is longer. */
static size_t piece_length(const char *data, size_t length, size_t most,
                           bool is_first) {
  size_t best = 0;
  if (most > length) most = length;
  if (!is_first && most == length) return length;
  for (size_t i = 0; i < most; i++) {
    if (data[i] != '\n' || (i + 1 < length && data[i + 1] == '\n')) continue;
    best = i + 1;
    if (is_first) break;
  }
  return best ? best : most;
}

/* The library: room for `most` bytes of a stream. */
static ssize_t read_stream(void *user, uint64_t position, char *out,
                           size_t most) {
  Exchange *exchange = user;
  size_t left = exchange->reply.length - (size_t)position;
  const char *data = exchange->reply.data + position;
  if (left == 0) return MHD_CONTENT_READER_END_OF_STREAM;
  size_t count = piece_length(data, left, most, position == 0);
  if (count == left) end(exchange, WEB_END_ANSWERED);
  memcpy(out, data, count);
  return (ssize_t)count;
}

static struct MHD_Response *make_response(Exchange *exchange) {
  if (exchange->is_stream)
    return mhd.MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096,
                                                 read_stream, exchange, NULL);
  size_t length = exchange->reply.length;
  return mhd.MHD_create_response_from_buffer_with_free_callback(
      length, buf_take(&exchange->reply), mem_free);
}

/* In the library's call: hands it the answer. MHD_NO closes the connection. */
static enum MHD_Result send_answer(Exchange *exchange) {
  if (exchange->is_given_up) return MHD_NO;
  struct MHD_Response *response = make_response(exchange);
  if (!response) return MHD_NO;
  mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                              exchange->type);
  if (exchange->allow)
    mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
                                exchange->allow);
  bool is_whole =
      !exchange->is_stream || strcmp(exchange->request.method, "HEAD") == 0;
  if (is_whole) end(exchange, WEB_END_ANSWERED);
  enum MHD_Result result =
      mhd.MHD_queue_response(exchange->connection, exchange->code, response);
  mhd.MHD_destroy_response(response); /* the connection has its own hold */
  return result;
}

static void answer(Exchange *exchange, unsigned code, const char *type,
                   const char *allow, Buf *body) {
  assert(exchange->is_asked && !exchange->is_answered);
  exchange->is_answered = true;
  exchange->code = code;
  exchange->type = type;
  exchange->allow = allow;
  exchange->reply = *body;
  *body = (Buf){0};
  if (!exchange->is_suspended) return;
  exchange->is_suspended = false;
  mhd.MHD_resume_connection(exchange->connection);
  post_again(exchange->web); /* once for all that are resumed in this turn */
}

void web_answer(WebRequest *request, unsigned code, const char *type,
                const char *allow, Buf *body) {
  answer(exchange_of(request), code, type, allow, body);
}

void web_stream(WebRequest *request, const char *type, Buf *body) {
  exchange_of(request)->is_stream = body->length > 0;
  answer(exchange_of(request), MHD_HTTP_OK, type, NULL, body);
}

/* ---- requests ------------------------------------------------------------ */

static Exchange *open_exchange(Web *web, struct MHD_Connection *connection,
                               const char *path, const char *method) {
  Exchange *exchange = MEM_NEW(Exchange);
  const union MHD_ConnectionInfo *info = mhd.MHD_get_connection_info(
      connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  exchange->request.method = method;
  exchange->request.path = path;
  exchange->web = web;
  exchange->connection = connection;
  exchange->peer = info->socket_context;
  exchange->peer->exchange = exchange;
  web->handler.arrived(web->handler.user, &exchange->request);
  return exchange;
}

static void drop_body(Exchange *exchange) {
  buf_free(&exchange->request.body);
  exchange->web->body_bytes -= exchange->kept;
  exchange->kept = 0;
}

/* A piece of the body. What is too much is read and forgotten, so that the
 * client comes to the point where it reads the answer. */
static void add_body(Exchange *exchange, const char *data, size_t length) {
  WebRequest *request = &exchange->request;
  Web *web = exchange->web;
  if (request->is_too_large || request->is_starved) return;
  if (length > LIMIT_WEB_BODY_BYTES - request->body.length)
    request->is_too_large = true;
  else if (length > LIMIT_WEB_BODIES_BYTES - web->body_bytes ||
           !buf_try_reserve(&request->body, length))
    request->is_starved = true;
  if (request->is_too_large || request->is_starved) {
    drop_body(exchange);
    return;
  }
  buf_add(&request->body, data, length);
  exchange->kept += length;
  web->body_bytes += length;
}

static enum MHD_Result ask(Exchange *exchange) {
  Web *web = exchange->web;
  exchange->is_asked = true;
  web->busy++;
  web->handler.asked(web->handler.user, &exchange->request);
  if (exchange->is_answered) return send_answer(exchange);
  exchange->is_suspended = true;
  mhd.MHD_suspend_connection(exchange->connection);
  if (exchange->peer->has_left) give_up(exchange);
  return MHD_YES;
}

/* The library calls this with the head of a request, with each piece of its
 * body, at its end, and once more when it has been resumed. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection,
                              const char *url, const char *method,
                              const char *version, const char *data,
                              size_t *length, void **slot) {
  Exchange *exchange = *slot;
  (void)version;
  if (!exchange) {
    *slot = open_exchange(user, connection, url, method);
    return MHD_YES;
  }
  if (*length > 0) {
    add_body(exchange, data, *length);
    *length = 0;
    return MHD_YES;
  }
  return exchange->is_asked ? send_answer(exchange) : ask(exchange);
}

/* The library: the request is over, whatever became of it. */
static void request_completed(void *user, struct MHD_Connection *connection,
                              void **slot,
                              enum MHD_RequestTerminationCode why) {
  Exchange *exchange = *slot;
  (void)user;
  (void)connection;
  (void)why;
  if (!exchange) return;
  assert(!exchange->is_asked || exchange->is_answered);
  end(exchange, WEB_END_LEFT);
  if (exchange->is_asked) exchange->web->busy--;
  exchange->peer->exchange = NULL;
  drop_body(exchange);
  buf_free(&exchange->reply);
  mem_free(exchange);
  *slot = NULL;
}

const char *web_header(const WebRequest *request, const char *name) {
  return mhd.MHD_lookup_connection_value(
      ((const Exchange *)request)->connection, MHD_HEADER_KIND, name);
}

const char *web_argument(const WebRequest *request, const char *name) {
  return mhd.MHD_lookup_connection_value(
      ((const Exchange *)request)->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* ---- life ---------------------------------------------------------------- */

static struct MHD_Daemon *start_library(Web *web) {
  return mhd.MHD_start_daemon(
      MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
          MHD_USE_SUPPRESS_DATE_NO_CLOCK,
      0, NULL, NULL, handle, web, MHD_OPTION_CONNECTION_LIMIT, web->limit,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_WEB_CONNECTION_BYTES,
      MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_WEB_IDLE_S,
      MHD_OPTION_NOTIFY_CONNECTION, connection_changed, web,
      MHD_OPTION_NOTIFY_COMPLETED, request_completed, web, MHD_OPTION_END);
}

static Status start_watches(Web *web, Error *error) {
  const union MHD_DaemonInfo *info =
      mhd.MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  web->library = (Watch){.fd = info->epoll_fd, .ready = library_ready};
  web->door.ready = accept_all;
  web->door_is_open = true;
  Status status = reactor_watch(web->reactor, &web->library, EPOLLIN, error);
  if (status != STATUS_OK) return status;
  return reactor_watch(web->reactor, &web->door, EPOLLIN, error);
}

Web *web_new(int listen_fd, uint32_t connections, const WebHandler *handler,
             Reactor *reactor, Error *error) {
  Web *web = MEM_NEW(Web);
  web->door.fd = listen_fd;
  web->timer.fire = time_over;
  web->again.run = run_again;
  web->reactor = reactor;
  web->handler = *handler;
  web->limit = connections;
  web->daemon = start_library(web);
  if (!web->daemon)
    error_set_errno(error, STATUS_IO, errno,
                    "libmicrohttpd does not start (it needs descriptors: see "
                    "`ulimit -n`)");
  else if (start_watches(web, error) == STATUS_OK)
    return web;
  close(listen_fd);
  if (web->daemon) mhd.MHD_stop_daemon(web->daemon);
  mem_free(web);
  return NULL;
}

void web_close_door(Web *web) {
  if (web->door_is_closed) return;
  web->door_is_closed = true;
  if (!web->door_is_deaf) reactor_unwatch(web->reactor, &web->door);
  if (web->door.fd >= 0) close(web->door.fd);
}

void web_refuse(Web *web, bool is_refusing) {
  if (web->door_is_closed || web->door_is_deaf == is_refusing) return;
  if (is_refusing) {
    reactor_unwatch(web->reactor, &web->door);
    web->door.fd = listen_hold(web->door.fd);
    web->door_is_deaf = true;
    return;
  }
  web->door_is_open = true;
  if (listen_begin(web->door.fd) &&
      reactor_watch(web->reactor, &web->door, EPOLLIN, NULL) == STATUS_OK)
    web->door_is_deaf = false;
}

uint32_t web_busy(const Web *web) {
  return web->busy;
}

/* I/O thread. */
static void stop(void *user) {
  Web *web = user;
  struct MHD_Daemon *daemon = web->daemon;
  web_close_door(web);
  reactor_unwatch(web->reactor, &web->library);
  reactor_timer_cancel(web->reactor, &web->timer);
  web->daemon = NULL;
  mhd.MHD_stop_daemon(daemon);
}

static void pass_by(void *nothing) {
  (void)nothing;
}

void web_free(Web *web) {
  reactor_call(web->reactor, stop, web);
  reactor_call(web->reactor, pass_by, NULL); /* `again` may be under way */
  mem_free(web);
}
