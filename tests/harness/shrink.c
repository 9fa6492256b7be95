/* SPDX-License-Identifier: MIT
 *
 * Changes of the text at places that the tree tells. What a change breaks is
 * found by `still`, which refuses what is no program any more. The largest
 * changes come first; after each that holds the tree is read anew.
 */
#include "tests/harness/shrink.h"

#include <stdlib.h>

#include "tests/harness/subject.h"

enum { ATTEMPTS_MAX = 4000 };

/* `length` bytes from `start` become `text`. */
typedef struct Edit {
  uint32_t start, length;
  const char *text; /* constant, or in the subject's arena */
} Edit;

typedef struct Edits {
  VEC(Edit) list;
  Subject *subject;
} Edits;

/* Places in files that are imported count on behind the first file. */
static void add(Edits *edits, Span span, const char *text) {
  if (span.start + span.length > edits->subject->source.text.length) return;
  Edit edit = {span.start, span.length, text};
  if (strlen(text) < span.length) vec_push(&edits->list, edit);
}

static const char *text_at(Edits *edits, uint32_t start, uint32_t end) {
  Slice source = edits->subject->source.text;
  if (start > end || end > source.length) return "";
  return arena_copy(&edits->subject->arena, source.data + start, end - start);
}

/* ---- expressions -------------------------------------------------------- */

static const char *simplest(TypeId type) {
  switch (type) {
    case TYPE_TEXT:
      return "\"\"";
    case TYPE_NUM:
      return "0";
    case TYPE_BOOL:
      return "true";
    case TYPE_JSON:
      return "null";
    default:
      return NULL;
  }
}

static void visit(Edits *edits, const AstExpr *expr);

/* `part` may stand for the whole if it has its type. */
static void visit_part(Edits *edits, const AstExpr *whole,
                       const AstExpr *part) {
  if (part->type == whole->type && !whole->braces)
    add(edits, whole->span,
        text_at(edits, part->span.start, part->span.start + part->span.length));
  visit(edits, part);
}

static void visit_parts(Edits *edits, const AstExpr *whole,
                        const AstExpr *part) {
  for (; part != NULL; part = part->next) {
    visit_part(edits, whole, part);
    if (whole->kind == EXPR_CALL || part->next == NULL) continue;
    /* Without this part and the operator behind it. */
    Span span = {part->span.start, part->next->span.start - part->span.start};
    add(edits, span, "");
  }
}

static void visit_attributes(Edits *edits, const AstAttr *attr) {
  for (; attr != NULL; attr = attr->next)
    if (attr->value->kind == EXPR_TEXT) visit(edits, attr->value);
}

static void visit(Edits *edits, const AstExpr *expr) {
  const char *least = simplest(expr->type);
  if (least != NULL) add(edits, expr->span, least);
  switch (expr->kind) {
    case EXPR_CONCAT:
    case EXPR_LIST:
      visit_parts(edits, expr, expr->u.parts.first);
      return;
    case EXPR_UNARY:
      visit_part(edits, expr, expr->u.operation.left);
      return;
    case EXPR_BINARY:
      visit_part(edits, expr, expr->u.operation.left);
      visit_part(edits, expr, expr->u.operation.right);
      return;
    case EXPR_FIELD:
      visit_part(edits, expr, expr->u.field.base);
      return;
    case EXPR_INDEX:
      visit_part(edits, expr, expr->u.index.base);
      visit_part(edits, expr, expr->u.index.index);
      return;
    case EXPR_CALL:
      visit_parts(edits, expr, expr->u.call->args);
      visit_attributes(edits, expr->u.call->attrs);
      return;
    default:
      return;
  }
}

/* ---- statements --------------------------------------------------------- */

static void visit_block(Edits *edits, const AstBlock *block);

static uint32_t end_of(Span span) {
  return span.start + span.length;
}

static void visit_construct(Edits *edits, const AstStmt *stmt) {
  for (const AstArm *arm = stmt->control->arms; arm != NULL; arm = arm->next) {
    const AstBlock *body = &arm->body;
    Span whole = {arm->span.start, end_of(body->span) - arm->span.start};
    if (arm->kind != ARM_THEN && arm->kind != ARM_BODY) add(edits, whole, "");
    if (body->braces)
      add(edits, stmt->span,
          text_at(edits, body->span.start + 1, end_of(body->span) - 1));
    visit_block(edits, body);
  }
}

static void visit_block(Edits *edits, const AstBlock *block) {
  for (const AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next) {
    add(edits, stmt->span, "");
    if (stmt->control != NULL) visit_construct(edits, stmt);
    if (stmt->expr != NULL) visit(edits, stmt->expr);
  }
}

static void visit_flow(Edits *edits, const AstFlow *flow) {
  Span whole = {flow->span.start, end_of(flow->end_span) - flow->span.start};
  if (!flow->entry) add(edits, whole, "");
  visit_block(edits, &flow->body);
}

static void visit_program(Edits *edits) {
  const AstProgram *tree = edits->subject->tree;
  for (const AstAgent *agent = tree->agents; agent; agent = agent->next)
    for (const AstFlow *flow = agent->flows; flow; flow = flow->next)
      visit_flow(edits, flow);
}

/* ---- lines and words that no tree has ------------------------------------ */

/* Empty lines, and agents and types without anybody who uses them. */
static void visit_lines(Edits *edits) {
  Slice text = edits->subject->text;
  uint32_t start = 0;
  for (uint32_t at = 0; at < text.length; at++) {
    if (text.data[at] != '\n') continue;
    bool is_args = slice_starts_with(slice_from(text.data + start, at - start),
                                     SLICE("// args"));
    Edit edit = {start, at + 1 - start, ""};
    if (!is_args) vec_push(&edits->list, edit);
    start = at + 1;
  }
}

static void visit_agents(Edits *edits) {
  Slice text = edits->subject->source.text;
  for (const AstAgent *agent = edits->subject->tree->agents; agent;
       agent = agent->next) {
    uint32_t start = agent->name.span.start;
    if (start < 6 || agent->flows != NULL) continue;
    const char *close = memchr(text.data + start, '}', text.length - start);
    if (close == NULL) continue;
    start -= 6;
    add(edits, (Span){start, (uint32_t)(close - text.data) + 1 - start}, "");
  }
}

static int by_gain(const void *a, const void *b) {
  const Edit *left = a;
  const Edit *right = b;
  size_t gain_left = left->length - strlen(left->text);
  size_t gain_right = right->length - strlen(right->text);
  return (gain_left < gain_right) - (gain_left > gain_right);
}

/* ---- the search ---------------------------------------------------------- */

static void apply(const Edit *edit, Slice text, Buf *out) {
  size_t end = (size_t)edit->start + edit->length;
  buf_add_slice(out, slice_from(text.data, edit->start));
  buf_add_text(out, edit->text);
  buf_add_slice(out, slice_from(text.data + end, text.length - end));
}

/* One step; false when no change holds. */
static bool shrink_once(Buf *text, ShrinkStill *still, void *user,
                        uint32_t *attempts) {
  Subject subject;
  Buf why = {0};
  bool found = false;
  Edits edits = {.subject = &subject};
  if (subject_open(&subject, buf_slice(text), &why)) {
    visit_program(&edits);
    visit_lines(&edits);
    visit_agents(&edits);
  }
  if (edits.list.length > 0)
    qsort(edits.list.data, edits.list.length, sizeof(Edit), by_gain);
  for (uint32_t i = 0; i < edits.list.length && !found; i++) {
    Buf smaller = {0};
    if (++*attempts > ATTEMPTS_MAX) break;
    apply(&edits.list.data[i], buf_slice(text), &smaller);
    found = still(user, buf_slice(&smaller));
    if (found) {
      subject_free(&subject);
      buf_free(text);
      *text = smaller;
    } else {
      buf_free(&smaller);
    }
  }
  if (!found) subject_free(&subject);
  vec_free(&edits.list);
  buf_free(&why);
  return found;
}

void shrink_program(Buf *text, ShrinkStill *still, void *user) {
  uint32_t attempts = 0;
  while (shrink_once(text, still, user, &attempts)) {
  }
}
