/* SPDX-License-Identifier: MIT
 *
 * The little that a request does by itself.
 */
#include "runtime/model/request.h"

#include "core/base/mem.h"

void model_request_clear(ModelRequest *request) {
  buf_free(&request->prompt);
  buf_free(&request->site);
  buf_free(&request->reply);
  buf_free(&request->advice);
  buf_free(&request->sent);
  buf_free(&request->received);
  for (uint32_t i = 0; i < request->attempts.length; i++)
    mem_free(request->attempts.data[i].cause);
  vec_free(&request->attempts);
}

uint32_t model_estimate_tokens(Slice text) {
  size_t tokens = text.length / 4 + (text.length % 4 != 0);
  return tokens < UINT32_MAX ? (uint32_t)tokens : UINT32_MAX;
}
