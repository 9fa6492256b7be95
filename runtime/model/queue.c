/* SPDX-License-Identifier: MIT
 *
 * The heap of waiting requests. Each knows its place, so that a cancelled one
 * can leave.
 */
#include "runtime/model/queue.h"

#include <assert.h>

static bool is_before(const ModelRequest *a, const ModelRequest *b) {
  return a->rank != b->rank ? a->rank > b->rank : a->age < b->age;
}

static void place(RequestQueue *queue, ModelRequest *request, uint32_t at) {
  queue->requests.data[at] = request;
  request->place = at + 1;
}

static void sift_up(RequestQueue *queue, ModelRequest *request, uint32_t at) {
  while (at > 0) {
    uint32_t up = (at - 1) / 2;
    ModelRequest *parent = queue->requests.data[up];
    if (!is_before(request, parent)) break;
    place(queue, parent, at);
    at = up;
  }
  place(queue, request, at);
}

static void sift_down(RequestQueue *queue, ModelRequest *request, uint32_t at) {
  ModelRequest **heap = queue->requests.data;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= queue->requests.length) break;
    if (child + 1 < queue->requests.length &&
        is_before(heap[child + 1], heap[child]))
      child++;
    if (!is_before(heap[child], request)) break;
    place(queue, heap[child], at);
    at = child;
  }
  place(queue, request, at);
}

void queue_add(RequestQueue *queue, ModelRequest *request) {
  vec_push(&queue->requests, request);
  sift_up(queue, request, queue->requests.length - 1);
}

void queue_remove(RequestQueue *queue, ModelRequest *request) {
  uint32_t at = request->place - 1;
  assert(queue->requests.data[at] == request);
  request->place = 0;
  ModelRequest *moved = vec_pop(&queue->requests);
  if (moved == request) return;
  sift_up(queue, moved, at);
  sift_down(queue, moved, moved->place - 1);
}

void queue_free(RequestQueue *queue) {
  assert(queue->requests.length == 0);
  vec_free(&queue->requests);
}
