/* SPDX-License-Identifier: MIT
 *
 * What the files of the HTTP client share. Everything here belongs to the I/O
 * thread, except what says otherwise.
 *
 *     HttpClient --> HttpShard (a multi handle) --> HttpTransfer (an easy
 *        |              at most SHARD_TRANSFERS          handle, pooled)
 *        |                                                  |
 *     HttpSocket by descriptor                          HttpExchange
 */
#ifndef APXM_RUNTIME_IO_HTTP_INT_H
#define APXM_RUNTIME_IO_HTTP_INT_H

#include "core/base/atomic.h"
#include "core/base/vec.h"
#include "runtime/io/http_curl.h"
#include "runtime/io/http_endpoint.h"

enum { SHARD_TRANSFERS = 128 }; /* a request costs O(connections) of these */

typedef struct HttpShard HttpShard;

/* A descriptor of curl's; one for each number that was ever seen. */
typedef struct HttpSocket {
  Watch watch;      /* first: the watch is the socket */
  HttpShard *shard; /* whose it is */
  uint32_t wanted;  /* events that curl waits for */
  uint32_t watched; /* events that epoll knows of; 0: it does not know it */
  bool is_ours;     /* opened and closed by our callbacks */
} HttpSocket;

struct HttpShard {
  Timer timer; /* first; curl's own */
  HttpClient *client;
  CURLM *multi;
  HttpTransfer *idle; /* ready for use, newest first, by `next` */
  uint64_t due;       /* what `timer` is set to; UINT64_MAX: not set */
  uint32_t open;      /* transfers in use */
  uint32_t number;    /* its place in the client */
};

enum { OWN_HEADERS = 4 }; /* an exchange has rarely more of its own */

struct HttpTransfer {
  Timer timer; /* first; the earliest time-out, or before */
  CURL *easy;
  CURLU *url; /* what `easy` asks for: of endpoint_id, with `path` */
  char path[40];
  HttpShard *shard;
  HttpExchange *exchange;      /* NULL: idle */
  HttpTransfer *next, *before; /* idle ones; those waiting for a scout */
  uint64_t endpoint_id;        /* whose options are set; 0 nobody's */
  uint64_t progress_at;        /* clock_now() of the last progress, or 0 */
  uint64_t armed_at;     /* what `timer` was last set to; UINT64_MAX: not */
  uint64_t body_bytes;   /* of the reply, so far */
  uint32_t header_bytes; /* of the reply, so far */
  HttpFailure stopped;   /* why a callback ended it */
  int socket_error;      /* errno: the last socket could not be made; or 0 */
  bool is_added;         /* to the multi handle */
  bool is_waiting, is_scout; /* waits for a scout; is one, or was one */
  bool is_connected;
  bool is_answered; /* some progress that ends `first` was made */
  bool is_headed;   /* the last header line has come */
  bool is_last;     /* nothing is missing but the end */
  bool is_enough;   /* of the body of a refusal, the rest of which is left */
  struct curl_slist own[OWN_HEADERS]; /* the exchange's headers */
  struct curl_slist *more;            /* instead of `own`; NULL */
};

struct HttpClient {
  Reactor *reactor;
  CurlApi curl;  /* immutable */
  CURLSH *share; /* addresses and TLS sessions, of all shards */
  VEC(HttpShard *) shards;
  VEC(HttpSocket *) sockets;  /* by descriptor */
  uint32_t first_room;        /* no shard before this one has room */
  bool in_curl;               /* a callback of curl's is running, perhaps */
  bool has_proxy;             /* the environment names one; immutable */
  char *ca_file, *ca_folder;  /* the environment's, or NULL; immutable */
  HttpEndpoint *arrived;      /* endpoints whose waiting transfers may go */
  _Atomic uint64_t endpoints; /* made so far; any thread */
};

/* ---- http.c -------------------------------------------------------------- */

/* Its transfer was given back: done, now or when its cancel has passed. */
void http_finish(HttpExchange *exchange);
void http_abort(HttpTransfer *transfer, HttpFailure failure); /* ends early */

/* ---- http_shard.c -------------------------------------------------------- */

/* An idle transfer of the first shard with room; NULL: out of memory. */
HttpTransfer *http_shard_take(HttpClient *client);
void http_shard_give(HttpTransfer *transfer); /* the opposite */
bool http_shard_add(HttpTransfer *transfer);  /* its work begins */
void http_shard_free_all(HttpClient *client);

/* curl's callbacks that open and close a connection. */
curl_socket_t http_socket_open(void *transfer, curlsocktype purpose,
                               struct curl_sockaddr *address);
int http_socket_close(void *client, curl_socket_t fd);

/* ---- http_transfer.c ----------------------------------------------------- */

HttpTransfer *http_transfer_new(HttpShard *shard);
void http_transfer_free(HttpTransfer *transfer);
/* Sets what the exchange needs. False: too long a URL, a header of two lines */
bool http_transfer_prepare(HttpTransfer *transfer, HttpExchange *exchange);
void http_transfer_clear(HttpTransfer *transfer);
void http_transfer_watch_time(HttpTransfer *transfer);

/* ---- http_failure.c ------------------------------------------------------ */

/* What `code` means; fills failure and message of the exchange. */
void http_failure_judge(HttpTransfer *transfer, CURLcode code);
/* The message of a failure that we found ourselves. */
void http_failure_tell(HttpExchange *exchange, HttpFailure failure);

#endif
