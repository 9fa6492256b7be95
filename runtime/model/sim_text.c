/* SPDX-License-Identifier: MIT
 *
 * The reply that the embedded model makes up: a sentence that quotes the first
 * words of the prompt, a few that say nothing, and the hash all of them were
 * chosen by. The hash covers operation, prompt, system and model, so equal
 * requests get equal replies, in any process, and others almost never do.
 */
#include <string.h>

#include "runtime/model/sim.h"

enum { QUOTE_BYTES = 72, QUOTE_WORDS = 9, TOKEN_BYTES = 4 };

static const char *const openings[] = {
    "there are three things to say",
    "the short answer is yes, within limits",
    "most sources agree on the outline",
    "it depends on what is measured",
    "the evidence points one way",
    "two readings are possible",
    "a closer look changes little",
    "the common view holds up well",
};

static const char *const middles[] = {
    "The first part follows from what was given; the rest needs a check.",
    "What matters most is the order in which the steps depend on each other.",
    "Small effects add up here, and none of them decides the matter alone.",
    "The figures vary from case to case, but the tendency does not.",
    "Costs and benefits meet somewhere in the middle of the range.",
    "Nothing in the question rules the simple explanation out.",
    "Several independent parts can be settled side by side.",
    "The exceptions are few, known, and worth naming one by one.",
};

static const char *const closings[] = {
    "In sum, proceed and measure.",
    "The conclusion stands until something better is known.",
    "That is enough to decide on the next step.",
    "A second opinion would cost little.",
    "Keep the parts that were checked and drop the others.",
    "Anything beyond that would be a guess.",
    "The rest is a question of taste.",
    "So the answer is a careful yes.",
};

enum { CHOICES = 8 };
_Static_assert(sizeof openings / sizeof openings[0] == CHOICES, "one octal");
_Static_assert(sizeof middles / sizeof middles[0] == CHOICES, "one octal");
_Static_assert(sizeof closings / sizeof closings[0] == CHOICES, "one octal");

/* Joins two hashes (the constant is 2^64 divided by the golden ratio). */
static uint64_t join(uint64_t hash, Slice part) {
  return (hash ^ slice_hash(part)) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint64_t hash_of(const ModelRequest *request) {
  uint64_t hash = slice_hash(request->operation);
  hash = join(hash, buf_slice(&request->prompt));
  hash = join(hash, request->system);
  hash = join(hash, request->model);
  return hash ^ hash >> 29;
}

static bool is_space(char c) {
  return (unsigned char)c <= ' ';
}

/* The first words, one space between them, as far as they fit. */
static void add_quote(Buf *out, Slice text) {
  const char *at = text.data;
  const char *end = text.data + text.length;
  size_t start = out->length;
  for (uint32_t words = 0; words < QUOTE_WORDS; words++) {
    while (at < end && is_space(*at)) at++;
    const char *word = at;
    while (at < end && !is_space(*at) && at - word < QUOTE_BYTES) at++;
    if (at == word) return;
    Slice piece = slice_from(word, (size_t)(at - word));
    piece.length = slice_valid_utf8(piece);
    bool fits = out->length - start + piece.length < QUOTE_BYTES;
    if (words && !fits) break;
    if (words) buf_add_char(out, ' ');
    buf_add_slice(out, piece);
  }
  if (at < end) buf_add_text(out, "...");
}

/* At most `tokens`, whole words if there is more than one, whole characters
 * always. */
static bool clip(Buf *out, size_t start, uint32_t tokens) {
  size_t most = (size_t)tokens * TOKEN_BYTES;
  if (tokens == 0 || out->length - start <= most) return false;
  size_t length = most;
  while (length > 0 && out->data[start + length] != ' ') length--;
  if (length == 0)
    length = slice_valid_utf8(slice_from(out->data + start, most));
  out->length = start + length;
  out->data[out->length] = '\0';
  return true;
}

bool sim_text_add(const ModelRequest *request, Buf *out) {
  uint64_t hash = hash_of(request);
  size_t start = out->length;
  buf_add_text(out, "On \"");
  add_quote(out, buf_slice(&request->prompt));
  buf_addf(out, "\" %s. %s ", openings[hash % CHOICES],
           middles[(hash >> 3) % CHOICES]);
  uint64_t second = (hash >> 6) % CHOICES;
  if (second != (hash >> 3) % CHOICES && (hash >> 9) % 2)
    buf_addf(out, "%s ", middles[second]);
  buf_addf(out, "%s [%08llx]", closings[(hash >> 10) % CHOICES],
           (unsigned long long)(hash >> 32));
  return clip(out, start, request->max_tokens);
}
