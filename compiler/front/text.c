/* SPDX-License-Identifier: MIT
 *
 * What the literals of the source mean: numbers, escapes, and the indentation
 * of text blocks. A text without escapes that is no block stays a slice of the
 * source; anything else is decoded into the arena.
 *
 * A block: the line of the opening quotes is dropped when only white space
 * follows them, the white space before the closing quotes when nothing else
 * precedes them on their line. Of the other lines that begin in the
 * literal and hold more than white space, the longest white space that all
 * begin with is removed; lines of white space alone become empty. Line ends
 * become \n. All this looks at what is written: an escape is never white space
 * and never ends a line, nor does anything inside {{ }}.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/front/parse_int.h"

/* ---- numbers ------------------------------------------------------------- */

/* Digits without the `_` between them, of the token's first bytes. */
static double read_number(Parser *p, Token number) {
  Slice text = token_text(p->source, number);
  char small[64];
  char *digits = text.length < sizeof small
                     ? small
                     : arena_alloc(p->arena, text.length + 1);
  size_t length = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] != '_') digits[length++] = text.data[i];
  }
  digits[length] = 0;
  return strtod(digits, NULL);
}

double text_number(Parser *p, Token number) {
  double value = read_number(p, number);
  if (isfinite(value)) return value;
  Diag *diag = diag_report(p->sink, DIAG_NUMBER_RANGE, span_of(p, number),
                           "the number is out of range");
  diag->label = "larger than 1.7976931348623157e308";
  return 0;
}

double text_duration(Parser *p, Token number) {
  static const struct {
    const char *unit;
    double milliseconds;
  } units[] = {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}};
  Slice text = token_text(p->source, number);
  size_t i = 0;
  while (!slice_ends_with(text, slice_of(units[i].unit))) i++;
  Token digits = number;
  digits.length -= (uint32_t)strlen(units[i].unit);
  return text_number(p, digits) * units[i].milliseconds;
}

/* ---- escapes ------------------------------------------------------------- */

static void add_code_point(char **out, uint32_t c) {
  char *at = *out;
  if (c < 0x80) {
    *at++ = (char)c;
  } else if (c < 0x800) {
    *at++ = (char)(0xC0 | c >> 6);
    *at++ = (char)(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *at++ = (char)(0xE0 | c >> 12);
    *at++ = (char)(0x80 | (c >> 6 & 0x3F));
    *at++ = (char)(0x80 | (c & 0x3F));
  } else {
    *at++ = (char)(0xF0 | c >> 18);
    *at++ = (char)(0x80 | (c >> 12 & 0x3F));
    *at++ = (char)(0x80 | (c >> 6 & 0x3F));
    *at++ = (char)(0x80 | (c & 0x3F));
  }
  *out = at;
}

static Span span_at(const Parser *p, const char *start, size_t length) {
  uint32_t at = (uint32_t)(start - p->source->text.data);
  return span_from(p, at, at + (uint32_t)length);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* At the backslash of `\u`. Returns the first byte after it. */
static const char *read_code_point(Parser *p, const char *at, const char *end,
                                   char **out) {
  const char *digit = at + 2;
  uint32_t value = 0;
  int count = 0;
  if (digit < end && *digit == '{') digit++;
  while (digit < end && hex_digit(*digit) >= 0 && count < 7) {
    value = value * 16 + (uint32_t)hex_digit(*digit);
    digit++, count++;
  }
  bool closed = at + 2 < end && at[2] == '{' && digit < end && *digit == '}';
  if (closed) digit++;
  bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (closed && count >= 1 && count <= 6 && value > 0 && value <= 0x10FFFF &&
      !surrogate) {
    add_code_point(out, value);
    return digit;
  }
  Diag *diag = diag_report(p->sink, DIAG_BAD_CODE_POINT,
                           span_at(p, at, (size_t)(digit - at)),
                           "not a character: `%.*s`", (int)(digit - at), at);
  diag->label = surrogate ? "half of a surrogate pair"
                          : "expected 1 to 6 hexadecimal digits in braces, up "
                            "to 10FFFF and not 0";
  diag->help = "for example \\u{e9} or \\u{1F600}";
  return digit;
}

/* Bytes of the code point at `at`, as far as it is there. */
static size_t code_point_length(const char *at, const char *end) {
  size_t length = 1;
  while (at + length < end && ((unsigned char)at[length] & 0xC0) == 0x80) {
    length++;
  }
  return length;
}

/* At a backslash, which a piece never ends with. Returns the first byte after
 * the escape. */
static const char *read_escape(Parser *p, const char *at, const char *end,
                               char **out) {
  char c = at + 1 < end ? at[1] : 0;
  switch (c) {
    case 'n':
      *(*out)++ = '\n';
      return at + 2;
    case 't':
      *(*out)++ = '\t';
      return at + 2;
    case 'r':
      *(*out)++ = '\r';
      return at + 2;
    case '\\':
    case '"':
    case '{':
    case '}':
      *(*out)++ = c;
      return at + 2;
    case 'u':
      return read_code_point(p, at, end, out);
    default:
      break;
  }
  size_t length = at + 1 < end ? 1 + code_point_length(at + 1, end) : 1;
  bool newline = c == '\n' || c == '\r';
  Diag *diag = diag_report(
      p->sink, DIAG_BAD_ESCAPE, span_at(p, at, newline ? 1 : length),
      newline ? "a backslash at the end of a line" : "unknown escape `%.*s`",
      (int)length, at);
  diag->label = "not an escape";
  diag->help = "escapes are \\n \\t \\r \\\\ \\\" \\{ \\} \\u{...}";
  return at + length;
}

/* ---- text blocks --------------------------------------------------------- */

/* One piece while it is decoded. */
typedef struct Piece {
  const char *at, *end;
  bool line_start; /* `at` is the first byte of a line */
  bool last;       /* its end is the end of the text */
} Piece;

/* First byte of [at, end) that is no blank. */
static const char *skip_blanks(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t')) at++;
  return at;
}

static bool at_line_end(const char *at, const char *end) {
  return at < end &&
         (*at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n'));
}

/* At a line end: the first byte of the next line. */
static const char *after_line_end(const char *at) {
  return at + (*at == '\r' ? 2 : 1);
}

/* The first byte of the next line, or NULL when this is the last one. */
static const char *next_line(const char *at, const char *end) {
  const char *newline = memchr(at, '\n', (size_t)(end - at));
  return newline == NULL ? NULL : newline + 1;
}

/* Drops the line of the opening quotes. */
static void drop_first_line(Piece *piece) {
  const char *at = skip_blanks(piece->at, piece->end);
  if (!at_line_end(at, piece->end)) return;
  piece->at = after_line_end(at);
  piece->line_start = true;
}

/* Drops the line of the closing quotes; the end of the line before it stays. */
static void drop_last_line(Piece *piece) {
  const char *at = piece->end;
  while (at > piece->at && (at[-1] == ' ' || at[-1] == '\t')) at--;
  bool begins = at == piece->at ? piece->line_start : at[-1] == '\n';
  if (begins) piece->end = at;
}

/* Narrows `indent` to what the line at `at` begins with as well. */
static void narrow(Slice *indent, bool *any, const char *at,
                   const Piece *piece) {
  const char *text = skip_blanks(at, piece->end);
  bool blank =
      at_line_end(text, piece->end) || (text == piece->end && piece->last);
  if (blank) return;
  Slice mine = slice_from(at, (size_t)(text - at));
  if (!*any) {
    *any = true;
    *indent = mine;
    return;
  }
  size_t same = 0;
  while (same < indent->length && same < mine.length &&
         indent->data[same] == mine.data[same]) {
    same++;
  }
  indent->length = same;
}

static Piece piece_of(const AstExpr *part, bool first, bool block) {
  Piece piece = {part->u.text.data, part->u.text.data + part->u.text.length,
                 false, part->next == NULL};
  if (block && first) drop_first_line(&piece);
  if (block && piece.last) drop_last_line(&piece);
  return piece;
}

static const AstExpr *next_piece(const AstExpr *part) {
  return part->next == NULL ? NULL : part->next->next;
}

static size_t common_indent(const AstExpr *parts) {
  Slice indent = {NULL, 0};
  bool any = false;
  for (const AstExpr *part = parts; part != NULL; part = next_piece(part)) {
    Piece piece = piece_of(part, part == parts, true);
    if (piece.line_start) narrow(&indent, &any, piece.at, &piece);
    const char *at = next_line(piece.at, piece.end);
    for (; at != NULL; at = next_line(at, piece.end)) {
      narrow(&indent, &any, at, &piece);
    }
  }
  return indent.length;
}

/* ---- decoding ------------------------------------------------------------ */

/* The first byte of the line at `at` that stays. */
static const char *skip_indent(const Piece *piece, const char *at,
                               size_t indent) {
  const char *text = skip_blanks(at, piece->end);
  bool blank =
      at_line_end(text, piece->end) || (text == piece->end && piece->last);
  if (blank) return text;
  size_t have = (size_t)(text - at);
  return at + (have < indent ? have : indent);
}

/* Offsets of braces that were escapes, as the tree keeps them. */
static const AstEscapes *keep_escapes(Parser *p, const uint32_t *offsets,
                                      uint32_t count) {
  if (count == 0) return NULL;
  AstEscapes *escapes =
      arena_alloc(p->arena, sizeof *escapes + (size_t)count * sizeof *offsets);
  escapes->count = count;
  memcpy(escapes->offsets, offsets, (size_t)count * sizeof *offsets);
  return escapes;
}

static void decode_piece(Parser *p, AstExpr *part, Piece piece, bool block,
                         size_t indent) {
  size_t length = (size_t)(piece.end - piece.at);
  bool plain = length == 0 || memchr(piece.at, '\\', length) == NULL;
  part->u.text = slice_from(piece.at, length);
  if (plain && !block) return;
  VEC(uint32_t) braces = {0};
  char *start = arena_alloc(p->arena, length + 1);
  char *out = start;
  const char *at = piece.at;
  if (block && piece.line_start) at = skip_indent(&piece, at, indent);
  while (at < piece.end) {
    if (*at == '\\') {
      char *before = out;
      at = read_escape(p, at, piece.end, &out);
      if (out > before && *before == '{') {
        vec_push(&braces, (uint32_t)(before - start));
      }
    } else if (block && at_line_end(at, piece.end)) {
      at = skip_indent(&piece, after_line_end(at), indent);
      *out++ = '\n';
    } else {
      *out++ = *at++;
    }
  }
  part->u.text = slice_from(start, (size_t)(out - start));
  part->u.escapes = keep_escapes(p, braces.data, braces.length);
  vec_free(&braces);
}

void text_decode(Parser *p, AstExpr *parts, bool block) {
  size_t indent = block ? common_indent(parts) : 0;
  AstExpr *part = parts;
  while (part != NULL) {
    Piece piece = piece_of(part, part == parts, block);
    decode_piece(p, part, piece, block, indent);
    part = part->next == NULL ? NULL : part->next->next;
  }
}
