/* SPDX-License-Identifier: MIT
 *
 * Builds the tree of annotations: which one it is, and whether it has a value
 * where it needs one. What the value may be is the checker's business. One that
 * is wrong is reported and left out.
 */
#include "compiler/front/parse_int.h"
#include "core/base/nearest.h"

/* ---- messages ------------------------------------------------------------ */

static const char *list_marks(Parser *p) {
  Buf text = {0};
  for (int i = 0; i < MARK_COUNT; i++) {
    if (mark_table[i].place == MARK_LATER) continue;
    buf_addf(&text, "%s%s", text.length > 0 ? ", " : "", mark_table[i].text);
  }
  const char *help = diag_text(p->sink, "annotations are %s", text.data);
  buf_free(&text);
  return help;
}

/* The name of the annotation that was meant, or nothing. */
static Slice find_near(Slice name) {
  Nearest nearest = nearest_new(name, NULL);
  for (int i = 0; i < MARK_COUNT; i++) {
    const MarkInfo *info = &mark_table[i];
    Slice text = slice_of(info->text + 1);
    bool is_attr = info->attr != ATTR_COUNT &&
                   slice_equal_text(name, attr_table[info->attr].text);
    if (is_attr) return text;
    if (info->place != MARK_LATER) nearest_offer(&nearest, text);
  }
  return nearest_found(&nearest);
}

static void report_unknown(Parser *p, Span span, AstName name) {
  Diag *diag = diag_report(p->sink, DIAG_UNKNOWN_MARK, span,
                           "unknown annotation `@%.*s`", SLICE_ARG(name.text));
  diag->label = "there is no such annotation";
  Slice near = find_near(name.text);
  if (near.length == 0) {
    diag->help = list_marks(p);
    return;
  }
  diag->help = diag_text(p->sink, "did you mean `@%.*s`?", SLICE_ARG(near));
  diag->replacement = diag_text(p->sink, "%.*s", SLICE_ARG(near));
  diag->replaced = name.span;
}

static void report_later(Parser *p, Span span, Mark mark) {
  Diag *diag = diag_report(p->sink, DIAG_UNKNOWN_MARK, span,
                           "`%s` has no meaning yet", mark_table[mark].text);
  diag->label = "comes with a later version";
}

static void report_values(Parser *p, Span span, Mark mark, uint32_t given) {
  const MarkInfo *info = &mark_table[mark];
  bool wants = info->attr != ATTR_COUNT;
  Diag *diag =
      diag_report(p->sink, DIAG_MARK_VALUE, span, "`%s` takes %s value",
                  info->text, wants ? "one" : "no");
  diag->label = !wants       ? "no parentheses here"
                : given == 0 ? "without its value"
                             : "not one value";
  diag->help = wants ? diag_text(p->sink, "for example: %s(%s)", info->text,
                                 info->example)
                     : diag_text(p->sink, "write `%s`", info->text);
}

static void report_repeated(Parser *p, Span span, const AstMark *first) {
  Diag *diag =
      diag_report(p->sink, DIAG_REPEATED_MARK, span, "`%s` is written twice",
                  mark_table[first->mark].text);
  diag->label = "once is enough";
  diag->related = first->span;
  diag->related_label = "first written here";
}

/* ---- the tree ------------------------------------------------------------ */

AstMark *ast_mark(Parser *p, Token at, Token name, const AstArgs *args,
                  Token last) {
  AstName word = name_of(p, name);
  uint32_t end = last.start + last.length;
  if (args != NULL && args->values.end > end) end = args->values.end;
  Span span = span_from(p, at.start, end);
  uint32_t named = args != NULL && args->first != NULL;
  uint32_t given = args != NULL ? args->values.count + named : 0;
  Mark mark;
  if (!mark_find(word.text, &mark)) {
    report_unknown(p, span, word);
  } else if (mark_table[mark].place == MARK_LATER) {
    report_later(p, span, mark);
  } else if (named > 0 || given != (mark_table[mark].attr != ATTR_COUNT) ||
             (given == 0 && args != NULL)) {
    report_values(p, span, mark, given);
  } else {
    AstMark *made = ARENA_NEW(p->arena, AstMark);
    made->mark = mark;
    made->span = span;
    made->name = word;
    made->value = args != NULL ? args->values.first : NULL;
    return made;
  }
  return NULL;
}

AstMarks ast_marks_add(Parser *p, AstMarks marks, AstMark *mark) {
  if (mark == NULL) return marks;
  const AstMark *first = marks.first;
  while (first != NULL && first->mark != mark->mark) first = first->next;
  if (first != NULL) {
    report_repeated(p, mark->span, first);
    return marks;
  }
  if (marks.last == NULL) {
    marks.first = mark;
  } else {
    marks.last->next = mark;
  }
  marks.last = mark;
  return marks;
}

AstMark *ast_marks_of_stmt(Parser *p, AstMarks marks) {
  AstMark **at = &marks.first;
  while (*at != NULL) {
    const AstMark *mark = *at;
    if (mark_table[mark->mark].place != MARK_FLOW) {
      at = &(*at)->next;
      continue;
    }
    Diag *diag =
        diag_report(p->sink, DIAG_UNKNOWN_MARK, mark->span,
                    "`%s` before a statement", mark_table[mark->mark].text);
    diag->label = "only a flow can be the entry";
    *at = mark->next;
  }
  return marks.first;
}
