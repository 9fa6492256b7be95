/* SPDX-License-Identifier: MIT
 *
 * Writes the formatter's tokens. A logical line (from one hard break to the
 * next) is one line or several: it is broken where a token is marked soft, and
 * where it would become too long, at the place that costs least of those that
 * fit. What follows an opening bracket on its line gives the column for the
 * lines that go on inside; a bracket that ends its line indents by one step.
 */
#include "compiler/front/format_int.h"

#include "grammar.h"

enum {
  ALIGN_AT_MOST = 60, /* beyond, too little room would be left */
  DEPTH_COST = 16     /* more than any operator costs */
};

/* A bracket that is open. */
typedef struct Frame {
  uint32_t align; /* column of the lines inside it */
  uint32_t close; /* column of the closing one when it begins a line */
} Frame;

typedef struct Printer {
  Format *f;
  VEC(Frame) frames;
  uint32_t indent; /* column of the current line's first token */
  uint32_t column;
} Printer;

static int kind_of(const Printer *p, uint32_t i) {
  return p->f->tokens.data[i].token.kind;
}

/* ---- texts of several lines ---------------------------------------------- */

static bool is_text(int kind) {
  return kind == TK_TEXT || kind == TK_TEXT_OPEN || kind == TK_TEXT_MID ||
         kind == TK_TEXT_CLOSE;
}

static uint32_t blanks(Slice line) {
  uint32_t count = 0;
  while (count < line.length &&
         (line.data[count] == ' ' || line.data[count] == '\t')) {
    count++;
  }
  return count;
}

/* The next line of `text`, which loses it; true while there was one. */
static bool next_line(Slice *text, Slice *line) {
  if (text->data == NULL) return false;
  const char *end = memchr(text->data, '\n', text->length);
  size_t length = end ? (size_t)(end - text->data) : text->length;
  *line = slice_from(text->data, length);
  *text =
      end ? slice_from(end + 1, text->length - length - 1) : (Slice){NULL, 0};
  if (end && length > 0 && line->data[length - 1] == '\r') line->length--;
  return true;
}

/* One line inside a text block: the indentation that all share becomes that of
 * the place. `last` is the last line of the piece, which a hole or the closing
 * quotes follow. */
static void add_block_line(const FormatToken *first, Slice line, bool last,
                           Buf *out) {
  uint32_t have = blanks(line);
  bool quotes = last && slice_starts_with(
                            slice_from(line.data + have, line.length - have),
                            SLICE("\"\"\""));
  if (have == line.length && !last) return;
  uint32_t less = quotes || have < first->shared ? have : first->shared;
  buf_add_repeat(out, ' ', first->target);
  buf_add_slice(out, slice_from(line.data + less, line.length - less));
}

static void add_block(const FormatToken *first, Slice text, Buf *out) {
  Slice line = {0};
  bool begun = false;
  while (next_line(&text, &line)) {
    if (begun) {
      buf_add_char(out, '\n');
      add_block_line(first, line, text.data == NULL, out);
    } else {
      buf_add_slice(out, line);
    }
    begun = true;
  }
}

/* The lines of a comment keep their place below its first one. */
static void add_comment(Slice text, uint32_t from, uint32_t to, Buf *out) {
  Slice line = {0};
  bool begun = false;
  while (next_line(&text, &line)) {
    if (begun) buf_add_char(out, '\n');
    while (line.length > 0 &&
           blanks(slice_from(line.data + line.length - 1, 1)))
      line.length--;
    uint32_t have = begun ? blanks(line) : 0;
    uint32_t less = from > to && have > 0 ? from - to : 0;
    if (begun && have > 0 && to > from) buf_add_repeat(out, ' ', to - from);
    if (less > have) less = have;
    buf_add_slice(out, slice_from(line.data + less, line.length - less));
    begun = true;
  }
}

/* The column, in the source, of a token. */
static uint32_t source_column(const Format *f, uint32_t i) {
  uint32_t start = f->tokens.data[i].token.start;
  uint32_t at = start;
  while (at > 0 && f->source->text.data[at - 1] != '\n') at--;
  return format_width(slice_from(f->source->text.data + at, start - at));
}

/* Appends token `i` as it looks at `column`. */
static void add_token(Format *f, uint32_t i, uint32_t column, Buf *out) {
  FormatToken *token = &f->tokens.data[i];
  Slice text = format_text(f, i);
  bool long_text = memchr(text.data, '\n', text.length) != NULL;
  if (long_text && token->token.kind == FORMAT_BLOCK_COMMENT) {
    add_comment(text, source_column(f, i), column, out);
  } else if (long_text && is_text(token->token.kind)) {
    add_block(&f->tokens.data[token->match], text, out);
  } else {
    buf_add_slice(out, text);
  }
}

/* ---- where a line ends --------------------------------------------------- */

/* Moves `column` past token `i`; returns the widest column reached in its
 * first line. */
static uint32_t pass_token(const Printer *p, uint32_t i, uint32_t *column) {
  FormatToken *token = &p->f->tokens.data[i];
  Slice plain = format_text(p->f, i);
  token->target = p->indent + FORMAT_INDENT; /* if a text begins with it */
  if (memchr(plain.data, '\n', plain.length) == NULL) {
    *column += format_width(plain);
    return *column;
  }
  Buf text = {0};
  add_token(p->f, i, *column, &text);
  Slice shown = buf_slice(&text);
  const char *first =
      text.length ? memchr(shown.data, '\n', shown.length) : NULL;
  size_t length = first ? (size_t)(first - shown.data) : shown.length;
  uint32_t reached = *column + format_width(slice_from(shown.data, length));
  *column = reached;
  if (first) {
    const char *last = memrchr(shown.data, '\n', shown.length);
    size_t rest = shown.length - (size_t)(last + 1 - shown.data);
    *column = format_width(slice_from(last + 1, rest));
  }
  buf_free(&text);
  return reached;
}

/* A break after an opening bracket that would not help: what follows is too
 * long for any line. */
static bool is_vain(const Printer *p, uint32_t i) {
  Slice text = format_text(p->f, i);
  return format_opens(p->f, i - 1) &&
         p->indent + FORMAT_INDENT + format_width(text) > FORMAT_COLUMNS;
}

/* Where the line that begins with token `from` ends, `to` at the latest. */
static uint32_t find_end(const Printer *p, uint32_t from, uint32_t to) {
  uint32_t column = p->indent;
  uint32_t best = to;
  int best_cost = INT32_MAX;
  int depth = 0;
  bool over = false;
  for (uint32_t i = from; i < to; i++) {
    uint32_t cost = i > from ? format_break_cost(p->f, i) : FORMAT_NO_BREAK;
    bool may = cost < FORMAT_KEPT_BREAK && !is_vain(p, i);
    int whole = depth * DEPTH_COST + (int)cost;
    if (i > from && p->f->tokens.data[i].soft) return i;
    if (may && over) return i;
    if (may && whole <= best_cost) {
      best = i;
      best_cost = whole;
    }
    if (i > from && format_has_space(p->f, i)) column++;
    uint32_t reached = pass_token(p, i, &column);
    if (format_is_comment(p->f, i)) continue;
    over = over || reached > FORMAT_COLUMNS;
    if (over && best < to) return best;
    depth += format_opens(p->f, i) ? 1 : format_closes(p->f, i) ? -1 : 0;
  }
  return to;
}

/* ---- writing ------------------------------------------------------------- */

static bool ends_line(const Printer *p, uint32_t i, uint32_t end) {
  for (i++; i < end; i++) {
    if (!format_is_comment(p->f, i)) return false;
  }
  return true;
}

static void open_frame(Printer *p, uint32_t i, uint32_t end) {
  bool hangs = ends_line(p, i, end) || p->column > ALIGN_AT_MOST;
  Frame frame = {hangs ? p->indent + FORMAT_INDENT : p->column, p->indent};
  vec_push(&p->frames, frame);
  uint32_t close = p->f->tokens.data[i].match;
  if (ends_line(p, i, end) && close > i + 1) {
    p->f->tokens.data[close].soft = true;
  }
}

static void write_line(Printer *p, uint32_t from, uint32_t end) {
  Buf *out = p->f->out;
  buf_add_repeat(out, ' ', p->indent);
  p->column = p->indent;
  for (uint32_t i = from; i < end; i++) {
    if (i > from && format_has_space(p->f, i)) {
      buf_add_char(out, ' ');
      p->column++;
    }
    uint32_t column = p->column;
    (void)pass_token(p, i, &p->column);
    add_token(p->f, i, column, out);
    bool brace = kind_of(p, i) == TK_LBRACE || kind_of(p, i) == TK_RBRACE;
    if (!brace && format_opens(p->f, i)) open_frame(p, i, end);
    if (!brace && format_closes(p->f, i) && p->frames.length > 0) {
      (void)vec_pop(&p->frames);
    }
  }
  buf_add_char(out, '\n');
}

/* The column of a line that goes on with token `i`. */
static uint32_t continued_at(const Printer *p, uint32_t i, uint32_t level) {
  if (p->frames.length == 0) return (level + 1) * FORMAT_INDENT;
  Frame frame = p->frames.data[p->frames.length - 1];
  return format_closes(p->f, i) ? frame.close : frame.align;
}

/* The tokens from `from` up to the hard break at `to`. */
static void print_logical(Printer *p, uint32_t from, uint32_t to) {
  uint32_t level = p->f->tokens.data[from].level;
  p->frames.length = 0;
  p->indent = level * FORMAT_INDENT;
  while (from < to) {
    uint32_t end = find_end(p, from, to);
    write_line(p, from, end);
    from = end;
    if (from < to) p->indent = continued_at(p, from, level);
  }
}

/* The blank line of the source stays, but not at the start or end of braces. */
static bool has_blank_before(const Format *f, uint32_t i) {
  const FormatToken *token = &f->tokens.data[i];
  if (i == 0 || token->lines < 2 || token->tight) return false;
  uint32_t last = i - 1; /* or what a comment follows on its line */
  while (last > 0 && format_is_comment(f, last) &&
         f->tokens.data[last].lines == 0) {
    last--;
  }
  return f->tokens.data[last].token.kind != TK_LBRACE;
}

void format_print(Format *f) {
  Printer p = {.f = f};
  uint32_t last = f->tokens.length - 1; /* TK_END */
  uint32_t from = 0;
  while (from < last) {
    uint32_t to = from + 1;
    while (to < last && !f->tokens.data[to].hard) to++;
    if (has_blank_before(f, from)) buf_add_char(f->out, '\n');
    print_logical(&p, from, to);
    from = to;
  }
  vec_free(&p.frames);
}
