/* SPDX-License-Identifier: MIT
 *
 * Marks the tokens that begin a line because of what they are: an agent, an
 * item of one, a statement, an arm, a closing brace. Statements and arms are
 * found in the tree, what lies outside of flows by its words. A flow or a
 * construct that was written on one line, with a statement in each block at
 * most, stays on one when it fits; otherwise all its blocks are opened.
 */
#include "compiler/front/format_int.h"

#include "grammar.h"

static int kind_of(const Format *f, uint32_t i) {
  return f->tokens.data[i].token.kind;
}

static void mark(Format *f, uint32_t i, uint32_t level) {
  f->tokens.data[i].hard = true;
  f->tokens.data[i].level = (uint16_t)level;
}

/* A closing brace; that of `{}` will be told apart when all is there. */
static void mark_close(Format *f, uint32_t i, uint32_t level) {
  uint32_t open = f->tokens.data[i].match;
  f->tokens.data[open].statements = true;
  f->tokens.data[i].tight = true;
  mark(f, i, level);
}

/* ---- from offsets to tokens ---------------------------------------------- */

/* The first token that does not begin before `offset`. */
static uint32_t token_at(const Format *f, uint32_t offset) {
  uint32_t low = 0;
  uint32_t high = f->tokens.length - 1;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (f->tokens.data[middle].token.start < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* The last token of `span`. */
static uint32_t token_last(const Format *f, Span span) {
  uint32_t after = token_at(f, span.start + span.length);
  uint32_t last = after > 0 ? after - 1 : 0;
  return format_is_comment(f, last) ? format_before(f, last) : last;
}

/* Steps back over annotations: `@entry`, `@retry(3)`, `@[no_fuse]`. */
static uint32_t before_marks(const Format *f, uint32_t first) {
  for (uint32_t i = first; i > 0; first = i) {
    i = format_before(f, i);
    if (kind_of(f, i) == TK_RPAREN)
      i = format_before(f, f->tokens.data[i].match);
    if (kind_of(f, i) == TK_RBRACKET) i = f->tokens.data[i].match;
    if (kind_of(f, i) != TK_AT) i = format_before(f, i);
    if (kind_of(f, i) != TK_AT) break;
  }
  return first;
}

/* The token after the annotation at `i`; whether it has a value. */
static uint32_t after_mark(const Format *f, uint32_t i, bool *valued) {
  i = format_after(f, i);
  if (kind_of(f, i) == TK_LBRACKET || kind_of(f, i) == TK_NL_LBRACKET) {
    i = f->tokens.data[i].match;
    *valued = kind_of(f, format_before(f, i)) == TK_RPAREN;
    return format_after(f, i);
  }
  i = format_after(f, i);
  *valued = kind_of(f, i) == TK_LPAREN;
  return *valued ? format_after(f, f->tokens.data[i].match) : i;
}

/* Whether token `i`, which follows an annotation, begins a line: the author may
 * break it after one that has a value; a bracket that begins a statement has to
 * stay where it is. */
static bool is_line(const Format *f, uint32_t i, bool valued) {
  int kind = kind_of(f, i);
  bool stays = kind == TK_NL_LPAREN || kind == TK_NL_LBRACKET;
  return (valued || stays) && f->tokens.data[i].lines > 0;
}

/* From the first annotation on: the token at which the last line begins. */
static uint32_t after_marks(const Format *f, uint32_t first) {
  uint32_t line = first;
  for (uint32_t i = first; kind_of(f, i) == TK_AT;) {
    bool valued;
    i = after_mark(f, i, &valued);
    if (is_line(f, i, valued)) line = i;
  }
  return line;
}

/* Marks the tokens that begin the lines of what has annotations. */
static void mark_marked(Format *f, uint32_t first, uint32_t level) {
  mark(f, first, level);
  for (uint32_t i = first; kind_of(f, i) == TK_AT;) {
    bool valued;
    i = after_mark(f, i, &valued);
    if (is_line(f, i, valued)) mark(f, i, level);
  }
}

/* The first token of a statement, whose span leaves out annotations and the
 * parentheses around its first operand. */
static uint32_t stmt_first(const Format *f, const AstStmt *stmt) {
  uint32_t first = token_at(f, stmt->span.start);
  for (;;) {
    uint32_t before = format_before(f, first);
    int kind = kind_of(f, before);
    bool opens = kind == TK_NL_LPAREN || kind == TK_LPAREN;
    if (before == first || !opens) break;
    first = before;
  }
  return before_marks(f, first);
}

static bool fits(const Format *f, uint32_t first, uint32_t last,
                 uint32_t level) {
  return format_flat_width(f, first, last) + level * FORMAT_INDENT <=
         FORMAT_COLUMNS;
}

/* ---- statements ---------------------------------------------------------- */

static void mark_stmts(Format *f, const AstBlock *block, uint32_t level);
static void mark_control(Format *f, const AstStmt *stmt, uint32_t level);
static void mark_arms(Format *f, const AstStmt *stmt, uint32_t level);

static bool is_else_if(const AstArm *arm) {
  return arm->kind == ARM_ELSE && !arm->body.braces && arm->body.first &&
         arm->body.first->kind == STMT_IF;
}

/* Whether every block of it is a simple statement or nothing. */
static bool is_short(const AstStmt *stmt) {
  if (stmt->control == NULL) return true;
  if (stmt->kind == STMT_SWITCH) return false;
  for (const AstArm *arm = stmt->control->arms; arm; arm = arm->next) {
    const AstStmt *first = arm->body.first;
    if (first == NULL) continue;
    if (first->next != NULL) return false;
    if (first->control != NULL && !(is_else_if(arm) && is_short(first))) {
      return false;
    }
  }
  return true;
}

static bool stays_on_line(const Format *f, const AstStmt *stmt,
                          uint32_t level) {
  return is_short(stmt) &&
         fits(f, after_marks(f, stmt_first(f, stmt)),
              token_last(f, stmt->span), level);
}

/* `level` is that of the arm's own line. */
static void mark_body(Format *f, const AstArm *arm, uint32_t level) {
  const AstBlock *body = &arm->body;
  bool in_switch = arm->kind == ARM_CASE || arm->kind == ARM_DEFAULT;
  if (body->braces) {
    mark_stmts(f, body, level + 1);
    mark_close(f, token_last(f, body->span), level);
  } else if (is_else_if(arm)) {
    mark_arms(f, body->first, level);
  } else if (in_switch) {
    if (body->first && body->first->control) {
      mark_control(f, body->first, level);
    }
  } else {
    mark_stmts(f, body, level + 1);
  }
}

/* `case "a" => { return b }` may stay on its line. */
static void mark_case(Format *f, const AstArm *arm, uint32_t level) {
  uint32_t first = token_at(f, arm->span.start);
  const AstStmt *stmt = arm->body.first;
  mark(f, first, level);
  bool simple = stmt == NULL || (stmt->next == NULL && stmt->control == NULL);
  if (arm->body.braces && simple &&
      fits(f, first, token_last(f, arm->body.span), level)) {
    uint32_t close = token_last(f, arm->body.span);
    f->tokens.data[f->tokens.data[close].match].statements = true;
    return;
  }
  mark_body(f, arm, level);
}

static void mark_switch(Format *f, const AstStmt *stmt, uint32_t level) {
  const AstArm *arm = stmt->control->arms;
  if (arm == NULL) return;
  uint32_t open = format_before(f, token_at(f, arm->span.start));
  for (; arm != NULL; arm = arm->next) mark_case(f, arm, level + 1);
  mark_close(f, f->tokens.data[open].match, level);
}

static void mark_arms(Format *f, const AstStmt *stmt, uint32_t level) {
  const AstArm *last = NULL;
  for (const AstArm *arm = stmt->control->arms; arm; arm = arm->next) {
    uint32_t word = token_at(f, arm->span.start);
    bool follows = arm->kind == ARM_ELSE || arm->kind == ARM_CATCH;
    if (follows) f->tokens.data[word].tight = true;
    if (follows && last != NULL && !last->body.braces) mark(f, word, level);
    mark_body(f, arm, level);
    last = arm;
  }
}

/* The braces of a construct that stays on its line hold statements, too. */
static void mark_open_braces(Format *f, const AstStmt *stmt) {
  uint32_t last = token_last(f, stmt->span);
  for (uint32_t i = token_at(f, stmt->span.start); i <= last; i++) {
    if (kind_of(f, i) == TK_LBRACE) f->tokens.data[i].statements = true;
  }
}

static void mark_control(Format *f, const AstStmt *stmt, uint32_t level) {
  if (stays_on_line(f, stmt, level)) {
    mark_open_braces(f, stmt);
  } else if (stmt->kind == STMT_SWITCH) {
    mark_switch(f, stmt, level);
  } else {
    mark_arms(f, stmt, level);
  }
}

static void mark_stmts(Format *f, const AstBlock *block, uint32_t level) {
  for (const AstStmt *stmt = block->first; stmt; stmt = stmt->next) {
    mark_marked(f, stmt_first(f, stmt), level);
    if (stmt->control != NULL) mark_control(f, stmt, level);
  }
}

/* ---- flows and agents ---------------------------------------------------- */

static void mark_flow(Format *f, const AstFlow *flow) {
  uint32_t first = before_marks(f, token_at(f, flow->span.start));
  uint32_t close = token_last(f, flow->end_span);
  const AstStmt *stmt = flow->body.first;
  bool simple = stmt == NULL || (stmt->next == NULL && stmt->control == NULL);
  mark_marked(f, first, 1);
  f->tokens.data[f->tokens.data[close].match].statements = true;
  if (simple && fits(f, after_marks(f, first), close, 1)) return;
  mark_stmts(f, &flow->body, 2);
  mark_close(f, close, 1);
}

static bool is_word(const Format *f, uint32_t i, const char *const *words) {
  for (; *words != NULL; words++) {
    if (slice_equal_text(format_text(f, i), *words)) return true;
  }
  return false;
}

/* Whether token `i`, in the braces of an agent and in no others, begins an
 * item that is not a flow. */
static bool begins_item(const Format *f, uint32_t i) {
  static const char *const items[] = {"memory",     "beliefs", "goals",
                                      "capability", "tools",   "discoverable",
                                      "context",    "on",      NULL};
  static const char *const owners[] = {
      "flow", "capability", "memory", "on", ".", ":", "->", "@", NULL};
  return is_word(f, i, items) && !is_word(f, format_before(f, i), owners);
}

static void mark_agent(Format *f, const AstAgent *agent) {
  uint32_t open = format_after(f, token_at(f, agent->name.span.start));
  uint32_t close = f->tokens.data[open].match;
  mark_close(f, close, 0);
  for (uint32_t i = open + 1; i < close; i++) {
    if (begins_item(f, i)) mark(f, i, 1);
    if (format_opens(f, i)) i = f->tokens.data[i].match;
  }
  for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
    mark_flow(f, flow);
  }
}

/* Agents, records and imports: what begins outside of all braces. */
static void mark_file(Format *f) {
  static const char *const words[] = {"agent", "type", "import", NULL};
  for (uint32_t i = 0; i < f->tokens.length; i++) {
    uint32_t before = format_before(f, i);
    bool named = before != i && is_word(f, before, words);
    if (is_word(f, i, words) && !named) mark(f, i, 0);
    if (format_opens(f, i)) i = f->tokens.data[i].match;
  }
  mark(f, f->tokens.length - 1, 0);
  f->tokens.data[f->tokens.length - 1].tight = true;
}

/* ---- separators ---------------------------------------------------------- */

/* A `;` between statements or items. A `return` without value needs its own
 * when something follows it, and a statement that begins with a sign the one
 * before it. */
static bool is_spare_semicolon(const Format *f, uint32_t i, uint32_t brace) {
  uint32_t before = format_before(f, i);
  uint32_t after = format_after(f, i);
  if (brace < f->tokens.length && !f->tokens.data[brace].statements) {
    return false;
  }
  if (slice_equal_text(format_text(f, after), "-")) return false;
  return !slice_equal_text(format_text(f, before), "return") ||
         kind_of(f, after) == TK_RBRACE;
}

/* A comma between arms, or before the bracket that closes on its line. */
static bool is_spare_comma(const Format *f, uint32_t i, uint32_t bracket) {
  const FormatToken *next = &f->tokens.data[i + 1];
  if (bracket >= f->tokens.length || kind_of(f, i) != TK_COMMA) return false;
  if (kind_of(f, bracket) == TK_LBRACE) {
    return f->tokens.data[bracket].statements &&
           f->tokens.data[format_after(f, i)].hard;
  }
  return (next->token.kind == TK_RPAREN || next->token.kind == TK_RBRACKET) &&
         f->tokens.data[bracket + 1].lines == 0;
}

/* Marks what the layout does without, brackets on a stack. */
static void mark_spare(Format *f) {
  VEC(uint32_t) open = {0};
  for (uint32_t i = 0; i + 1 < f->tokens.length; i++) {
    uint32_t inner = open.length > 0 ? open.data[open.length - 1] : UINT32_MAX;
    FormatToken *token = &f->tokens.data[i];
    if (format_closes(f, i) && open.length > 0) (void)vec_pop(&open);
    if (format_opens(f, i)) vec_push(&open, i);
    token->dropped = kind_of(f, i) == TK_SEMI ? is_spare_semicolon(f, i, inner)
                                              : is_spare_comma(f, i, inner);
  }
  vec_free(&open);
}

/* Takes the marked tokens out; the line ends before one stay, and braces with
 * nothing between them any more stay together. */
static void drop_spare(Format *f) {
  VEC(uint32_t) place = {0}; /* old index to new */
  uint32_t kept = 0;
  uint8_t lines = 0;
  for (uint32_t i = 0; i < f->tokens.length; i++) {
    FormatToken token = f->tokens.data[i];
    vec_push(&place, kept);
    if (token.lines > lines) lines = token.lines;
    if (token.dropped) continue;
    token.lines = lines;
    lines = 0;
    f->tokens.data[kept++] = token;
  }
  f->tokens.length = kept;
  for (uint32_t i = 0; i < kept; i++) {
    FormatToken *token = &f->tokens.data[i];
    token->match = place.data[token->match];
    if (format_closes(f, i) && token->match + 1 == i) token->hard = false;
  }
  vec_free(&place);
}

void format_tree(Format *f, const AstProgram *program) {
  mark_file(f);
  for (const AstAgent *agent = program->agents; agent; agent = agent->next) {
    mark_agent(f, agent);
  }
  mark_spare(f);
  drop_spare(f);
}
