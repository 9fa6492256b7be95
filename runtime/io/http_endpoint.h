/* SPDX-License-Identifier: MIT
 *
 * A server, and the one look-up of its address for all who need it.
 */
#ifndef APXM_RUNTIME_IO_HTTP_ENDPOINT_H
#define APXM_RUNTIME_IO_HTTP_ENDPOINT_H

#include "runtime/io/http.h"
#include "runtime/io/http_curl.h"

struct HttpEndpoint {
  /* Immutable. */
  HttpClient *client;
  uint64_t id; /* never used again, unlike the address */
  char *url;
  char *place; /* "host:port", for messages */
  HttpTimeouts timeouts;
  uint64_t reply_cap;
  struct curl_slist *nodes;       /* storage of the two lists */
  struct curl_slist *headers;     /* of every POST */
  struct curl_slist *get_headers; /* of every GET: its tail */
  struct curl_slist forget; /* "-host:port": how curl forgets an address */
  bool is_named;  /* its address must be looked up: no literal, not localhost */
  bool is_direct; /* no proxy applies */

  /* The scout's (http_scout.c); I/O thread only. */
  uint64_t known_until;       /* the address need not be looked up before */
  HttpTransfer *scout;        /* looks it up; NULL */
  HttpTransfer *first, *last; /* wait for it */
  HttpEndpoint *next_arrived; /* in the client's list */
};

/* Adds the transfer, or lets it wait for the one that looks up the address.
 * False: out of memory. */
bool http_scout_admit(HttpTransfer *transfer);
void http_scout_connected(HttpTransfer *transfer); /* inside curl */
void http_scout_release(HttpClient *client);       /* outside, afterwards */
void http_scout_leave(HttpTransfer *transfer);     /* its exchange is over */

#endif
