/* SPDX-License-Identifier: MIT
 *
 * The little that a request does by itself.
 */
#include "runtime/model/request.h"

void model_request_clear(ModelRequest *request) {
  buf_free(&request->prompt);
  buf_free(&request->reply);
}

uint32_t model_estimate_tokens(Slice text) {
  size_t tokens = text.length / 4 + (text.length % 4 != 0);
  return tokens < UINT32_MAX ? (uint32_t)tokens : UINT32_MAX;
}
