/* SPDX-License-Identifier: MIT
 *
 * What can become of an HTTP exchange.
 */
#ifndef APXM_RUNTIME_IO_HTTP_FAILURE_H
#define APXM_RUNTIME_IO_HTTP_FAILURE_H

/* Why there is no whole reply. */
typedef enum HttpFailure {
  HTTP_FAILURE_NONE,        /* there is one, whatever its status code */
  HTTP_FAILURE_CANCELLED,   /* http_cancel */
  HTTP_FAILURE_RESOLVE,     /* the name has no address */
  HTTP_FAILURE_CONNECT,     /* refused, unreachable */
  HTTP_FAILURE_TLS,         /* the handshake broke off */
  HTTP_FAILURE_CERTIFICATE, /* not valid, not for this name, not readable */
  HTTP_FAILURE_TIMEOUT_CONNECT,
  HTTP_FAILURE_TIMEOUT_FIRST,
  HTTP_FAILURE_TIMEOUT_IDLE,
  HTTP_FAILURE_TIMEOUT_TOTAL,
  HTTP_FAILURE_TOO_LARGE, /* more than the endpoint's cap */
  HTTP_FAILURE_CUT,       /* the connection ended in the middle, or before a
                             byte of the reply */
  HTTP_FAILURE_PROTOCOL,  /* not HTTP, a broken chunk, a bad encoding */
  HTTP_FAILURE_STOPPED,   /* `receive` said so */
  HTTP_FAILURE_ROOM,      /* this process has no socket or no memory left */
  HTTP_FAILURE_OTHER      /* it cannot be sent: too long a URL, ... */
} HttpFailure;

#endif
