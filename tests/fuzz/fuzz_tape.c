/* SPDX-License-Identifier: MIT
 *
 * A libFuzzer target: any bytes are a file of a tape that is taken or refused
 * with its name, and what is taken is the same when it is written and read
 * once more.
 */
#include <assert.h>
#include <string.h>

#include "runtime/model/tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_file(const TapeEntry *entry, Buf *out) {
  Buf request = {0}, replies = {0}, reply = {0};
  tape_add_request(&entry->request, &request);
  for (uint32_t i = 0; i < entry->replies.length; i++) {
    const TapeReply *one = &entry->replies.data[i];
    buf_clear(&reply);
    tape_add_reply(one, &reply);
    if (i > 0) buf_add_char(&replies, ',');
    if (one->site.length > 0)
      tape_add_sited(buf_slice(&reply), one->site, &replies);
    else
      buf_add_slice(&replies, buf_slice(&reply));
  }
  tape_add_file(buf_slice(&request), buf_slice(&replies), out);
  buf_free(&request);
  buf_free(&replies);
  buf_free(&reply);
}

static void read_again(const TapeEntry *entry) {
  char digest[SLICE_DIGEST_SIZE], second[SLICE_DIGEST_SIZE];
  TapeEntry again;
  Arena arena;
  Buf text = {0}, same = {0};
  arena_init(&arena);
  add_file(entry, &text);
  Status status = tape_read("f", buf_slice(&text), &arena, &again, NULL);
  assert(status == STATUS_OK);
  (void)status;
  add_file(&again, &same);
  assert(slice_equal(buf_slice(&text), buf_slice(&same)));
  tape_digest(&entry->request, digest);
  tape_digest(&again.request, second);
  assert(strcmp(digest, second) == 0);
  vec_free(&again.replies);
  buf_free(&text);
  buf_free(&same);
  arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  TapeEntry entry;
  Arena arena;
  Error error = {0};
  arena_init(&arena);
  Status status = tape_read("f", slice_from((const char *)data, size), &arena,
                            &entry, &error);
  if (status == STATUS_OK)
    read_again(&entry);
  else
    assert(strncmp(error.message, "f: ", 3) == 0);
  vec_free(&entry.replies);
  arena_free(&arena);
  return 0;
}
