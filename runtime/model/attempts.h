/* SPDX-License-Identifier: MIT
 *
 * The attempts of one call: when one begins, whether another follows, how long
 * the call waits until then. Private to this folder.
 */
#ifndef APXM_RUNTIME_MODEL_ATTEMPTS_H
#define APXM_RUNTIME_MODEL_ATTEMPTS_H

#include "runtime/model/backend.h"

/* The mutex is held: the request gets a slot for its next attempt, which
 * permit_ask has allowed. */
void attempt_begin(ModelBackend *backend, ModelRequest *request);

/* The provider has filled a reply that is not OK, and the attempt has its
 * slot. True: another attempt follows; the slot is given back, and the request
 * may be gone already. False: the call is over, what it failed of is complete.
 * On the I/O thread, or on the one that submits the request. */
bool attempt_is_followed(ModelBackend *backend, ModelRequest *request);

/* The mutex is held. When the call is over if its first attempt begins at
 * `now`, or has begun; UINT64_MAX: never. */
uint64_t attempts_end(const ModelBackend *backend, const ModelRequest *request,
                      uint64_t now);

/* The mutex is held: the request leaves the queue, or its wait. */
void attempts_stop_waiting(ModelBackend *backend, ModelRequest *request);

/* The call is over at `now`, and no attempt is under way, but one was. */
void attempts_end_wait(ModelRequest *request, uint64_t now);

/* It has left the queue, since permit_ask says that it comes too late. */
void attempts_fill_too_late(ModelRequest *request);

#endif
