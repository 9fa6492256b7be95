/* SPDX-License-Identifier: MIT
 *
 * The legacy spelling goes: what the parser's own warnings would replace is
 * replaced. A call inside of another is not reached before the outer one is
 * done, so there is a round for each level of nesting.
 */
#include "compiler/front/format_int.h"
#include "compiler/front/parse.h"

/* Adds `text` with the replacements of the diagnostics, which are sorted. What
 * lies in the span of one that was replaced waits for the next round. */
static bool replace_all(const DiagSink *sink, Slice text, Buf *out) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < sink->diags.length; i++) {
    const Diag *diag = &sink->diags.data[i];
    bool apt = diag->code == DIAG_LEGACY && diag->replacement != NULL;
    if (!apt || diag->span.start < at) continue;
    buf_add_slice(out, slice_from(text.data + at, diag->span.start - at));
    buf_add_text(out, diag->replacement);
    at = diag->span.start + diag->span.length;
  }
  buf_add_slice(out, slice_from(text.data + at, text.length - at));
  return at > 0;
}

static bool rewrite_once(Buf *text) {
  Source source = {.name = "", .text = buf_slice(text)};
  Arena arena;
  DiagSink sink;
  Buf changed = {0};
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  sink.room = UINT32_MAX;
  (void)parse_source(&source, &arena, &sink);
  diag_sort(&sink);
  bool any = sink.error_count == 0 && replace_all(&sink, source.text, &changed);
  diag_free(&sink);
  arena_free(&arena);
  if (any) {
    buf_free(text);
    *text = changed;
  } else {
    buf_free(&changed);
  }
  return any;
}

void format_rewrite(Buf *text) {
  while (rewrite_once(text)) continue;
}
