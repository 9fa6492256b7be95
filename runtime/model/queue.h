/* SPDX-License-Identifier: MIT
 *
 * The requests that wait for a slot of one backend: a binary heap, the most
 * urgent first, by rank, then age. Its owner locks. Private to this folder.
 */
#ifndef APXM_RUNTIME_MODEL_QUEUE_H
#define APXM_RUNTIME_MODEL_QUEUE_H

#include "core/base/vec.h"
#include "runtime/model/request.h"

typedef struct RequestQueue {
  VEC(ModelRequest *) requests;
} RequestQueue;

static inline uint32_t queue_length(const RequestQueue *queue) {
  return queue->requests.length;
}

/* It must not be empty. */
static inline ModelRequest *queue_first(const RequestQueue *queue) {
  return queue->requests.data[0];
}

void queue_add(RequestQueue *queue, ModelRequest *request);
void queue_remove(RequestQueue *queue, ModelRequest *request);
void queue_free(RequestQueue *queue);

#endif
