/* SPDX-License-Identifier: MIT
 *
 * A server on a loopback socket that does what a test says, well or badly. It
 * knows how a request ends and nothing else of HTTP: a test writes the bytes of
 * the reply itself. One thread a connection.
 */
#ifndef APXM_TESTS_RAW_SERVER_H
#define APXM_TESTS_RAW_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"

typedef struct RawServer RawServer;
typedef struct RawPeer RawPeer; /* one connection */

/* `serve` is run for each connection, on a thread of its own; when it returns,
 * the connection is closed. */
RawServer *raw_server_new(void (*serve)(RawPeer *peer, void *argument),
                          void *argument);
void raw_server_free(RawServer *server); /* cuts all connections, and waits */
uint16_t raw_server_port(const RawServer *server);
uint32_t raw_server_accepted(RawServer *server); /* connections so far */
uint32_t raw_server_requests(RawServer *server); /* requests read so far */
uint32_t raw_server_open(RawServer *server);     /* connections open now */

/* Reads one request: `head` up to the empty line, `body` of as many bytes as
 * its Content-Length says; both are emptied before. False: the peer has closed
 * the connection, or the server is being freed. */
bool raw_peer_read(RawPeer *peer, Buf *head, Buf *body);
/* As raw_peer_read, when nobody wants to know what was asked. */
bool raw_peer_skip(RawPeer *peer);

bool raw_peer_send(RawPeer *peer, Slice bytes); /* false: it is cut */
bool raw_peer_text(RawPeer *peer, const char *text);
/* A sound reply with Content-Length, and with `more` header lines, each with
 * its line end. */
bool raw_peer_reply(RawPeer *peer, uint32_t code, const char *more, Slice body);
void raw_peer_reset(RawPeer *peer); /* ends the connection by a reset */
void raw_peer_wait(RawPeer *peer);  /* until the other side has closed it */

/* A port on which connections neither succeed nor fail: its queue is full. */
typedef struct RawWall {
  int listener;
  int fillers[4]; /* connections that are in the queue, or try to be */
  uint16_t port;
} RawWall;
void raw_wall_open(RawWall *wall);
void raw_wall_close(RawWall *wall);

/* A port that nobody listens on. */
uint16_t raw_port_unused(void);

#endif
