/* SPDX-License-Identifier: MIT
 *
 * See rpc.h. What comes in is read in pieces of 64 KB into one buffer, which is
 * emptied whenever all of it was used, so it holds little more than a message.
 */
#include "lsp/rpc.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/base/slice.h"

enum { PIECE_BYTES = 64 << 10 };

/* ---- bytes --------------------------------------------------------------- */

static Slice unread(const Rpc *rpc) {
  return slice_from(rpc->input.data + rpc->at, rpc->input.length - rpc->at);
}

/* Reads some more; false at the end. */
static bool fill(Rpc *rpc) {
  if (rpc->ended) return false;
  if (rpc->at == rpc->input.length) {
    buf_clear(&rpc->input);
    rpc->at = 0;
  }
  buf_reserve(&rpc->input, PIECE_BYTES);
  ssize_t count;
  do {
    count = read(rpc->in, rpc->input.data + rpc->input.length, PIECE_BYTES);
  } while (count < 0 && errno == EINTR);
  rpc->ended = count <= 0;
  if (count > 0) rpc->input.length += (size_t)count;
  return count > 0;
}

/* The next line without its end, valid until the next read; the beginning of
 * one that is too long is lost. */
static bool read_line(Rpc *rpc, Slice *line) {
  for (;;) {
    Slice rest = unread(rpc);
    const char *end = rest.length ? memchr(rest.data, '\n', rest.length) : NULL;
    if (end != NULL) {
      *line = slice_trim(slice_from(rest.data, (size_t)(end - rest.data)));
      rpc->at += (size_t)(end - rest.data) + 1;
      return true;
    }
    if (rest.length > LIMIT_LSP_HEADER_BYTES) rpc->at = rpc->input.length;
    if (!fill(rpc)) return false;
  }
}

static bool skip(Rpc *rpc, uint64_t length) {
  for (;;) {
    size_t have = unread(rpc).length;
    size_t some = have < length ? have : (size_t)length;
    rpc->at += some;
    length -= some;
    if (length == 0) return true;
    if (!fill(rpc)) return false;
  }
}

static bool take(Rpc *rpc, size_t length, Buf *message) {
  while (unread(rpc).length < length) {
    if (!fill(rpc)) return false;
  }
  buf_clear(message);
  buf_add_slice(message, slice_from(unread(rpc).data, length));
  rpc->at += length;
  return true;
}

/* ---- messages ------------------------------------------------------------ */

/* Reads `Content-Length: N` at the end of the line: what a lost message left
 * may stand before it. */
static bool read_length(Slice line, uint64_t *length) {
  static const char name[] = "content-length:";
  const char *found = NULL;
  for (size_t i = 0; i + sizeof name - 1 <= line.length; i++) {
    if (strncasecmp(line.data + i, name, sizeof name - 1) == 0) {
      found = line.data + i + sizeof name - 1;
    }
  }
  if (found == NULL) return false;
  Slice digits =
      slice_trim(slice_from(found, (size_t)(line.data + line.length - found)));
  uint64_t value = 0;
  for (size_t i = 0; i < digits.length; i++) {
    char c = digits.data[i];
    if (c < '0' || c > '9' || i > 18) return false;
    value = value * 10 + (uint64_t)(c - '0');
  }
  *length = value;
  return digits.length > 0;
}

RpcRead rpc_read(Rpc *rpc, Buf *message) {
  bool known = false;
  uint64_t length = 0;
  Slice line;
  while (read_line(rpc, &line)) {
    if (line.length > 0) {
      known = read_length(line, &length) || known;
    } else if (known && length > LIMIT_LSP_MESSAGE_BYTES) {
      return skip(rpc, length) ? RPC_TOO_LARGE : RPC_END;
    } else if (known) {
      return take(rpc, (size_t)length, message) ? RPC_MESSAGE : RPC_END;
    }
  }
  return RPC_END;
}

bool rpc_has_input(const Rpc *rpc) {
  struct pollfd in = {.fd = rpc->in, .events = POLLIN};
  return rpc->at < rpc->input.length || poll(&in, 1, 0) == 1;
}

static void write_message(const Rpc *rpc, cJSON *message) {
  cJSON_AddStringToObject(message, "jsonrpc", "2.0");
  char *text = cJSON_PrintUnformatted(message);
  Buf out = {0};
  buf_addf(&out, "Content-Length: %zu\r\n\r\n", strlen(text));
  buf_add_text(&out, text);
  Status status = file_write_fd(rpc->out, buf_slice(&out), NULL);
  (void)status; /* the client has gone, and will not be heard of again */
  buf_free(&out);
  cJSON_free(text);
  cJSON_Delete(message);
}

static cJSON *reply_to(const cJSON *id) {
  cJSON *reply = cJSON_CreateObject();
  cJSON_AddItemToObject(reply, "id",
                        id ? cJSON_Duplicate(id, true) : cJSON_CreateNull());
  return reply;
}

void rpc_reply(const Rpc *rpc, const cJSON *id, cJSON *result) {
  cJSON *reply = reply_to(id);
  cJSON_AddItemToObject(reply, "result", result ? result : cJSON_CreateNull());
  write_message(rpc, reply);
}

void rpc_fail(const Rpc *rpc, const cJSON *id, RpcError code,
              const char *message) {
  cJSON *reply = reply_to(id);
  cJSON *error = cJSON_AddObjectToObject(reply, "error");
  cJSON_AddNumberToObject(error, "code", code);
  cJSON_AddStringToObject(error, "message", message);
  write_message(rpc, reply);
}

void rpc_notify(const Rpc *rpc, const char *method, cJSON *params) {
  cJSON *message = cJSON_CreateObject();
  cJSON_AddStringToObject(message, "method", method);
  cJSON_AddItemToObject(message, "params", params);
  write_message(rpc, message);
}

void rpc_free(Rpc *rpc) {
  buf_free(&rpc->input);
}
