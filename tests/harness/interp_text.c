/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter's pure functions, written anew: letters through the
 * C library's wide characters, the rest by hand.
 */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <wctype.h>

#include "tests/harness/interp_parts.h"

/* Arguments of a function and where its value goes. */
typedef struct Apply {
  Interp *in;
  const Datum *args;
  uint32_t count;
  Datum *out;
  FailureCode *code;
} Apply;

static bool refuse(Apply *a, FailureCode code) {
  *a->code = code;
  return false;
}

static bool give(Apply *a, Datum datum) {
  *a->out = datum;
  return true;
}

static bool give_text(Apply *a, Buf *text) {
  return give(a, datum_text(interp_keep(a->in, text)));
}

/* ---- code points --------------------------------------------------------- */

static size_t point_bytes(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

static uint32_t point_at(const char *at) {
  const unsigned char *s = (const unsigned char *)at;
  size_t bytes = point_bytes(*s);
  uint32_t point = bytes == 1 ? *s : *s & (0x3Fu >> (bytes - 1));
  for (size_t i = 1; i < bytes; i++) point = point << 6 | (s[i] & 0x3Fu);
  return point;
}

static void add_point(Buf *out, uint32_t point) {
  if (point < 0x80) {
    buf_add_char(out, (char)point);
    return;
  }
  int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  uint32_t lead = (0xFF00u >> (more + 1)) & 0xFF;
  buf_add_char(out, (char)(lead | point >> (6 * more)));
  while (more-- > 0)
    buf_add_char(out, (char)(0x80 | (point >> (6 * more) & 0x3F)));
}

static uint32_t count_points(Slice text) {
  uint32_t count = 0;
  for (size_t i = 0; i < text.length; i++)
    count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
  return count;
}

static Slice points_between(Slice text, uint32_t from, uint32_t to) {
  size_t start = 0;
  size_t end;
  for (; from > 0; from--, to--)
    start += point_bytes((unsigned char)text.data[start]);
  for (end = start; to > 0; to--)
    end += point_bytes((unsigned char)text.data[end]);
  return slice_from(text.data + start, end - start);
}

/* Letters of every script, whatever the locale of the process. */
static locale_t letters(void) {
  static locale_t locale;
  if (locale == (locale_t)0)
    locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  return locale;
}

static void add_cased(Slice text, bool up, Buf *out) {
  for (size_t i = 0; i < text.length;) {
    wint_t point = point_at(text.data + i);
    add_point(out, (uint32_t)(up ? towupper_l(point, letters())
                                 : towlower_l(point, letters())));
    i += point_bytes((unsigned char)text.data[i]);
  }
}

static bool is_white(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static Slice trimmed(Slice text) {
  while (text.length > 0 && is_white(*text.data))
    text = slice_from(text.data + 1, text.length - 1);
  while (text.length > 0 && is_white(text.data[text.length - 1])) text.length--;
  return text;
}

/* Of ASCII what stands around words and not in them. */
static bool surrounds(char c) {
  return c != '\0' && (is_white(c) || strchr("\"'()[]{}.,;:!?-/\\*_`", c));
}

Slice interp_fold(Interp *in, Slice label) {
  Slice text = label;
  Buf out = {0};
  while (text.length > 0 && surrounds(*text.data))
    text = slice_from(text.data + 1, text.length - 1);
  while (text.length > 0 && surrounds(text.data[text.length - 1]))
    text.length--;
  if (text.length == 0) text = trimmed(label);
  add_cased(text, false, &out);
  return interp_keep(in, &out);
}

/* ---- texts -------------------------------------------------------------- */

/* Where `part` begins in `text` at or after `from`; the length when nowhere. */
static size_t find(Slice text, Slice part, size_t from) {
  for (; from + part.length <= text.length; from++)
    if (part.length == 0 ||
        memcmp(text.data + from, part.data, part.length) == 0)
      return from;
  return text.length;
}

static bool is_at(Slice text, Slice part, size_t at) {
  return at + part.length <= text.length && find(text, part, at) == at;
}

/* Texts being collected into a list. */
typedef struct Pieces {
  Apply *apply;
  VEC(Datum) items;
} Pieces;

static void add_piece(Pieces *pieces, Slice text, size_t from, size_t to) {
  vec_push(&pieces->items, datum_text(slice_from(text.data + from, to - from)));
}

static bool give_pieces(Pieces *pieces) {
  uint32_t count = pieces->items.length;
  Datum *items = ARENA_ARRAY(pieces->apply->in->arena, Datum, count + 1);
  for (uint32_t i = 0; i < count; i++) items[i] = pieces->items.data[i];
  vec_free(&pieces->items);
  return give(pieces->apply, datum_list(items, count));
}

static bool split(Apply *a) {
  Pieces pieces = {.apply = a};
  Slice text = a->args[0].text;
  Slice separator = a->args[1].text;
  size_t from = 0;
  if (separator.length == 0) {
    for (size_t to; from < text.length; from = to) {
      to = from + point_bytes((unsigned char)text.data[from]);
      add_piece(&pieces, text, from, to);
    }
    return give_pieces(&pieces);
  }
  for (size_t at = 0; at < text.length;) {
    if (!is_at(text, separator, at)) {
      at++;
      continue;
    }
    add_piece(&pieces, text, from, at);
    from = at += separator.length;
  }
  add_piece(&pieces, text, from, text.length);
  return give_pieces(&pieces);
}

static bool lines(Apply *a) {
  Pieces pieces = {.apply = a};
  Slice text = a->args[0].text;
  size_t from = 0;
  for (size_t at = 0; at < text.length; at++) {
    if (text.data[at] != '\n') continue;
    bool is_pair = at > from && text.data[at - 1] == '\r';
    add_piece(&pieces, text, from, is_pair ? at - 1 : at);
    from = at + 1;
  }
  if (from < text.length) add_piece(&pieces, text, from, text.length);
  return give_pieces(&pieces);
}

static bool join(Apply *a) {
  Buf text = {0};
  for (uint32_t i = 0; i < a->args[0].count; i++) {
    if (i > 0 && a->count > 1) buf_add_slice(&text, a->args[1].text);
    datum_add_plain(&a->args[0].items[i], &text);
  }
  return give_text(a, &text);
}

static bool replace(Apply *a) {
  Slice text = a->args[0].text;
  Slice from = a->args[1].text;
  Buf out = {0};
  if (from.length == 0) return refuse(a, CODE_bad_argument);
  for (size_t at = 0; at < text.length;) {
    bool found = is_at(text, from, at);
    if (found)
      buf_add_slice(&out, a->args[2].text);
    else
      buf_add_char(&out, text.data[at]);
    at += found ? from.length : 1;
  }
  return give_text(a, &out);
}

static bool cased(Apply *a, bool up) {
  Buf text = {0};
  add_cased(a->args[0].text, up, &text);
  return give_text(a, &text);
}

/* ---- both texts and lists ------------------------------------------------ */

static bool length(Apply *a) {
  const Datum *of = &a->args[0];
  if (of->kind == DATUM_TEXT) return give(a, datum_num(count_points(of->text)));
  if (of->kind == DATUM_LIST || of->kind == DATUM_MAP)
    return give(a, datum_num(of->count));
  return refuse(a, CODE_bad_argument);
}

static bool contains(Apply *a) {
  const Datum *of = &a->args[0];
  const Datum *part = &a->args[1];
  bool found = false;
  if (of->kind == DATUM_TEXT && part->kind == DATUM_TEXT) {
    size_t at = find(of->text, part->text, 0);
    return give(a, datum_bool(at < of->text.length || part->text.length == 0));
  }
  if (of->kind != DATUM_LIST) return refuse(a, CODE_bad_argument);
  for (uint32_t i = 0; i < of->count; i++)
    found |= datum_equal(&of->items[i], part);
  return give(a, datum_bool(found));
}

static bool is_whole(const Datum *datum) {
  return datum->num == floor(datum->num);
}

static uint32_t clamp(double index, uint32_t count) {
  if (index < 0) index += count;
  if (index < 0) return 0;
  return index > count ? count : (uint32_t)index;
}

static bool slice(Apply *a) {
  const Datum *of = &a->args[0];
  bool is_text = of->kind == DATUM_TEXT;
  uint32_t count = is_text ? count_points(of->text) : of->count;
  if (!is_whole(&a->args[1]) || (a->count > 2 && !is_whole(&a->args[2])))
    return refuse(a, CODE_bad_argument);
  uint32_t from = clamp(a->args[1].num, count);
  uint32_t to = a->count > 2 ? clamp(a->args[2].num, count) : count;
  if (to < from) to = from;
  if (is_text) return give(a, datum_text(points_between(of->text, from, to)));
  return give(a, datum_list(of->items + from, to - from));
}

static bool range(Apply *a) {
  double from = a->count > 1 ? a->args[0].num : 0;
  double to = a->args[a->count - 1].num;
  if (from != floor(from) || to != floor(to))
    return refuse(a, CODE_bad_argument);
  uint32_t count = to > from ? (uint32_t)(to - from) : 0;
  Datum *items = ARENA_ARRAY(a->in->arena, Datum, count + 1);
  for (uint32_t i = 0; i < count; i++) items[i] = datum_num(from + i);
  return give(a, datum_list(items, count));
}

/* ---- conversions -------------------------------------------------------- */

bool interp_read_number(Slice text, double *out) {
  Buf copy = {0};
  char *end;
  text = trimmed(text);
  buf_add_slice(&copy, text);
  bool is_decimal = text.length > 0 && text.length <= 1000;
  for (size_t i = 0; i < text.length; i++)
    is_decimal &=
        text.data[i] != '\0' && strchr("0123456789+-.eE", text.data[i]) != NULL;
  *out = is_decimal ? strtod(copy.data, &end) : 0;
  is_decimal = is_decimal && *end == '\0' && isfinite(*out);
  buf_free(&copy);
  return is_decimal;
}

static bool to_num(Apply *a) {
  const Datum *of = &a->args[0];
  double num;
  if (of->kind == DATUM_NUM) return give(a, *of);
  if (of->kind == DATUM_BOOL) return give(a, datum_num(of->boolean ? 1 : 0));
  if (of->kind == DATUM_TEXT && interp_read_number(of->text, &num))
    return give(a, datum_num(num));
  return refuse(a, CODE_not_a_number);
}

static bool to_text(Apply *a) {
  Buf text = {0};
  datum_add_plain(&a->args[0], &text);
  return give_text(a, &text);
}

/* What stands in the first ``` fence: after the line that opens it, up to the
 * next three backticks. */
static bool fenced(Slice text, Slice *inside) {
  Slice fence = SLICE("```");
  size_t open = find(text, fence, 0);
  if (open == text.length) return false;
  size_t from = find(text, SLICE("\n"), open);
  size_t to = find(text, fence, from);
  if (to == text.length) return false;
  *inside = slice_from(text.data + from, to - from);
  return true;
}

static bool to_json(Apply *a) {
  const Datum *of = &a->args[0];
  Slice inside;
  if (of->kind != DATUM_TEXT) return give(a, *of);
  if (datum_parse(of->text, a->in->arena, a->out)) return true;
  if (fenced(of->text, &inside) && datum_parse(inside, a->in->arena, a->out))
    return true;
  return refuse(a, CODE_not_json);
}

/* ---- json and records ---------------------------------------------------- */

static bool get(Apply *a) {
  const Datum *of = &a->args[0];
  const Datum *key = &a->args[1];
  const Datum *found = NULL;
  if (of->kind == DATUM_LIST && key->kind == DATUM_NUM) {
    double index = key->num < 0 ? key->num + of->count : key->num;
    if (index >= 0 && index < of->count && index == floor(index))
      found = &of->items[(uint32_t)index];
  } else if (of->kind == DATUM_MAP && key->kind == DATUM_TEXT) {
    found = datum_get(of, key->text);
  } else if (of->kind != DATUM_NULL) {
    return refuse(a, CODE_bad_argument);
  }
  if (found != NULL && found->kind != DATUM_NULL) return give(a, *found);
  return give(a, a->count > 2 ? a->args[2] : datum_of(DATUM_NULL));
}

static bool keys(Apply *a) {
  const Datum *of = &a->args[0];
  if (of->kind != DATUM_MAP) return refuse(a, CODE_wrong_type);
  Datum *items = ARENA_ARRAY(a->in->arena, Datum, of->count + 1);
  for (uint32_t i = 0; i < of->count; i++) items[i] = datum_text(of->keys[i]);
  return give(a, datum_list(items, of->count));
}

/* ---- the table ---------------------------------------------------------- */

bool interp_function(Interp *in, Op op, const Datum *args, uint32_t count,
                     Datum *out, FailureCode *code) {
  Apply a = {in, args, count, out, code};
  switch (op) {
    case OP_LEN:
      return length(&a);
    case OP_LINES:
      return lines(&a);
    case OP_SPLIT:
      return split(&a);
    case OP_JOIN:
      return join(&a);
    case OP_TRIM:
      return give(&a, datum_text(trimmed(args[0].text)));
    case OP_LOWER:
      return cased(&a, false);
    case OP_UPPER:
      return cased(&a, true);
    case OP_CONTAINS:
      return contains(&a);
    case OP_REPLACE:
      return replace(&a);
    case OP_SLICE:
      return slice(&a);
    case OP_RANGE:
      return range(&a);
    case OP_TO_NUM:
      return to_num(&a);
    case OP_TO_TEXT:
      return to_text(&a);
    case OP_TO_JSON:
      return to_json(&a);
    case OP_GET:
      return get(&a);
    case OP_KEYS:
      return keys(&a);
    default:
      interp_undecided(in, "an operation that the reference does not know");
      return give(&a, datum_of(DATUM_UNIT));
  }
}
