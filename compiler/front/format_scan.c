/* SPDX-License-Identifier: MIT
 *
 * The formatter's tokens: those of the lexer, and the comments that the lexer
 * passes over, found in the gaps. Only for sources without syntax errors.
 */
#include "compiler/front/format_int.h"

#include "grammar.h"

/* ---- gaps ---------------------------------------------------------------- */

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One past the comment that begins at `at`. */
static uint32_t comment_end(Slice text, uint32_t at, bool is_line) {
  const char *start = text.data + at;
  if (is_line) {
    const char *newline = memchr(start, '\n', text.length - at);
    return newline ? (uint32_t)(newline - text.data) : (uint32_t)text.length;
  }
  const char *close = memmem(start + 2, text.length - at - 2, "*/", 2);
  return close ? (uint32_t)(close - text.data) + 2 : (uint32_t)text.length;
}

static void add_comment(Format *f, uint32_t start, uint32_t end,
                        FormatToken comment) {
  bool is_line = f->source->text.data[start + 1] == '/';
  while (is_line && is_space(f->source->text.data[end - 1])) end--;
  comment.token.kind = is_line ? FORMAT_LINE_COMMENT : FORMAT_BLOCK_COMMENT;
  comment.token.start = start;
  comment.token.length = end - start;
  comment.match = f->tokens.length;
  vec_push(&f->tokens, comment);
}

/* Adds the comments in the gap before a token; counts the line ends after the
 * last one. */
static uint8_t scan_gap(Format *f, uint32_t at, uint32_t end, bool in_hole) {
  Slice text = f->source->text;
  FormatToken comment = {.in_hole = in_hole};
  while (at < end) {
    char c = text.data[at];
    if (c == '\n' && comment.lines < 2) comment.lines++;
    if (c == '/' && at + 1 < end) {
      uint32_t after = comment_end(text, at, text.data[at + 1] == '/');
      add_comment(f, at, after, comment);
      comment.lines = 0;
      at = after;
    } else {
      at++;
    }
  }
  return comment.lines;
}

/* ---- pairs --------------------------------------------------------------- */

typedef VEC(uint32_t) Stack;

static void pair(Format *f, Stack *open, uint32_t i) {
  int kind = f->tokens.data[i].token.kind;
  bool piece = kind == TK_TEXT_MID || kind == TK_TEXT_CLOSE;
  if ((format_closes(f, i) || piece) && open->length > 0) {
    uint32_t first = open->data[open->length - 1];
    f->tokens.data[i].match = first;
    if (!piece) f->tokens.data[first].match = i;
    if (kind != TK_TEXT_MID) (void)vec_pop(open);
  }
  if (format_opens(f, i) || kind == TK_TEXT_OPEN) vec_push(open, i);
}

/* ---- types --------------------------------------------------------------- */

/* Whether the newest token is the `<` of `list<` after what a type follows. */
static bool opens_type(const Format *f) {
  uint32_t i = f->tokens.length - 1;
  uint32_t name = format_before(f, i);
  const FormatToken *sign = &f->tokens.data[format_before(f, name)];
  int kind = sign->token.kind;
  bool wanted =
      kind == TK_COLON || kind == TK_ARROW || (kind == TK_LT && sign->in_type);
  return f->tokens.data[i].token.kind == TK_LT && wanted &&
         slice_equal_text(format_text(f, name), "list");
}

/* Notes the brackets of types at the newest token; `depth` are open. In
 * `list<num>= x` there are two tokens where the lexer sees one. */
static void note_type(Format *f, uint32_t *depth) {
  FormatToken *newest = &f->tokens.data[f->tokens.length - 1];
  int kind = newest->token.kind;
  if (opens_type(f)) {
    newest->in_type = true;
    ++*depth;
  } else if ((kind == TK_GT || kind == TK_GE) && *depth > 0) {
    newest->in_type = true;
    --*depth;
    if (kind == TK_GT) return;
    FormatToken sign = {.token = {TK_EQ, newest->token.start + 1, 1}};
    sign.match = f->tokens.length;
    newest->token = (Token){TK_GT, newest->token.start, 1};
    vec_push(&f->tokens, sign);
  } else if (kind != TK_NAME) {
    *depth = 0; /* a comparison, after all */
  }
}

/* ---- text blocks --------------------------------------------------------- */

static bool is_piece(const Format *f, uint32_t i, uint32_t first) {
  return i == first || f->tokens.data[i].match == first;
}

static uint32_t blanks(Slice text) {
  uint32_t count = 0;
  while (count < text.length &&
         (text.data[count] == ' ' || text.data[count] == '\t')) {
    count++;
  }
  return count;
}

/* Narrows `shared` to what this line of the piece begins with as well. A line
 * of white space alone has no say, unless something is inserted in it. */
static void narrow(Slice line, bool last_of_piece, bool last_of_text,
                   Slice *shared) {
  uint32_t count = blanks(line);
  Slice rest = slice_from(line.data + count, line.length - count);
  bool closes =
      last_of_text && last_of_piece && slice_starts_with(rest, SLICE("\"\"\""));
  bool empty = rest.length == 0 || slice_equal_text(rest, "\r");
  if (closes || (empty && !last_of_piece)) return;
  if (shared->data == NULL) *shared = slice_from(line.data, count);
  uint32_t same = 0;
  while (same < count && same < shared->length &&
         line.data[same] == shared->data[same]) {
    same++;
  }
  shared->length = same;
}

static void narrow_piece(const Format *f, uint32_t i, Slice *shared) {
  int kind = f->tokens.data[i].token.kind;
  bool last_of_text = kind == TK_TEXT || kind == TK_TEXT_CLOSE;
  Slice text = format_text(f, i);
  if (!last_of_text) text.length -= 2; /* the `{{` */
  const char *end = text.data + text.length;
  const char *at = memchr(text.data, '\n', text.length);
  while (at != NULL) {
    at++;
    const char *next = memchr(at, '\n', (size_t)(end - at));
    Slice line = slice_from(at, (size_t)((next ? next : end) - at));
    narrow(line, next == NULL, last_of_text, shared);
    at = next;
  }
}

/* How much indentation the lines of the block share that begins at `first`. */
static void find_shared(Format *f, uint32_t first) {
  Slice shared = {NULL, 0};
  for (uint32_t i = first; i < f->tokens.length; i++) {
    int kind = f->tokens.data[i].token.kind;
    if (!is_piece(f, i, first)) continue;
    narrow_piece(f, i, &shared);
    if (kind == TK_TEXT || kind == TK_TEXT_CLOSE) break;
  }
  f->tokens.data[first].shared = (uint32_t)shared.length;
}

static bool begins_block(const Format *f, uint32_t i) {
  int kind = f->tokens.data[i].token.kind;
  Slice text = format_text(f, i);
  return (kind == TK_TEXT_OPEN || (kind == TK_TEXT && text.length >= 6)) &&
         slice_starts_with(text, SLICE("\"\"\""));
}

/* -------------------------------------------------------------------------- */

static void scan_tokens(Format *f, DiagSink *sink) {
  Lexer lexer;
  lexer_init(&lexer, f->source, sink);
  uint32_t end =
      (uint32_t)(lexer.cursor - (const unsigned char *)f->source->text.data);
  FormatToken next = {0};
  uint32_t types = 0; /* open brackets of them */
  do {
    next.in_hole = lexer.depth > 0;
    next.token = lexer_next(&lexer);
    next.lines = scan_gap(f, end, next.token.start, next.in_hole);
    next.match = f->tokens.length;
    vec_push(&f->tokens, next);
    note_type(f, &types);
    end = next.token.start + next.token.length;
  } while (next.token.kind != TK_END);
}

void format_scan(Format *f) {
  Arena arena;
  DiagSink nobody;
  arena_init(&arena);
  diag_init(&nobody, f->source, &arena);
  scan_tokens(f, &nobody);
  diag_free(&nobody);
  arena_free(&arena);
  Stack open = {0};
  for (uint32_t i = 0; i < f->tokens.length; i++) pair(f, &open, i);
  vec_free(&open);
  for (uint32_t i = 0; i < f->tokens.length; i++) {
    if (begins_block(f, i)) find_shared(f, i);
  }
}
