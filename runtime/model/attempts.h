/* SPDX-License-Identifier: MIT
 *
 * The attempts of one call: when one begins, whether another follows, how long
 * the call waits until then. Private to this folder.
 */
#ifndef APXM_RUNTIME_MODEL_ATTEMPTS_H
#define APXM_RUNTIME_MODEL_ATTEMPTS_H

#include "runtime/model/backend.h"

/* The mutex is held: the request gets a slot for its next attempt. */
void attempt_begin(ModelBackend *backend, ModelRequest *request);

/* The provider has filled a reply that is not OK, and the attempt has its
 * slot. True: another attempt follows; the slot is given back, and the request
 * may be gone already. False: the call is over, what it failed of is complete.
 * On the I/O thread, or on the one that submits the request. */
bool attempt_is_followed(ModelBackend *backend, ModelRequest *request);

/* The mutex is held: the request leaves the queue, or its wait. */
void attempts_stop_waiting(ModelBackend *backend, ModelRequest *request);

#endif
