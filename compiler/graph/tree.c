/* SPDX-License-Identifier: MIT
 *
 * The text was checked by json_check, so this reader only looks at what comes
 * next; it recurses as deep as the check allowed.
 */
#include "compiler/graph/tree.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"

typedef struct Reader {
  const char *start; /* of the text, for spans */
  const char *at;    /* next byte */
  const char *end;   /* one past the last byte */
  Arena *arena;
  Buf decoded; /* a text with escapes, while it is read */
} Reader;

static void skip_space(Reader *r) {
  while (r->at < r->end && strchr(" \t\r\n", *r->at) != NULL) r->at++;
}

static Span span_from(const Reader *r, const char *begin) {
  return (Span){.start = (uint32_t)(begin - r->start),
                .length = (uint32_t)(r->at - begin)};
}

/* ---- texts --------------------------------------------------------------- */

static uint32_t read_hex(Reader *r) {
  char digits[5] = {0};
  memcpy(digits, r->at, 4);
  r->at += 4;
  return (uint32_t)strtoul(digits, NULL, 16);
}

static void add_code_point(Buf *out, uint32_t point) {
  if (point < 0x80) {
    buf_add_char(out, (char)point);
    return;
  }
  int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  static const unsigned char leads[] = {0, 0xC0, 0xE0, 0xF0};
  buf_add_char(out, (char)(leads[more] | point >> (6 * more)));
  while (more-- > 0)
    buf_add_char(out, (char)(0x80 | (point >> (6 * more) & 0x3F)));
}

/* After "\u". */
static void read_unicode(Reader *r) {
  uint32_t point = read_hex(r);
  if (point >= 0xD800 && point <= 0xDBFF) {
    r->at += 2;
    point = 0x10000 + ((point - 0xD800) << 10) + (read_hex(r) - 0xDC00);
  }
  add_code_point(&r->decoded, point);
}

static void read_escape(Reader *r) {
  static const char letters[] = "bfnrt";
  static const char meanings[] = "\b\f\n\r\t";
  char kind = *++r->at;
  r->at++;
  const char *letter = strchr(letters, kind);
  if (kind == 'u')
    read_unicode(r);
  else
    buf_add_char(&r->decoded, letter ? meanings[letter - letters] : kind);
}

/* A text without escapes stays where it is. */
static Slice read_text(Reader *r) {
  const char *begin = ++r->at;
  while (*r->at != '"' && *r->at != '\\') r->at++;
  if (*r->at == '"') return slice_from(begin, (size_t)(r->at++ - begin));
  buf_clear(&r->decoded);
  buf_add(&r->decoded, begin, (size_t)(r->at - begin));
  while (*r->at != '"') {
    if (*r->at == '\\')
      read_escape(r);
    else
      buf_add_char(&r->decoded, *r->at++);
  }
  r->at++;
  size_t length = r->decoded.length;
  return slice_from(arena_copy(r->arena, r->decoded.data, length), length);
}

/* ---- values -------------------------------------------------------------- */

static void read_value(Reader *r, Tree *value);

static void read_number(Reader *r, Tree *value) {
  const char *begin = r->at;
  while (r->at < r->end && strchr("+-.0123456789eE", *r->at) != NULL) r->at++;
  value->kind = TREE_NUM;
  value->text = slice_from(begin, (size_t)(r->at - begin));
  value->num = strtod(arena_copy(r->arena, begin, value->text.length), NULL);
}

static void read_word(Reader *r, Tree *value) {
  value->kind = *r->at == 'n' ? TREE_NULL : TREE_BOOL;
  value->boolean = *r->at == 't';
  r->at += *r->at == 'f' ? 5 : 4;
}

static void read_key(Reader *r, Tree *member) {
  const char *begin = r->at;
  member->key = read_text(r);
  member->key_span = span_from(r, begin);
  skip_space(r);
  r->at++; /* the colon */
  skip_space(r);
}

static void read_items(Reader *r, Tree *value, char close) {
  Tree **tail = &value->first;
  r->at++;
  value->span.length = 1;
  for (skip_space(r); *r->at != close; skip_space(r)) {
    if (*r->at == ',') {
      r->at++;
      skip_space(r);
    }
    Tree *item = ARENA_NEW(r->arena, Tree);
    if (close == '}') read_key(r, item);
    read_value(r, item);
    *tail = item;
    tail = &item->next;
    value->count++;
  }
  r->at++;
}

static void read_value(Reader *r, Tree *value) {
  const char *begin = r->at;
  value->span = span_from(r, begin);
  if (*begin == '{' || *begin == '[') {
    value->kind = *begin == '{' ? TREE_OBJECT : TREE_LIST;
    read_items(r, value, *begin == '{' ? '}' : ']');
    return;
  }
  if (*begin == '"') {
    value->kind = TREE_TEXT;
    value->text = read_text(r);
  } else if (strchr("tfn", *begin) != NULL) {
    read_word(r, value);
  } else {
    read_number(r, value);
  }
  value->span = span_from(r, begin);
}

Tree *tree_read(Slice text, Arena *arena, JsonFault *fault) {
  if (!json_check(text, fault)) return NULL;
  Reader r = {.start = text.data,
              .at = text.data,
              .end = text.data + text.length,
              .arena = arena};
  if (slice_starts_with(text, SLICE("\xEF\xBB\xBF"))) r.at += 3;
  skip_space(&r);
  Tree *tree = ARENA_NEW(arena, Tree);
  read_value(&r, tree);
  buf_free(&r.decoded);
  return tree;
}

const Tree *tree_member(const Tree *object, const char *key) {
  const Tree *found = NULL;
  if (object == NULL || object->kind != TREE_OBJECT) return NULL;
  for (const Tree *at = object->first; at != NULL; at = at->next) {
    if (slice_equal_text(at->key, key)) found = at;
  }
  return found;
}

const char *tree_kind_name(TreeKind kind) {
  static const char *const names[] = {"null",   "true or false", "a number",
                                      "a text", "a list",        "an object"};
  return names[kind];
}
