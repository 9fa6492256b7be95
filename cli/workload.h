/* SPDX-License-Identifier: MIT
 *
 * A workload: a folder with a program and workload.json, which says what it
 * is, which of its flows are measured at which N, and what others have
 * published for it. Looked for in ./workloads, then beside the installed
 * program; a name that is in both means the first.
 */
#ifndef APXM_CLI_WORKLOAD_H
#define APXM_CLI_WORKLOAD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/status.h"
#include "core/base/vec.h"

typedef struct WorkloadFlow {
  const char *flow; /* "parallel_2" */
  uint32_t n;       /* how many asks of it are independent */
} WorkloadFlow;

/* What somebody else measured at one N. */
typedef struct WorkloadPeer {
  uint32_t n;
  double duration_ms, avg_latency_ms;
  double speedup;
  double efficiency;        /* 0..1 */
  uint32_t max_parallelism; /* as printed there */
} WorkloadPeer;

/* Texts belong to the document, but for the first two. */
typedef struct Workload {
  char *folder;          /* "workloads/4_scalability" */
  char *program;         /* "workloads/4_scalability/workflow.ais" */
  const char *directory; /* last part of folder */
  cJSON *document;       /* workload.json */
  uint32_t number;
  const char *name;        /* "scalability" */
  const char *description; /* one line */
  const char *type;        /* "scalability" */
  VEC(WorkloadFlow) flows;
  const char *peer;      /* whose figures `peers` are; NULL for none */
  const char *peer_note; /* one line on them */
  VEC(WorkloadPeer) peers;
} Workload;

typedef struct WorkloadList {
  uint32_t broken;     /* folders whose description cannot be read */
  VEC(Workload) items; /* by number, then directory */
} WorkloadList;

void workload_free(Workload *workload);

/* All there are. A folder that cannot be read is warned of and left out. */
void workload_list(WorkloadList *list);
void workload_list_free(WorkloadList *list);

/* By number, directory, name, or a path (with a slash). The message says where
 * was looked and what is there. */
Status workload_find(const char *name, Workload *workload,
                     Error *error) MUST_USE;

/* The published figures for `n`; NULL without. */
const WorkloadPeer *workload_peer(const Workload *workload, uint32_t n);

#endif
