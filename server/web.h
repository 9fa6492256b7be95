/* SPDX-License-Identifier: MIT
 *
 * An HTTP server on libmicrohttpd, driven by a reactor: one thread does
 * everything, so a handler needs no lock. A request is handed over when it is
 * there as a whole, and answered then or at any later time, with a body or with
 * a stream. Functions are called on the I/O thread unless they say otherwise.
 *
 *     arrived --> asked --> web_answer / web_stream --> ended
 *        |          |  `--> left (the client has gone) --^
 *        `----------+---------------------------------> ended
 */
#ifndef APXM_SERVER_WEB_H
#define APXM_SERVER_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"
#include "runtime/io/reactor.h"

typedef struct Web Web;

typedef struct WebRequest {
  /* The web's; the handler reads. Valid until `ended` has returned. */
  const char *method, *path;
  Buf body;          /* the handler may take it away */
  bool is_too_large; /* the body is over its limit and not there */
  bool is_starved;   /* there was no memory for it, and it is not there */
  void *user;        /* the handler's own */
} WebRequest;

/* How a request ended. */
typedef enum WebEnd {
  WEB_END_ANSWERED, /* its last bytes are about to be sent */
  WEB_END_LEFT      /* the client has gone before that */
} WebEnd;

typedef struct WebHandler {
  void *user;
  /* A socket that was just accepted, taken over: the one to serve instead, or
   * -1 for none. NULL: it is served itself. */
  int (*accepted)(void *user, int fd);
  /* The head of a request has been read. */
  void (*arrived)(void *user, WebRequest *request);
  /* All of it has. The handler answers it once, in here or later. */
  void (*asked)(void *user, WebRequest *request);
  /* After `asked` and before the answer: nobody waits for it any more. The
   * handler answers soon all the same (that goes nowhere), not in here. */
  void (*left)(void *user, WebRequest *request);
  /* Once a request, last of all. Before the client can have seen the end of
   * the answer; so what is written down here is there when it has. */
  void (*ended)(void *user, WebRequest *request, WebEnd end);
} WebHandler;

/* Takes `listen_fd` over and accepts from now on, at most `connections` at
 * once. Any thread. */
Web *web_new(int listen_fd, uint32_t connections, const WebHandler *handler,
             Reactor *reactor, Error *error);

/* No further connections. Those that are open may still ask. */
void web_close_door(Web *web);
/* Whether whoever connects is refused, as if nobody listened. Those that wait
 * to be accepted are reset. */
void web_refuse(Web *web, bool is_refusing);
/* Requests that were asked and whose answer has not been sent. */
uint32_t web_busy(const Web *web);
/* Any thread but the I/O thread. Ends every connection. Whatever was asked has
 * been answered. */
void web_free(Web *web);

/* A header of the request, or NULL. Valid until `ended` has returned. */
const char *web_header(const WebRequest *request, const char *name);
/* The same for what follows the path: `?name=value`. */
const char *web_argument(const WebRequest *request, const char *name);

/* `type` is static; the body is taken over. `allow`, static or NULL, goes into
 * a header Allow. */
void web_answer(WebRequest *request, unsigned code, const char *type,
                const char *allow, Buf *body);

/* 200, chunked. The body is made of lines; blank ones belong to the line
 * before. The first line is sent by itself, then as many whole ones at once as
 * there is room for. */
void web_stream(WebRequest *request, const char *type, Buf *body);

#endif
