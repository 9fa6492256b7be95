/* SPDX-License-Identifier: MIT
 *
 * What the files of `bench http` share: what is measured, and of whom.
 */
#ifndef APXM_CLI_BENCH_HTTP_H
#define APXM_CLI_BENCH_HTTP_H

#include "cli/bench.h"
#include "cli/bench_child.h"

/* How the asks of one measurement come. Each kind shows one thing. */
typedef enum HttpCaseKind {
  HTTP_CASE_ZERO,   /* no latency: what an ask costs the processor */
  HTTP_CASE_STEADY, /* some in flight, many more asks: throughput */
  HTTP_CASE_OPEN,   /* all in flight at once: makespan and memory */
  HTTP_CASE_FAN,    /* a small fan-out: also as whole processes */
  HTTP_CASE_KIND_COUNT
} HttpCaseKind;

extern const char *const http_case_names[HTTP_CASE_KIND_COUNT];

typedef struct HttpCase {
  HttpCaseKind kind;
  uint32_t asks;       /* of the program, none reading another */
  uint32_t in_flight;  /* open at once */
  uint32_t latency_ms; /* of the server */
  uint32_t warm;       /* runs after the first in one process */
} HttpCase;

typedef enum HttpSubject {
  HTTP_APXM,
  HTTP_CURL,      /* the bare libcurl loop */
  HTTP_LANGGRAPH, /* where it can: all in flight, at most 1,000 */
  HTTP_SUBJECT_COUNT
} HttpSubject;

extern const char *const http_subject_names[HTTP_SUBJECT_COUNT];

enum { HTTP_CASES_MAX = 16 };

typedef struct HttpPlan {
  HttpCase cases[HTTP_CASES_MAX];
  uint32_t case_count;
  uint32_t repeat;    /* processes of each subject */
  bool is_raw_server; /* bench_server; else `apxm sim` */
  bool is_streamed;   /* apxm asks for the replies piece by piece */
} HttpPlan;

/* The sheet's row of a subject in a case. */
static inline uint32_t http_row(uint32_t c, HttpSubject subject) {
  return c * HTTP_SUBJECT_COUNT + (uint32_t)subject;
}

/* What an engine in this process does with a case; a BenchMeasure, its job an
 * HttpJob. */
typedef struct HttpJob {
  const HttpCase *c;
  const char *backend; /* "openai:http://..." */
  bool is_streamed;
} HttpJob;
Status http_measure_engine(const void *job, Buf *out, Error *error) MUST_USE;

/* Adds the claims and draws the tables. */
void http_draw(const void *plan, Sheet *sheet, Buf *out);

#endif
