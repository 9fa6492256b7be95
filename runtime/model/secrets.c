/* SPDX-License-Identifier: MIT
 *
 * Scrubbing. A server that refuses a key often quotes it, whole or in part,
 * plain or as JSON writes it. So what is looked for at each place of the text
 * is any part of a secret, not the whole, and each escape of JSON counts as the
 * character it stands for. The text is cut before, with room to spare, so that
 * this costs little, and after, so that the cut cannot spare a piece.
 */
#include "runtime/model/secrets.h"

#include <string.h>

enum {
  PIECE_MIN = 8,   /* bytes of a secret that give it away */
  LOOK_MAX = 8192, /* bytes of a text that are looked at */
};

void secrets_add(Secrets *secrets, Slice value) {
  Buf copy = {0};
  if (value.length == 0) return;
  buf_add_slice(&copy, value);
  vec_push(&secrets->values, copy);
}

void secrets_free(Secrets *secrets) {
  for (uint32_t i = 0; i < secrets->values.length; i++) {
    Buf *value = &secrets->values.data[i];
    explicit_bzero(value->data, value->length);
    buf_free(value);
  }
  vec_free(&secrets->values);
}

/* ---- matching ----------------------------------------------------------- */

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  char low = (char)(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* "\u00NN" as its character; -1 when it is none of these. */
static int unicode_escape(Slice text) {
  if (text.length < 6 || text.data[1] != 'u') return -1;
  int value = 0;
  for (int i = 2; i < 6; i++) {
    int digit = hex_digit(text.data[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value < 0x80 ? value : -1;
}

/* Bytes at the start of `text` that may stand for the character `wanted`; 0:
 * they do not. */
static size_t stands_for(Slice text, char wanted) {
  if (text.length == 0) return 0;
  if (text.data[0] == '\\' && text.length > 1) {
    if (unicode_escape(text) == (unsigned char)wanted) return 6;
    if (text.data[1] == wanted && strchr("\"\\/", wanted)) return 2;
  }
  return text.data[0] == wanted;
}

/* Bytes of `text` that spell the beginning of `secret`; `spelled` gets how much
 * of it. */
static size_t spell(Slice text, Slice secret, size_t *spelled) {
  size_t used = 0;
  for (*spelled = 0; *spelled < secret.length; (*spelled)++) {
    Slice rest = slice_from(text.data + used, text.length - used);
    size_t bytes = stands_for(rest, secret.data[*spelled]);
    if (bytes == 0) break;
    used += bytes;
  }
  return used;
}

/* Bytes of `text` that spell a part of `secret` that gives it away. */
static size_t part_at(Slice text, Slice secret) {
  size_t least = secret.length < PIECE_MIN ? secret.length : PIECE_MIN;
  size_t longest = 0;
  for (size_t from = 0; from + least <= secret.length; from++) {
    size_t spelled;
    Slice tail = slice_from(secret.data + from, secret.length - from);
    size_t used = spell(text, tail, &spelled);
    if (spelled >= least && used > longest) longest = used;
  }
  return longest;
}

static size_t secret_at(const Secrets *secrets, Slice text) {
  size_t longest = 0;
  for (uint32_t i = 0; i < secrets->values.length; i++) {
    size_t used = part_at(text, buf_slice(&secrets->values.data[i]));
    if (used > longest) longest = used;
  }
  return longest;
}

/* ---- quoting ------------------------------------------------------------ */

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without secrets, white space folded. */
static void add_clean(const Secrets *secrets, Slice text, Buf *out) {
  for (size_t at = 0; at < text.length;) {
    Slice rest = slice_from(text.data + at, text.length - at);
    size_t secret = secret_at(secrets, rest);
    bool is_folded = is_space(rest.data[0]) && at + 1 < text.length &&
                     is_space(rest.data[1]);
    if (secret)
      buf_add_text(out, "[secret]");
    else if (!is_folded)
      buf_add_char(out, is_space(rest.data[0]) ? ' ' : rest.data[0]);
    at += secret ? secret : 1;
  }
}

/* Not in the middle of a code point. */
static Slice cut(Slice text, size_t limit) {
  if (text.length <= limit) return text;
  while (limit > 0 && ((unsigned char)text.data[limit] & 0xC0) == 0x80) limit--;
  return slice_from(text.data, limit);
}

void secrets_quote(const Secrets *secrets, Slice text, size_t limit, Buf *out) {
  Buf clean = {0};
  Slice looked_at = cut(text, LOOK_MAX);
  add_clean(secrets, slice_trim(looked_at), &clean);
  Slice shown = cut(buf_slice(&clean), limit);
  buf_add_visible(out, shown);
  if (shown.length < clean.length || looked_at.length < text.length)
    buf_add_text(out, "...");
  buf_free(&clean);
}
