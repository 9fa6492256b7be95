/* SPDX-License-Identifier: MIT
 *
 * One look-up of a server's address for all who need it. curl looks names up
 * in threads, one for each transfer that does not find the address in the
 * cache: ten thousand at once when ten thousand begin together. So the first
 * transfer to a server goes alone, as a scout; the others wait until it is
 * connected, and then find the address known. After KNOWN_NS the next one is a
 * scout again, which forgets the old address and opens a connection of its
 * own. curl itself never lets an address grow old.
 *
 *     unknown --admit--> scouting --connected, or failed later than that-->
 *     known --KNOWN_NS--> unknown
 *
 * A literal address and localhost need no look-up and no scout.
 */
#include "core/base/clock.h"
#include "runtime/io/http_int.h"

static const uint64_t KNOWN_NS = 60 * NS_PER_S;

static void join(HttpEndpoint *endpoint, HttpTransfer *transfer) {
  transfer->next = NULL;
  transfer->before = endpoint->last;
  *(endpoint->last ? &endpoint->last->next : &endpoint->first) = transfer;
  endpoint->last = transfer;
  transfer->is_waiting = true;
}

static void part(HttpEndpoint *endpoint, HttpTransfer *transfer) {
  *(transfer->before ? &transfer->before->next : &endpoint->first) =
      transfer->next;
  *(transfer->next ? &transfer->next->before : &endpoint->last) =
      transfer->before;
  transfer->is_waiting = false;
}

static void set_scouting(HttpTransfer *transfer, bool is_scout) {
  const CurlApi *curl = &transfer->shard->client->curl;
  HttpEndpoint *endpoint = transfer->exchange->endpoint;
  transfer->is_scout = is_scout;
  curl->easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, is_scout ? 1L : 0L);
  curl->easy_setopt(transfer->easy, CURLOPT_RESOLVE,
                    is_scout ? &endpoint->forget : NULL);
}

bool http_scout_admit(HttpTransfer *transfer) {
  HttpEndpoint *endpoint = transfer->exchange->endpoint;
  if (!endpoint->is_named) return http_shard_add(transfer);
  if (endpoint->scout) {
    join(endpoint, transfer);
    return true;
  }
  if (clock_now() >= endpoint->known_until) {
    endpoint->scout = transfer;
    set_scouting(transfer, true);
  }
  return http_shard_add(transfer);
}

/* Nothing may be added from inside of curl: it is noted for later. */
void http_scout_connected(HttpTransfer *transfer) {
  HttpEndpoint *endpoint = transfer->exchange->endpoint;
  HttpClient *client = endpoint->client;
  if (endpoint->scout != transfer) return;
  endpoint->scout = NULL;
  endpoint->known_until = clock_now() + KNOWN_NS;
  endpoint->next_arrived = client->arrived;
  client->arrived = endpoint;
}

/* The list is taken off first: what is done about one of those who wait may
 * bring new ones. */
static void let_go(HttpEndpoint *endpoint, HttpFailure failure) {
  HttpTransfer *next;
  HttpTransfer *transfer = endpoint->first;
  endpoint->first = endpoint->last = NULL;
  for (; transfer; transfer = next) {
    next = transfer->next;
    transfer->is_waiting = false;
    if (failure != HTTP_FAILURE_NONE)
      http_abort(transfer, failure);
    else if (!http_scout_admit(transfer))
      http_abort(transfer, HTTP_FAILURE_ROOM);
  }
}

/* The scouts are not over yet, so their endpoints are still there. */
void http_scout_release(HttpClient *client) {
  while (client->arrived) {
    HttpEndpoint *endpoint = client->arrived;
    client->arrived = endpoint->next_arrived;
    let_go(endpoint, HTTP_FAILURE_NONE);
  }
}

/* The one that has waited longest is a scout now. */
static void send_next(HttpEndpoint *endpoint) {
  HttpTransfer *transfer = endpoint->first;
  if (!transfer) return;
  part(endpoint, transfer);
  if (!http_scout_admit(transfer)) http_abort(transfer, HTTP_FAILURE_ROOM);
}

/* A scout that ends before it is connected: without an address nobody need
 * try; when it was called back or its time was over, it has found out nothing;
 * all else came after the address was known. */
static void fail_to_arrive(HttpEndpoint *endpoint, HttpFailure failure) {
  endpoint->scout = NULL;
  switch (failure) {
    case HTTP_FAILURE_RESOLVE:
      let_go(endpoint, failure);
      return;
    case HTTP_FAILURE_CANCELLED:
    case HTTP_FAILURE_TIMEOUT_CONNECT:
    case HTTP_FAILURE_TIMEOUT_FIRST:
    case HTTP_FAILURE_TIMEOUT_TOTAL:
      send_next(endpoint);
      return;
    default:
      endpoint->known_until = clock_now() + KNOWN_NS;
      let_go(endpoint, HTTP_FAILURE_NONE);
  }
}

void http_scout_leave(HttpTransfer *transfer) {
  HttpEndpoint *endpoint = transfer->exchange->endpoint;
  if (transfer->is_waiting) part(endpoint, transfer);
  if (transfer->is_scout) set_scouting(transfer, false);
  if (endpoint->scout == transfer)
    fail_to_arrive(endpoint, transfer->exchange->failure);
}
