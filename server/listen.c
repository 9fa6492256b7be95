/* SPDX-License-Identifier: MIT
 *
 * Numeric addresses only: a server's own address needs no resolver.
 */
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/slice.h"

enum { BACKLOG = 65535 }; /* the kernel cuts it at net.core.somaxconn */

/* ---- reading ------------------------------------------------------------- */

static Status fail(const char *text, Error *error) {
  return error_set(error, STATUS_USAGE,
                   "--listen needs PORT or HOST:PORT (8089, 127.0.0.1:0, "
                   "[::1]:8089), not `%s`",
                   text);
}

static bool read_port(Slice text, uint32_t *port) {
  uint32_t value = 0;
  if (text.length == 0 || text.length > 5) return false;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    value = value * 10 + (uint32_t)(text.data[i] - '0');
  }
  *port = value;
  return value <= UINT16_MAX;
}

static bool read_host(Slice host, ListenAddress *address) {
  struct in_addr four;
  struct in6_addr six;
  if (slice_equal_text(host, "localhost")) host = SLICE("127.0.0.1");
  if (slice_equal_text(host, "*")) host = SLICE("0.0.0.0");
  if (host.length == 0 || host.length >= sizeof address->host) return false;
  memcpy(address->host, host.data, host.length);
  address->host[host.length] = '\0';
  if (inet_pton(AF_INET, address->host, &four) == 1) {
    address->is_loopback = ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    return true;
  }
  address->is_ipv6 = inet_pton(AF_INET6, address->host, &six) == 1;
  address->is_loopback = address->is_ipv6 && IN6_IS_ADDR_LOOPBACK(&six);
  return address->is_ipv6;
}

Status listen_parse(const char *text, ListenAddress *address, Error *error) {
  Slice host = SLICE("127.0.0.1"), port = slice_of(text);
  const char *colon = strrchr(text, ':');
  *address = (ListenAddress){0};
  if (colon) {
    host = slice_from(text, (size_t)(colon - text));
    port = slice_of(colon + 1);
    if (host.length >= 2 && host.data[0] == '[' &&
        host.data[host.length - 1] == ']')
      host = slice_from(host.data + 1, host.length - 2);
    else if (slice_contains(host, SLICE(":")))
      return fail(text, error);
  }
  if (!read_port(port, &address->port) || !read_host(host, address))
    return fail(text, error);
  return STATUS_OK;
}

/* ---- binding ------------------------------------------------------------- */

/* Returns the length of the address in `out`. */
static socklen_t fill(const ListenAddress *address,
                      struct sockaddr_storage *out) {
  *out = (struct sockaddr_storage){0};
  if (address->is_ipv6) {
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)address->port);
    inet_pton(AF_INET6, address->host, &six->sin6_addr);
    return sizeof *six;
  }
  struct sockaddr_in *four = (struct sockaddr_in *)out;
  four->sin_family = AF_INET;
  four->sin_port = htons((uint16_t)address->port);
  inet_pton(AF_INET, address->host, &four->sin_addr);
  return sizeof *four;
}

static int bind_and_listen(int fd, ListenAddress *address) {
  struct sockaddr_storage storage;
  socklen_t length = fill(address, &storage);
  int yes = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      bind(fd, (struct sockaddr *)&storage, length) != 0 ||
      listen(fd, BACKLOG) != 0 ||
      getsockname(fd, (struct sockaddr *)&storage, &length) != 0)
    return errno;
  address->port =
      ntohs(address->is_ipv6 ? ((struct sockaddr_in6 *)&storage)->sin6_port
                             : ((struct sockaddr_in *)&storage)->sin_port);
  return 0;
}

/* A socket that was given some free port loses it when it listens no more; one
 * that is bound to a number keeps it. */
int listen_hold(int fd) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  int yes = 1;
  bool is_known = getsockname(fd, (struct sockaddr *)&address, &length) == 0;
  close(fd);
  if (!is_known) return -1;
  fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
      bind(fd, (struct sockaddr *)&address, length) == 0)
    return fd;
  close(fd);
  return -1;
}

bool listen_begin(int fd) {
  return fd >= 0 && listen(fd, BACKLOG) == 0;
}

Status listen_open(ListenAddress *address, int *fd, Error *error) {
  char text[LISTEN_TEXT_SIZE];
  listen_text(address, text);
  *fd = socket(address->is_ipv6 ? AF_INET6 : AF_INET,
               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (*fd < 0) return error_set_errno(error, STATUS_IO, errno, "socket");
  int code = bind_and_listen(*fd, address);
  if (code == 0) return STATUS_OK;
  close(*fd);
  *fd = -1;
  const char *hint =
      code == EACCES ? " (ports below 1024 are for root: take a higher one)"
      : code == EADDRNOTAVAIL ? " (not an address of this machine)"
                              : "";
  return error_set_errno(error, code == EADDRINUSE ? STATUS_EXISTS : STATUS_IO,
                         code, "cannot listen on %s%s", text, hint);
}

void listen_text(const ListenAddress *address, char *out) {
  snprintf(out, LISTEN_TEXT_SIZE, address->is_ipv6 ? "[%s]:%u" : "%s:%u",
           address->host, (unsigned)address->port);
}
