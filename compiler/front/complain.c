/* SPDX-License-Identifier: MIT
 *
 * What messages say of a place where the text does not follow the grammar:
 * what could have stood there, going by the state of the parser; what did; and
 * a line of help where it is a mistake that people make, such as the words and
 * signs of other languages.
 */
#include "compiler/front/parse_int.h"

#include "grammar.h"

/* ---- what was expected --------------------------------------------------- */

/* What a name alone would be, going by the token before it. */
static const char *wanted_name(const Parser *p) {
  bool head = p->in_head;
  switch (p->before_kind) {
    case TK_AGENT:
      return "a name for the agent";
    case TK_FLOW:
      return "a name for the flow";
    case TK_TYPE:
      return "a name for the type";
    case TK_AT:
      return "the name of an annotation";
    case TK_DOT:
      return "the name of a field or a flow";
    case TK_COLON:
    case TK_LT:
      return "a type";
    case TK_ARROW:
      return head ? "a type" : "a name";
    case TK_LPAREN:
    case TK_NL_LPAREN:
    case TK_COMMA:
      return head ? "a parameter" : "a name";
    default:
      return "a name";
  }
}

/* Kinds a message lists, in this order. Those that begin an expression or a
 * statement are summed up. */
static const int listed_kinds[] = {
    TK_AGENT,    TK_FLOW,     TK_AT,     TK_ELSE,       TK_ARROW,
    TK_COLON,    TK_LT,       TK_GT,     TK_CASE_ARROW, TK_EQ,
    TK_LPAREN,   TK_LBRACE,   TK_IN,     TK_CATCH,      TK_CASE,
    TK_DEFAULT,  TK_TEXT_CLOSE, TK_COMMA, TK_DOT,       TK_RPAREN,
    TK_RBRACKET, TK_RBRACE,   TK_END};

enum { WORDS_MAX = 3 + sizeof listed_kinds / sizeof *listed_kinds };

static bool is_soft(int kind) {
  return kind == TK_IN || kind == TK_CATCH || kind == TK_CASE ||
         kind == TK_DEFAULT;
}

/* Whether a message need not name it: what was said before includes it, or it
 * continues an operand, as much else does. */
static bool goes_without(const Parser *p, int kind, bool any, bool name) {
  if ((kind == TK_LPAREN || kind == TK_AT) && any) return true;
  if (kind == TK_COMMA && parse_accepts(p, TK_SEMI)) return true;
  if (is_soft(kind)) return name;
  bool operand = parse_accepts(p, TK_PLUS);
  return operand && (kind == TK_LT || kind == TK_GT || kind == TK_DOT ||
                     kind == TK_LPAREN);
}

/* The first of what a message lists: what has many beginnings. */
static const char *expected_part(const Parser *p) {
  if (parse_accepts(p, TK_LET)) return "a statement";
  if (parse_accepts(p, TK_TRUE)) return "an expression";
  if (parse_accepts(p, TK_NAME)) return wanted_name(p);
  if (parse_accepts(p, TK_TEXT)) return "a text";
  if (parse_accepts(p, TK_NUM)) return "a number";
  return NULL;
}

static const char *expected_text(const Parser *p) {
  const char *words[WORDS_MAX];
  size_t count = 0;
  bool name = parse_accepts(p, TK_NAME);
  bool any = parse_accepts(p, TK_TRUE);
  const char *part = expected_part(p);
  if (part != NULL) words[count++] = part;
  for (size_t i = 0; i < sizeof listed_kinds / sizeof *listed_kinds; i++) {
    int kind = listed_kinds[i];
    if (!parse_accepts(p, kind) || goes_without(p, kind, any, name)) continue;
    words[count++] = token_name(kind);
    if (kind == TK_AT && parse_accepts(p, TK_MEMORY)) {
      words[count++] = "another declaration";
    }
  }
  Buf text = {0};
  for (size_t i = 0; i < count; i++) {
    if (i > 0) buf_add_text(&text, i + 1 < count ? ", " : " or ");
    buf_add_text(&text, words[i]);
  }
  const char *kept = arena_copy(p->arena, text.data ? text.data : "nothing",
                                text.data ? text.length : 7);
  buf_free(&text);
  return kept;
}

static const char *found_text(const Parser *p, int kind) {
  if (kind != TK_NAME && kind != TK_NUM && kind != TK_DURATION &&
      kind != TK_FOREIGN && kind != TK_LEGACY) {
    return token_name(kind);
  }
  return diag_text(p->sink, "`%.*s`",
                   SLICE_ARG(token_text(p->source, p->token)));
}

/* ---- help ---------------------------------------------------------------- */

/* Words of other languages and what is written here. */
typedef struct Foreign {
  const char *word;
  bool begins; /* it begins a statement there, so it is no name here */
  const char *help;
} Foreign;

static const Foreign foreign_words[] = {
    {"for", true, "a loop is written `loop (x in xs) { ... }`"},
    {"foreach", true, "a loop is written `loop (x in xs) { ... }`"},
    {"elif", true, "write `else if (...) { ... }`"},
    {"elsif", true, "write `else if (...) { ... }`"},
    {"elseif", true, "write `else if (...) { ... }`"},
    {"and", false, "`and` is written `&&`"},
    {"or", false, "`or` is written `||`"},
    {"not", false, "`not` is written `!`"},
    {"do", false, "a loop with a condition is `while (c, max: 10) { ... }`"},
    {"var", false, "a name is bound with `let name = value`"},
    {"const", false, "a name is bound with `let name = value`"},
    {"function", false, "a flow is `flow name(a: str) -> str { ... }`"},
    {"func", false, "a flow is `flow name(a: str) -> str { ... }`"},
    {"def", false, "a flow is `flow name(a: str) -> str { ... }`"},
    {"match", false, "write `switch value { case \"a\" => ... }`"},
};

static const Foreign *find_foreign(Slice name) {
  for (size_t i = 0; i < sizeof foreign_words / sizeof *foreign_words; i++) {
    if (slice_equal_text(name, foreign_words[i].word)) {
      return &foreign_words[i];
    }
  }
  return NULL;
}

bool complain_is_foreign(Slice name) {
  if (name.length < 3 || name.length > 7) return false;
  if (name.data[0] != 'f' && name.data[0] != 'e') return false;
  const Foreign *word = find_foreign(name);
  return word != NULL && word->begins;
}

/* The name that the current statement begins with, or the token at hand. */
static const char *foreign_help(const Parser *p) {
  const Foreign *word = find_foreign(token_text(p->source, p->token));
  if (word != NULL) return word->help;
  const char *text = p->source->text.data + p->statement;
  uint32_t length = 0;
  while (p->statement + length < p->token.start && text[length] >= 'a' &&
         text[length] <= 'z') {
    length++;
  }
  word = find_foreign(slice_from(text, length));
  return word != NULL ? word->help : NULL;
}

static const char *help_with_equals(const Parser *p, bool continues) {
  if (p->before_kind == TK_PLUS || p->before_kind == TK_MINUS ||
      p->before_kind == TK_STAR || p->before_kind == TK_SLASH) {
    return "write it out: `x = x + 1`";
  }
  if (p->before_kind == TK_EQ_EQ) return "`==` compares";
  if (p->brackets > 0) {
    return "`==` compares; `=` binds, and stands only in a statement";
  }
  return continues ? "a name is bound with `let name = value`" : NULL;
}

static const char *help_with_brace(const Parser *p) {
  if (p->before_kind == TK_ARROW) {
    return "a block needs no `->` before it; `-> name` after it binds its "
           "value";
  }
  if (p->before_kind == TK_COLON) return "a block needs no `:` before it";
  if (p->before_kind == TK_ELSE) return NULL;
  if (parse_level(p) == LEVEL_CASES) {
    return "an arm is `case \"a\" => { ... }` or `default => { ... }`";
  }
  return "a statement is `let name = value`, `value -> name`, "
         "`return value`, a construct such as `if (c) { ... }`, or a call";
}

static const char *help_in_cases(const Parser *p, int kind) {
  if (parse_accepts(p, TK_CASE_ARROW)) {
    return "an arm is `case \"a\" => ...` or `default => ...`";
  }
  if (p->before_kind == TK_CASE) {
    return "a label is a text: `case \"a\" => ...`";
  }
  if (kind == TK_RBRACE || kind == TK_END) return NULL;
  return parse_accepts(p, TK_SWITCH)
             ? NULL
             : "an arm of several statements needs braces";
}

static const char *help_text(const Parser *p, int kind, bool continues) {
  ParseLevel level = parse_level(p);
  const char *foreign = foreign_help(p);
  if (foreign != NULL) return foreign;
  if (kind == TK_EQ) return help_with_equals(p, continues);
  if (level == LEVEL_CASES && p->brackets == 0) {
    return help_in_cases(p, kind);
  }
  switch (kind) {
    case TK_FLOW:
      return level == LEVEL_FILE
                 ? "a flow stands inside an agent: agent Name { flow ... }"
                 : NULL;
    case TK_LBRACE:
      return level == LEVEL_BODY ? help_with_brace(p) : NULL;
    case TK_ARROW:
      return parse_accepts(p, TK_LBRACE) && level == LEVEL_BODY
                 ? "a block follows without `->`"
                 : NULL;
    case TK_TYPE:
    case TK_IMPORT:
      return level == LEVEL_AGENT ? "it stands outside of the agents" : NULL;
    case TK_ELSE:
      return "an `else` follows the arm of its `if`";
    case TK_MINUS:
      return level == LEVEL_BODY ? "a statement cannot begin with `-`" : NULL;
    default:
      return NULL;
  }
}

/* ---- the message --------------------------------------------------------- */

/* The innermost `{` that could be meant when the file ends too early. */
static void point_at_open(const Parser *p, Diag *diag) {
  if (p->scope == NULL) return;
  diag->related = p->scope->brace;
  diag->related_label = "this `{` is not closed";
}

void complain_syntax(Parser *p, int kind, bool continues) {
  if (kind == TK_BAD) return; /* the lexer did */
  Diag *diag = diag_report(p->sink, DIAG_SYNTAX, span_of(p, p->token),
                           "expected %s, found %s", expected_text(p),
                           found_text(p, kind));
  diag->label = "not expected here";
  diag->help = help_text(p, kind, continues);
  if (kind == TK_END) point_at_open(p, diag);
}

void complain_depth(Parser *p, Span span) {
  if (p->too_deep) return;
  p->too_deep = true;
  Diag *diag = diag_report(p->sink, DIAG_TOO_DEEP, span,
                           "nested deeper than %d levels", LIMIT_EXPR_DEPTH);
  diag->label = "one level too many";
}
