/* SPDX-License-Identifier: MIT
 *
 * Collecting messages and printing them. A message is drawn as in diag.h: a
 * gutter as wide as its largest line number, the line of the source as it is
 * (tabs too), and under it carets behind the same tabs, so that both align
 * whatever a tab is worth. A line too long for a terminal is cut to a window
 * around the span. What would steer a terminal is shown as U+FFFD in source
 * lines and as \xNN in messages. One thread at a time.
 */
#include "core/base/diag.h"

#include <string.h>

#include "core/base/glyph.h"
#include "core/base/json.h"
#include "core/base/limits.h"

static const char *const codes[] = {
#define X(name, code, text) code,
#include "core/base/diagnostics.def"
#undef X
};

const char *diag_code_text(DiagCode code) {
  return codes[code];
}

bool diag_is_error(DiagCode code) {
  return codes[code][0] == 'E';
}

static const char *severity(const Diag *diag) {
  return diag_is_error(diag->code) ? "error" : "warning";
}

/* ---- collecting ---------------------------------------------------------- */

void diag_init(DiagSink *sink, const Source *source, Arena *arena) {
  *sink = (DiagSink){
      .source = source, .arena = arena, .room = LIMIT_DIAGNOSTICS};
}

void diag_free(DiagSink *sink) {
  vec_free(&sink->diags);
}

static const char *format_text(DiagSink *sink, const char *format,
                               va_list args) {
  Buf text = {0};
  buf_addv(&text, format, args);
  const char *copy = arena_copy(sink->arena, text.data, text.length);
  buf_free(&text);
  return copy;
}

const char *diag_text(DiagSink *sink, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *text = format_text(sink, format, args);
  va_end(args);
  return text;
}

/* The record for one more message: a new one, else for an error that of the
 * latest warning, else the scratch record. */
static Diag *find_room(DiagSink *sink, bool is_error) {
  if (sink->diags.length < sink->room) {
    vec_push(&sink->diags, (Diag){0});
    return &sink->diags.data[sink->diags.length - 1];
  }
  for (uint32_t i = is_error ? sink->diags.length : 0; i-- > 0;) {
    Diag *diag = &sink->diags.data[i];
    if (!diag_is_error(diag->code)) return diag;
  }
  return &sink->scratch;
}

Diag *diag_report(DiagSink *sink, DiagCode code, Span span, const char *format,
                  ...) {
  bool is_error = diag_is_error(code);
  uint32_t *count = is_error ? &sink->error_count : &sink->warning_count;
  ++*count;
  Diag *diag = find_room(sink, is_error);
  *diag = (Diag){.code = code, .span = span, .message = ""};
  if (diag == &sink->scratch) return diag;
  va_list args;
  va_start(args, format);
  diag->message = format_text(sink, format, args);
  va_end(args);
  return diag;
}

/* By insertion, which keeps the order of equals; there are few. */
void diag_sort(DiagSink *sink) {
  Diag *diags = sink->diags.data;
  for (uint32_t i = 1; i < sink->diags.length; i++) {
    Diag moving = diags[i];
    uint32_t at = i;
    while (at > 0 && diags[at - 1].span.start > moving.span.start) {
      diags[at] = diags[at - 1];
      at--;
    }
    diags[at] = moving;
  }
}

static uint32_t count_lost(const DiagSink *sink) {
  return sink->error_count + sink->warning_count - sink->diags.length;
}

static uint32_t span_end(Span span) {
  uint32_t end = span.start + span.length;
  return end < span.start ? UINT32_MAX : end;
}

/* ---- a line and its carets ----------------------------------------------- */

enum {
  WINDOW = 120,   /* columns of source that are shown at most */
  KEEP_FROM = 80, /* a span that begins before here needs no cut in front */
  LEAD = 50       /* columns kept before the span where the front is cut */
};

/* The lines of the sources that messages point at: of the one in hand, and of
 * another that a second place is in. Messages come in order of place, so each
 * is read once or little more. */
typedef struct Reader {
  const Source *any;
  SourceLines lines[2];
} Reader;

static void reader_free(Reader *reader) {
  source_lines_free(&reader->lines[0]);
  source_lines_free(&reader->lines[1]);
}

/* For the place of a message, or its second place. */
static const SourceLines *lines_at(Reader *reader, Span span, bool second) {
  const Source *source = source_at(reader->any, span.start);
  if (second && reader->lines[0].source == source) return &reader->lines[0];
  SourceLines *lines = &reader->lines[second];
  if (lines->source == source) return lines;
  source_lines_free(lines);
  source_lines_init(lines, source);
  return lines;
}

/* What is printed with what. */
typedef struct Painter {
  Reader *reader;
  Buf *out;
  int gutter;       /* digits of the largest line number */
  const char *loud; /* colour of severity and carets, or "" */
  const char *bold; /* and of the message */
  const char *dim;  /* and of the gutter */
  const char *off;  /* back to normal */
} Painter;

static bool begins_glyph(char c) {
  return ((unsigned char)c & 0xC0) != 0x80;
}

/* Up to `columns` glyphs forward from `at`; a glyph is a byte and the
 * continuation bytes after it. */
static size_t forward(Slice line, size_t at, size_t columns) {
  for (; columns > 0 && at < line.length; columns--) {
    at++;
    while (at < line.length && !begins_glyph(line.data[at])) at++;
  }
  return at;
}

static size_t backward(Slice line, size_t at, size_t columns) {
  for (; columns > 0 && at > 0; columns--) {
    at--;
    while (at > 0 && !begins_glyph(line.data[at])) at--;
  }
  return at;
}

/* The part of a line that is shown. */
typedef struct Window {
  size_t begin;    /* bytes from the start of the line */
  size_t end;      /* one past the last byte */
  bool cut_before; /* "..." in front */
  bool cut_after;  /* "..." behind */
} Window;

static Window choose_window(Slice line, size_t from) {
  Window window = {.begin = 0, .end = forward(line, 0, WINDOW)};
  if (window.end < line.length && forward(line, 0, KEEP_FROM) < from) {
    window.begin = backward(line, from, LEAD);
    window.end = forward(line, window.begin, WINDOW);
  }
  window.cut_before = window.begin > 0;
  window.cut_after = window.end < line.length;
  return window;
}

static bool is_tame(Slice glyph) {
  unsigned char first = (unsigned char)glyph.data[0];
  if (glyph.length == 1)
    return first == '\t' || (first >= 0x20 && first < 0x7F);
  bool is_control = first == 0xC2 && (unsigned char)glyph.data[1] < 0xA0;
  return !is_control && slice_valid_utf8(glyph) == glyph.length &&
         !glyph_turns_text(glyph);
}

/* U+FFFD, which stands for what is not tame, takes one. */
static size_t columns_of(Slice glyph) {
  return is_tame(glyph) ? glyph_columns(glyph) : 1;
}

static Slice glyph_at(Slice line, size_t at) {
  return slice_from(line.data + at, forward(line, at, 1) - at);
}

static void add_source(Buf *out, Slice line, const Window *window) {
  if (window->cut_before) buf_add_text(out, "...");
  Slice glyph;
  for (size_t at = window->begin; at < window->end; at += glyph.length) {
    glyph = glyph_at(line, at);
    buf_add_slice(out, is_tame(glyph) ? glyph : SLICE("\xEF\xBF\xBD"));
  }
  if (window->cut_after) buf_add_text(out, "...");
}

/* Blanks (and the line's tabs) up to byte `from`, then marks up to `to`. */
static void add_carets(Painter *p, Slice line, const Window *window,
                       size_t from, size_t to, char mark) {
  if (window->cut_before) buf_add_text(p->out, "   ");
  size_t at = window->begin;
  for (; at < from; at = forward(line, at, 1)) {
    if (line.data[at] == '\t')
      buf_add_char(p->out, '\t');
    else
      buf_add_repeat(p->out, ' ', columns_of(glyph_at(line, at)));
  }
  size_t count = 0;
  for (; at < to && at < window->end; at = forward(line, at, 1))
    count += columns_of(glyph_at(line, at));
  buf_add_text(p->out, p->loud);
  buf_add_repeat(p->out, mark, count ? count : 1);
}

/* ---- text ---------------------------------------------------------------- */

/* "   | ", or " 9 | " for a line above 0. */
static void add_gutter(Painter *p, uint32_t line) {
  buf_add_text(p->out, p->dim);
  if (line > 0) {
    buf_addf(p->out, " %*u |", p->gutter, line);
  } else {
    buf_addf(p->out, " %*s |", p->gutter, "");
  }
  buf_add_text(p->out, p->off);
}

static void add_visible(Painter *p, const char *text) {
  buf_add_visible(p->out, slice_of(text));
}

static void add_arrow(Painter *p, const char *name, Place place) {
  buf_addf(p->out, "%s %*s-->%s ", p->dim, p->gutter, "", p->off);
  add_visible(p, name);
  buf_addf(p->out, ":%u:%u\n", place.line, place.column);
}

/* Arrow, the line, and `mark`s under the span, with a label beside them. */
static void add_snippet(Painter *p, Span span, char mark, const char *label) {
  const SourceLines *lines = lines_at(p->reader, span, mark == '-');
  Place place = source_lines_place(lines, span.start);
  Slice line = source_lines_text(lines, place.line);
  size_t begin =
      (size_t)lines->source->base + lines->starts.data[place.line - 1];
  size_t from = span.start - begin;
  size_t to = span_end(span) - begin;
  if (from > line.length) from = line.length;
  if (to > line.length) to = line.length;
  Window window = choose_window(line, from);
  add_arrow(p, lines->source->name, place);
  add_gutter(p, 0);
  buf_add_char(p->out, '\n');
  add_gutter(p, place.line);
  if (line.length > 0) buf_add_char(p->out, ' ');
  add_source(p->out, line, &window);
  buf_add_char(p->out, '\n');
  add_gutter(p, 0);
  buf_add_char(p->out, ' ');
  add_carets(p, line, &window, from, to, mark);
  if (label != NULL) buf_add_char(p->out, ' ');
  if (label != NULL) add_visible(p, label);
  buf_addf(p->out, "%s\n", p->off);
}

static void add_title(Painter *p, const Diag *diag) {
  buf_addf(p->out, "%s%s[%s]%s%s: ", p->loud, severity(diag),
           diag_code_text(diag->code), p->off, p->bold);
  add_visible(p, diag->message);
  buf_addf(p->out, "%s\n", p->off);
}

static void add_help(Painter *p, const char *help) {
  buf_addf(p->out, "%s %*s =%s help: ", p->dim, p->gutter, "", p->off);
  add_visible(p, help);
  buf_add_char(p->out, '\n');
}

static int count_digits(uint32_t number) {
  int count = 1;
  for (; number >= 10; number /= 10) count++;
  return count;
}

static uint32_t line_of(Reader *reader, Span span, bool second) {
  return source_lines_place(lines_at(reader, span, second), span.start).line;
}

static int gutter_for(Reader *reader, const Diag *diag) {
  uint32_t largest = line_of(reader, diag->span, false);
  if (diag->related.length > 0) {
    uint32_t line = line_of(reader, diag->related, true);
    if (line > largest) largest = line;
  }
  return count_digits(largest);
}

static Painter make_painter(Reader *reader, const Diag *diag, bool colour,
                            Buf *out) {
  Painter plain = {.reader = reader,
                   .out = out,
                   .loud = "",
                   .bold = "",
                   .dim = "",
                   .off = ""};
  plain.gutter = gutter_for(reader, diag);
  if (!colour) return plain;
  plain.loud = diag_is_error(diag->code) ? "\033[1;31m" : "\033[1;33m";
  plain.bold = "\033[1m";
  plain.dim = "\033[1;34m";
  plain.off = "\033[0m";
  return plain;
}

static void add_diag(Reader *reader, const Diag *diag, bool colour, Buf *out) {
  Painter painter = make_painter(reader, diag, colour, out);
  add_title(&painter, diag);
  add_snippet(&painter, diag->span, '^', diag->label);
  if (diag->related.length > 0) {
    add_snippet(&painter, diag->related, '-', diag->related_label);
  }
  if (diag->help != NULL) add_help(&painter, diag->help);
}

void diag_render_text(const DiagSink *sink, bool colour, Buf *out) {
  Reader reader = {.any = sink->source};
  for (uint32_t i = 0; i < sink->diags.length; i++) {
    if (i > 0) buf_add_char(out, '\n');
    add_diag(&reader, &sink->diags.data[i], colour, out);
  }
  reader_free(&reader);
  uint32_t lost = count_lost(sink);
  if (lost == 0) return;
  buf_addf(out, "\n%u more message%s not shown\n", lost, lost == 1 ? "" : "s");
}

/* ---- fixes --------------------------------------------------------------- */

static bool goes_elsewhere(const Diag *diag) {
  return diag->replaced.start > 0 || diag->replaced.length > 0;
}

Span diag_replaced(const Diag *diag) {
  return goes_elsewhere(diag) ? diag->replaced : diag->span;
}

/* ---- JSON ---------------------------------------------------------------- */

static void add_string(Buf *out, const char *name, const char *text) {
  buf_addf(out, "%s\"%s\":", out->data[out->length - 1] == '{' ? "" : ",",
           name);
  json_add_text(out, slice_of(text));
}

static void add_range(Buf *out, const SourceLines *lines, Span span) {
  Place from = source_lines_place(lines, span.start);
  Place to = source_lines_place(lines, span_end(span));
  buf_addf(out, "%s\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u",
           out->data[out->length - 1] == '{' ? "" : ",", from.line, from.column,
           to.line, to.column);
}

static void add_related(Reader *reader, const Diag *diag, Buf *out) {
  const Source *source = lines_at(reader, diag->span, false)->source;
  const SourceLines *lines = lines_at(reader, diag->related, true);
  buf_add_text(out, ",\"related\":{");
  if (diag->related_label) add_string(out, "label", diag->related_label);
  if (lines->source != source) add_string(out, "file", lines->source->name);
  add_range(out, lines, diag->related);
  buf_add_char(out, '}');
}

static void add_replacement(const SourceLines *lines, const Diag *diag,
                            Buf *out) {
  add_string(out, "replacement", diag->replacement);
  if (!goes_elsewhere(diag)) return;
  buf_add_text(out, ",\"replaced\":{");
  add_range(out, lines, diag->replaced);
  buf_add_char(out, '}');
}

static void add_diag_json(Reader *reader, const Diag *diag, Buf *out) {
  const SourceLines *lines = lines_at(reader, diag->span, false);
  buf_add_char(out, '{');
  add_string(out, "code", diag_code_text(diag->code));
  add_string(out, "severity", severity(diag));
  add_string(out, "message", diag->message);
  add_string(out, "file", lines->source->name);
  add_range(out, lines, diag->span);
  if (diag->label) add_string(out, "label", diag->label);
  if (diag->help) add_string(out, "help", diag->help);
  if (diag->replacement) add_replacement(lines, diag, out);
  if (diag->related.length > 0) add_related(reader, diag, out);
  buf_add_text(out, "}\n");
}

void diag_render_json(const DiagSink *sink, Buf *out) {
  Reader reader = {.any = sink->source};
  for (uint32_t i = 0; i < sink->diags.length; i++) {
    add_diag_json(&reader, &sink->diags.data[i], out);
  }
  reader_free(&reader);
  uint32_t lost = count_lost(sink);
  if (lost == 0) return;
  Buf message = {0};
  buf_addf(&message, "%u more message%s not shown", lost, lost == 1 ? "" : "s");
  buf_add_char(out, '{');
  add_string(out, "severity", "note");
  add_string(out, "message", message.data);
  add_string(out, "file", sink->source->name);
  buf_add_text(out, "}\n");
  buf_free(&message);
}
