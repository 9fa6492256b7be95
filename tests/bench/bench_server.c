/* SPDX-License-Identifier: MIT
 *
 * The cheapest server that a client of models can be measured against: one
 * thread, epoll, every request answered with the same chat completion a fixed
 * time after it was read. `apxm bench http` starts it beside its measurements,
 * since a server that does more would take processor time from the client.
 *
 *     bench_server [--latency MS]      prints its URL, serves until its
 *                                      standard input is closed
 *
 * Requests are HTTP/1.1 with Content-Length; only their length is looked at.
 * All replies wait equally long, so those waiting form a queue.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/vec.h"

enum { REQUEST_MAX = 64 * 1024, EVENTS_MAX = 256, FDS_MAX = 1 << 20 };

#define BODY                                                                  \
  "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":"    \
  "1763713000,\"model\":\"bench\",\"choices\":[{\"index\":0,\"message\":{"    \
  "\"role\":\"assistant\",\"content\":\"A fixed reply of some eighty bytes, " \
  "which is what one line of an answer may well come to.\"},"                 \
  "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":24,"             \
  "\"completion_tokens\":20,\"total_tokens\":44}}"

typedef struct Connection {
  int fd;
  uint32_t used;    /* bytes of `data` */
  uint32_t open;    /* replies that wait in the queue */
  bool is_closed;   /* freed with its last reply */
  char data[4096];  /* what was read and not yet understood */
  uint64_t to_skip; /* bytes of a body that did not fit `data` */
} Connection;

typedef struct Waiting {
  Connection *connection;
  uint64_t due;
} Waiting;

typedef struct Server {
  int epoll, listener;
  uint64_t latency;
  char reply[1024];
  size_t reply_length;
  Waiting *queue; /* a ring of `capacity`, a power of two */
  uint32_t head, count, capacity;
} Server;

/* ---- replies ------------------------------------------------------------- */

static void release(Connection *connection) {
  if (connection->is_closed && connection->open == 0) mem_free(connection);
}

/* A reply is shorter than any socket's buffer, so it goes out whole. */
static void send_reply(const Server *server, Connection *connection) {
  connection->open--;
  if (!connection->is_closed)
    (void)!send(connection->fd, server->reply, server->reply_length,
                MSG_NOSIGNAL);
  release(connection);
}

static void grow(Server *server) {
  uint32_t capacity = server->capacity ? server->capacity * 2 : 1024;
  Waiting *queue = mem_alloc_zero(capacity, sizeof *queue);
  for (uint32_t i = 0; i < server->count; i++)
    queue[i] = server->queue[(server->head + i) & (server->capacity - 1)];
  mem_free(server->queue);
  server->queue = queue;
  server->capacity = capacity;
  server->head = 0;
}

static void answer(Server *server, Connection *connection, uint64_t now) {
  connection->open++;
  if (server->latency == 0) {
    send_reply(server, connection);
    return;
  }
  if (server->count == server->capacity) grow(server);
  uint32_t at = (server->head + server->count++) & (server->capacity - 1);
  server->queue[at] = (Waiting){connection, now + server->latency};
}

static void send_due(Server *server) {
  uint64_t now = clock_now();
  while (server->count > 0 && server->queue[server->head].due <= now) {
    Connection *connection = server->queue[server->head].connection;
    server->head = (server->head + 1) & (server->capacity - 1);
    server->count--;
    send_reply(server, connection);
  }
}

/* epoll waits whole milliseconds; so the last one is waited for by looking
 * again with the finer call. */
static int wait_events(const Server *server, struct epoll_event *events) {
  struct timespec time = {0}, *until = NULL;
  if (server->count > 0) {
    uint64_t now = clock_now(), due = server->queue[server->head].due;
    uint64_t ns = due > now ? due - now : 0;
    time = (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
    until = &time;
  }
  return epoll_pwait2(server->epoll, events, EVENTS_MAX, until, NULL);
}

/* ---- requests ------------------------------------------------------------ */

static uint64_t body_length(const char *head, size_t length) {
  static const char name[] = "content-length:";
  for (size_t i = 0; i + sizeof name < length; i++)
    if (head[i] == '\n' &&
        strncasecmp(head + i + 1, name, sizeof name - 1) == 0)
      return strtoul(head + i + sizeof name, NULL, 10);
  return 0;
}

/* Takes one whole request from the front of what was read; false when there
 * is none. */
static bool take_request(Connection *connection) {
  const char *end = memmem(connection->data, connection->used, "\r\n\r\n", 4);
  if (end == NULL) return false;
  size_t head = (size_t)(end + 4 - connection->data);
  uint64_t whole = head + body_length(connection->data, head);
  if (whole > connection->used) {
    if (whole <= sizeof connection->data - 1) return false;
    connection->to_skip = whole - connection->used;
    connection->used = 0;
    return false;
  }
  connection->used -= (uint32_t)whole;
  memmove(connection->data, connection->data + whole, connection->used);
  return true;
}

static void close_connection(Server *server, Connection *connection) {
  epoll_ctl(server->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
  close(connection->fd);
  connection->is_closed = true;
  release(connection);
}

/* The rest of a long body; true when it has come to its end. */
static bool skip(Connection *connection) {
  uint64_t count = connection->used < connection->to_skip ? connection->used
                                                          : connection->to_skip;
  connection->to_skip -= count;
  connection->used -= (uint32_t)count;
  memmove(connection->data, connection->data + count, connection->used);
  return connection->to_skip == 0;
}

static void read_requests(Server *server, Connection *connection,
                          uint64_t now) {
  size_t room = sizeof connection->data - 1 - connection->used;
  ssize_t count =
      recv(connection->fd, connection->data + connection->used, room, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0 || room == 0) {
    close_connection(server, connection);
    return;
  }
  connection->used += (uint32_t)count;
  connection->data[connection->used] = '\0';
  if (connection->to_skip > 0 && skip(connection))
    answer(server, connection, now);
  while (connection->to_skip == 0 && take_request(connection))
    answer(server, connection, now);
}

static void accept_all(Server *server) {
  for (;;) {
    int fd =
        accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection *connection = MEM_NEW(Connection);
    connection->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

/* ---- setting up ---------------------------------------------------------- */

static bool listen_somewhere(Server *server, uint16_t *port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  server->listener =
      socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (server->listener < 0 ||
      bind(server->listener, (struct sockaddr *)&address, size) != 0 ||
      listen(server->listener, 65535) != 0 ||
      getsockname(server->listener, (struct sockaddr *)&address, &size) != 0)
    return false;
  *port = ntohs(address.sin_port);
  return true;
}

static void watch(const Server *server, int fd, void *mark) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = mark};
  epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void raise_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static void make_reply(Server *server) {
  int length = snprintf(server->reply, sizeof server->reply,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n" BODY,
                        sizeof BODY - 1);
  server->reply_length = (size_t)length;
}

/* Until standard input is closed. */
static void serve(Server *server) {
  struct epoll_event events[EVENTS_MAX];
  int end; /* only its address counts */
  watch(server, server->listener, server);
  watch(server, STDIN_FILENO, &end);
  for (;;) {
    int count = wait_events(server, events);
    uint64_t now = clock_now();
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == &end) return;
      if (events[i].data.ptr == server)
        accept_all(server);
      else
        read_requests(server, events[i].data.ptr, now);
    }
    send_due(server);
  }
}

int main(int argc, char **argv) {
  Server server = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
  uint16_t port;
  if (argc == 3 && strcmp(argv[1], "--latency") == 0)
    server.latency = strtoul(argv[2], NULL, 10) * NS_PER_MS;
  raise_descriptors();
  make_reply(&server);
  if (server.epoll < 0 || !listen_somewhere(&server, &port)) {
    perror("bench_server");
    return 1;
  }
  printf("http://127.0.0.1:%u/v1\n", port);
  fflush(stdout);
  serve(&server);
  _exit(0); /* connections are known to epoll only */
}
