/* SPDX-License-Identifier: MIT
 *
 * One rule of `apxm sim --faults`: when it holds, and what happens then. What a
 * key of the file means is told in docs/sim.md.
 */
#ifndef APXM_SERVER_FAULT_RULE_H
#define APXM_SERVER_FAULT_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/slice.h"

typedef enum FaultKind {
#define X(name, text, keys, needs_reply, meaning) FAULT_##name,
#include "server/faults.def"
#undef X
  FAULT_COUNT
} FaultKind;

typedef enum FaultAt {
  FAULT_AT_REQUEST, /* before the first byte of the answer */
  FAULT_AT_ACCEPT,  /* before a byte of the request is read */
  FAULT_AT_HEADER   /* between the answer's header and its body */
} FaultAt;

typedef enum FaultFraming {
  FAULT_FRAMING_SOUND,   /* HTTP says that this is all */
  FAULT_FRAMING_LENGTH,  /* Content-Length is that of the whole */
  FAULT_FRAMING_CHUNKED, /* chunks, without the last one */
  FAULT_FRAMING_NONE     /* the end of the connection is the end */
} FaultFraming;

typedef enum FaultForm {
  FAULT_FORM_NONE,
#define X(name, text, kind) FAULT_FORM_##name,
#include "server/fault_forms.def"
#undef X
} FaultForm;

enum { FAULT_CLIENTS = 16 }; /* whose keys a limit tells apart */

/* Of one client, by its key. */
typedef struct FaultBucket {
  uint64_t key; /* hash; 0: free */
  double level; /* requests that may come now */
  uint64_t at;  /* clock_now() of `level` */
} FaultBucket;

typedef struct FaultRule {
  FaultKind kind;
  /* Conditions. */
  Slice match;    /* the body contains this */
  Slice path;     /* it goes there; empty: wherever chats go */
  uint64_t from;  /* numbers of requests, or of connections; from 1 */
  uint64_t to;    /* UINT64_MAX: the last one */
  uint64_t times; /* that are left; UINT64_MAX: for ever */
  double chance;  /* 1: always */
  /* What happens. */
  FaultAt at;
  bool has_offset, has_events; /* `offset` in bytes; in events of a stream */
  int64_t offset; /* from `at` on; negative: from the end of the body */
  bool has_wait;
  uint64_t wait_ns;
  uint32_t piece; /* bytes at once */
  FaultFraming framing;
  FaultForm form;
  int64_t by;      /* added to the length */
  uint32_t status; /* of the answer; 0: the model's */
  bool has_date;
  uint64_t date_s; /* Retry-After is a date so far ahead */
  Buf headers;     /* lines for the answer, each with its end */
  bool has_body;
  Slice body;
  double rpm;
  FaultBucket *buckets; /* FAULT_CLIENTS of them, for a limit */
} FaultRule;

const char *fault_text(FaultKind kind);
/* Whether the model is to be asked before the rule's fault. */
bool fault_needs_reply(const FaultRule *rule);
bool fault_is_at_accept(const FaultRule *rule);

#endif
