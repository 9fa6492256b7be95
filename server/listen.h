/* SPDX-License-Identifier: MIT
 *
 * Where a server listens: "[HOST:]PORT" read, bound, and said as a URL.
 */
#ifndef APXM_SERVER_LISTEN_H
#define APXM_SERVER_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct ListenAddress {
  char host[64]; /* "127.0.0.1", "::1", "0.0.0.0" */
  uint32_t port; /* 0: any free one, known after listen_open */
  bool is_ipv6;
  bool is_loopback; /* nobody but this machine can connect */
} ListenAddress;

/* "PORT", "HOST:PORT", "[HOST]:PORT"; HOST is a numeric address, "localhost",
 * or "*" for all of this machine's. STATUS_USAGE: it is none of these. */
Status listen_parse(const char *text, ListenAddress *address,
                    Error *error) MUST_USE;

/* Binds and listens; fills in the port. STATUS_EXISTS: somebody listens there
 * already; STATUS_IO: anything else. */
Status listen_open(ListenAddress *address, int *fd, Error *error) MUST_USE;

/* Another socket with the address of `fd`, which is closed: it does not listen
 * before listen_begin, so whoever connects is refused. -1: there is none. */
int listen_hold(int fd);
bool listen_begin(int fd);

enum { LISTEN_TEXT_SIZE = 96 };

/* "127.0.0.1:8089", "[::1]:8089" into `out` of LISTEN_TEXT_SIZE bytes. */
void listen_text(const ListenAddress *address, char *out);

#endif
