/* SPDX-License-Identifier: MIT
 *
 * An accepting thread and one for each connection. A connection's descriptor
 * is closed under the lock, so that the end of the server never shuts down
 * somebody else's.
 */
#include "tests/raw_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/thread.h"

struct RawPeer {
  RawServer *server;
  RawPeer *next; /* guarded by the server's lock */
  Thread *thread;
  int fd;    /* -1 when closed; changed under the server's lock */
  Buf ahead; /* read, but of the next request; the peer's thread only */
};

struct RawServer {
  void (*serve)(RawPeer *, void *);
  void *argument;
  int listener;
  uint16_t port;
  Thread *thread;
  Mutex mutex; /* guards what follows */
  RawPeer *peers;
  uint32_t accepted, requests, open;
  bool is_ending;
};

/* ---- sockets ------------------------------------------------------------- */

static struct sockaddr_in loopback(uint16_t port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int new_socket(int flags) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  assert(fd >= 0);
  return fd;
}

/* On a port of the system's choice. */
static int bind_somewhere(uint16_t *port) {
  int fd = new_socket(0);
  struct sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, size) ||
      getsockname(fd, (struct sockaddr *)&address, &size))
    abort();
  *port = ntohs(address.sin_port);
  return fd;
}

uint16_t raw_port_unused(void) {
  uint16_t port;
  close(bind_somewhere(&port));
  return port;
}

/* A queue of length 0 still takes one connection; to the others the kernel
 * does not answer. */
void raw_wall_open(RawWall *wall) {
  wall->listener = bind_somewhere(&wall->port);
  if (listen(wall->listener, 0)) abort();
  struct sockaddr_in address = loopback(wall->port);
  for (int i = 0; i < 4; i++) {
    wall->fillers[i] = new_socket(SOCK_NONBLOCK);
    (void)!connect(wall->fillers[i], (struct sockaddr *)&address,
                   sizeof address);
  }
}

void raw_wall_close(RawWall *wall) {
  for (int i = 0; i < 4; i++) close(wall->fillers[i]);
  close(wall->listener);
}

/* ---- connections --------------------------------------------------------- */

static void close_peer(RawPeer *peer) {
  mutex_lock(&peer->server->mutex);
  if (peer->fd >= 0) {
    close(peer->fd);
    peer->fd = -1;
    peer->server->open--;
  }
  mutex_unlock(&peer->server->mutex);
}

static void run_peer(void *argument) {
  RawPeer *peer = argument;
  peer->server->serve(peer, peer->server->argument);
  close_peer(peer);
  buf_free(&peer->ahead);
}

static void welcome(RawServer *server, int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  RawPeer *peer = MEM_NEW(RawPeer);
  peer->server = server;
  peer->fd = fd;
  mutex_lock(&server->mutex);
  server->accepted++;
  server->open++;
  peer->next = server->peers;
  server->peers = peer;
  if (server->is_ending) shutdown(fd, SHUT_RDWR);
  mutex_unlock(&server->mutex);
  if (thread_start(&peer->thread, "raw-peer", run_peer, peer, NULL) !=
      STATUS_OK)
    abort();
}

static void run_server(void *argument) {
  RawServer *server = argument;
  int fd;
  while ((fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
    welcome(server, fd);
}

RawServer *raw_server_new(void (*serve)(RawPeer *, void *), void *argument) {
  RawServer *server = MEM_NEW(RawServer);
  server->serve = serve;
  server->argument = argument;
  mutex_init(&server->mutex);
  server->listener = bind_somewhere(&server->port);
  if (listen(server->listener, 1024)) abort();
  if (thread_start(&server->thread, "raw-server", run_server, server, NULL) !=
      STATUS_OK)
    abort();
  return server;
}

void raw_server_free(RawServer *server) {
  mutex_lock(&server->mutex);
  server->is_ending = true;
  for (RawPeer *peer = server->peers; peer; peer = peer->next)
    if (peer->fd >= 0) shutdown(peer->fd, SHUT_RDWR);
  mutex_unlock(&server->mutex);
  shutdown(server->listener, SHUT_RDWR); /* wakes the accepting thread */
  thread_join(server->thread);
  RawPeer *next;
  for (RawPeer *peer = server->peers; peer; peer = next) {
    next = peer->next;
    thread_join(peer->thread);
    mem_free(peer);
  }
  close(server->listener);
  mutex_destroy(&server->mutex);
  mem_free(server);
}

/* ---- what a test asks ---------------------------------------------------- */

uint16_t raw_server_port(const RawServer *server) {
  return server->port;
}

static uint32_t read_count(RawServer *server, const uint32_t *count) {
  mutex_lock(&server->mutex);
  uint32_t value = *count;
  mutex_unlock(&server->mutex);
  return value;
}

uint32_t raw_server_accepted(RawServer *server) {
  return read_count(server, &server->accepted);
}

uint32_t raw_server_requests(RawServer *server) {
  return read_count(server, &server->requests);
}

uint32_t raw_server_open(RawServer *server) {
  return read_count(server, &server->open);
}

/* ---- what a connection does ---------------------------------------------- */

static bool read_more(RawPeer *peer) {
  char bytes[4096];
  ssize_t count = recv(peer->fd, bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  buf_add(&peer->ahead, bytes, (size_t)count);
  return true;
}

/* Moves the first `count` bytes that were read to `out`. */
static void take(RawPeer *peer, size_t count, Buf *out) {
  Buf *ahead = &peer->ahead;
  buf_clear(out);
  buf_add(out, ahead->data, count);
  memmove(ahead->data, ahead->data + count, ahead->length - count);
  ahead->length -= count;
}

static size_t content_length(const Buf *head) {
  const char *line = strcasestr(head->data, "\r\ncontent-length:");
  return line ? strtoull(strchr(line, ':') + 1, NULL, 10) : 0;
}

bool raw_peer_read(RawPeer *peer, Buf *head, Buf *body) {
  static const char end[] = "\r\n\r\n";
  const char *found = NULL;
  do {
    if (peer->ahead.length > 0)
      found = memmem(peer->ahead.data, peer->ahead.length, end, 4);
  } while (!found && read_more(peer));
  if (!found) return false;
  take(peer, (size_t)(found - peer->ahead.data) + 4, head);
  size_t length = content_length(head);
  while (peer->ahead.length < length)
    if (!read_more(peer)) return false;
  take(peer, length, body);
  mutex_lock(&peer->server->mutex);
  peer->server->requests++;
  mutex_unlock(&peer->server->mutex);
  return true;
}

bool raw_peer_skip(RawPeer *peer) {
  Buf head = {0}, body = {0};
  bool came = raw_peer_read(peer, &head, &body);
  buf_free(&head);
  buf_free(&body);
  return came;
}

bool raw_peer_send(RawPeer *peer, Slice bytes) {
  while (bytes.length > 0) {
    ssize_t sent = send(peer->fd, bytes.data, bytes.length, MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.data += sent;
    bytes.length -= (size_t)sent;
  }
  return true;
}

bool raw_peer_text(RawPeer *peer, const char *text) {
  return raw_peer_send(peer, slice_of(text));
}

bool raw_peer_reply(RawPeer *peer, uint32_t code, const char *more,
                    Slice body) {
  Buf reply = {0};
  buf_addf(&reply, "HTTP/1.1 %u Some Reason\r\nContent-Length: %zu\r\n%s\r\n",
           code, body.length, more);
  buf_add_slice(&reply, body);
  bool sent = raw_peer_send(peer, buf_slice(&reply));
  buf_free(&reply);
  return sent;
}

void raw_peer_reset(RawPeer *peer) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close_peer(peer);
}

void raw_peer_wait(RawPeer *peer) {
  char bytes[4096];
  while (recv(peer->fd, bytes, sizeof bytes, 0) > 0) {
  }
}
