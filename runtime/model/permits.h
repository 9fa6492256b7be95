/* SPDX-License-Identifier: MIT
 *
 * Whether an attempt may begin now: a slot, requests and tokens a minute, a
 * server that asked for quiet. And what its end teaches about these. The
 * backend's mutex is held in all of them. Private to this folder.
 */
#ifndef APXM_RUNTIME_MODEL_PERMITS_H
#define APXM_RUNTIME_MODEL_PERMITS_H

#include "runtime/model/backend.h"

void permits_init(ModelBackend *backend, const ProviderSetup *setup);

static inline bool permits_have_slot(const ModelBackend *backend) {
  return backend->slots_taken < load_relaxed(&backend->limit);
}

/* There is a slot. 0: the attempt may begin, and what it will cost is reserved.
 * Else when to ask again; UINT64_MAX: the time of the call will be over by
 * then. */
uint64_t permit_ask(ModelBackend *backend, ModelRequest *request);

/* The request has left the queue without an attempt. */
void permit_unwanted(ModelBackend *backend);

/* The attempt is over, and completed_at is set. */
void permit_end(ModelBackend *backend, const ModelRequest *request);

#endif
