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
      kind != TK_FOREIGN && kind != TK_LEGACY && kind != TK_LEGACY_LIST &&
      kind != TK_LEGACY_TIER) {
    return token_name(kind);
  }
  return diag_text(p->sink, "`%.*s`",
                   SLICE_ARG(token_text(p->source, p->token)));
}

/* ---- help ---------------------------------------------------------------- */

/* What follows a word where it begins a statement, in the language that has
 * it. */
typedef enum Follows { FOLLOWS_ANY, FOLLOWS_NAME, FOLLOWS_TEXT } Follows;

/* Words of other languages, or of other places in this one, and what is written
 * here. */
typedef struct Foreign {
  const char *word;
  bool begins; /* a statement, there; it is no name here if `follows` does */
  Follows follows;
  const char *help;
} Foreign;

static const Foreign foreign_words[] = {
    {"for", true, FOLLOWS_ANY, "a loop is written `loop (x in xs) { ... }`"},
    {"foreach", true, FOLLOWS_ANY,
     "a loop is written `loop (x in xs) { ... }`"},
    {"elif", true, FOLLOWS_ANY, "write `else if (...) { ... }`"},
    {"elsif", true, FOLLOWS_ANY, "write `else if (...) { ... }`"},
    {"elseif", true, FOLLOWS_ANY, "write `else if (...) { ... }`"},
    {"var", true, FOLLOWS_NAME, "a name is bound with `let name = value`"},
    {"const", true, FOLLOWS_NAME, "a name is bound with `let name = value`"},
    {"function", true, FOLLOWS_NAME,
     "a flow is `flow name(a: str) -> str { ... }`, in an agent"},
    {"func", true, FOLLOWS_NAME,
     "a flow is `flow name(a: str) -> str { ... }`, in an agent"},
    {"def", true, FOLLOWS_NAME,
     "a flow is `flow name(a: str) -> str { ... }`, in an agent"},
    {"match", true, FOLLOWS_NAME,
     "write `switch value { case \"a\" => ... }`"},
    {"type", true, FOLLOWS_NAME, "a type stands outside of the agents"},
    {"import", true, FOLLOWS_TEXT, "an import stands outside of the agents"},
    {"and", false, FOLLOWS_ANY, "`and` is written `&&`"},
    {"or", false, FOLLOWS_ANY, "`or` is written `||`"},
    {"not", false, FOLLOWS_ANY, "`not` is written `!`"},
    {"of", false, FOLLOWS_ANY, "a loop is written `loop (x in xs) { ... }`"},
};

static const Foreign *find_foreign(Slice name) {
  if (name.length < 2 || name.length > 8) return NULL;
  for (size_t i = 0; i < sizeof foreign_words / sizeof *foreign_words; i++) {
    const Foreign *foreign = &foreign_words[i];
    if (name.data[0] == foreign->word[0] &&
        slice_equal_text(name, foreign->word)) {
      return foreign;
    }
  }
  return NULL;
}

static bool could_be_foreign(Slice name) {
  return name.length >= 3 && name.length <= 8 &&
         memchr("fevcdmti", name.data[0], 8) != NULL;
}

bool complain_is_foreign(const Parser *p) {
  Slice name = token_text(p->source, p->token);
  if (!could_be_foreign(name)) return false;
  const Foreign *word = find_foreign(name);
  if (word == NULL || !word->begins || !parse_accepts(p, TK_LET)) return false;
  Slice rest = rest_after(p);
  if (rest.length == 0) return false;
  switch (word->follows) {
    case FOLLOWS_ANY:
      return is_name_byte(rest.data[0]) || rest.data[0] == '(';
    case FOLLOWS_NAME:
      return is_name_byte(rest.data[0]) &&
             !begins_line(p, (uint32_t)(rest.data - p->source->text.data));
    case FOLLOWS_TEXT:
      break;
  }
  return rest.data[0] == '"';
}

/* The word that ends at `end`. */
static Slice word_before(const Parser *p, uint32_t end) {
  const char *text = p->source->text.data;
  uint32_t start = end;
  while (start > 0 && end - start < 9 && is_name_byte(text[start - 1])) start--;
  return slice_from(text + start, end - start);
}

/* For the token at hand or the word before it. */
static const char *foreign_help(const Parser *p) {
  const Foreign *word = find_foreign(token_text(p->source, p->token));
  if (word == NULL && p->before_kind == TK_NAME) {
    word = find_foreign(word_before(p, p->before));
  }
  bool other = p->token.kind != TK_NAME && p->token.kind != TK_FOREIGN &&
               p->before_kind != TK_NAME;
  return word != NULL && !other ? word->help : NULL;
}

static bool is_sign(int kind) {
  return kind == TK_PLUS || kind == TK_MINUS || kind == TK_STAR ||
         kind == TK_SLASH;
}

static const char *help_with_equals(const Parser *p, bool continues) {
  if (is_sign(p->before_kind)) return "write it out: `x = x + 1`";
  if (p->before_kind == TK_EQ_EQ) return "`==` compares";
  if (p->brackets > 0 && parse_accepts(p, TK_PLUS)) {
    return "`==` compares; `=` binds, and stands only in a statement";
  }
  return continues && p->scope->last->kind == STMT_EXPR
             ? "a name is bound with `let name = value`"
             : NULL;
}

static const char *help_with_brace(const Parser *p) {
  if (p->before_kind == TK_ARROW) {
    return "a block needs no `->` before it; `-> name` after it binds its "
           "value";
  }
  if (p->before_kind == TK_COLON) return "a block needs no `:` before it";
  if (!parse_accepts(p, TK_LET)) return NULL;
  return "a statement is `let name = value`, `value -> name`, "
         "`return value`, a construct such as `if (c) { ... }`, or a call";
}

static const char *help_in_cases(const Parser *p, int kind) {
  if (parse_accepts(p, TK_CASE_ARROW) || kind == TK_TEXT) {
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

static const char *help_in_body(const Parser *p, int kind) {
  switch (kind) {
    case TK_LBRACE:
      return help_with_brace(p);
    case TK_ARROW:
      return parse_accepts(p, TK_LBRACE) ? "a block follows without `->`"
                                         : NULL;
    case TK_CASE_ARROW:
      return "a value is bound with `->`; `=>` stands in the cases of a switch";
    case TK_ELSE:
      return "an `else` follows the arm of its `if`";
    case TK_MINUS:
      return "a statement cannot begin with `-`";
    case TK_PLUS:
      return is_sign(p->before_kind) ? "write it out: `x = x + 1`" : NULL;
    default:
      return NULL;
  }
}

static const char *help_text(const Parser *p, int kind, bool continues) {
  ParseLevel level = parse_level(p);
  const char *foreign = foreign_help(p);
  if (foreign != NULL) return foreign;
  if (kind == TK_EQ) return help_with_equals(p, continues);
  if (level == LEVEL_CASES && p->brackets == 0) return help_in_cases(p, kind);
  if (parse_accepts(p, TK_CATCH) && !parse_accepts(p, TK_NAME)) {
    return "what fails is caught by `try { ... } catch (e) { ... }`";
  }
  if (level == LEVEL_FILE && kind == TK_FLOW) {
    return "a flow stands inside an agent: agent Name { flow ... }";
  }
  if (level == LEVEL_AGENT && (kind == TK_TYPE || kind == TK_IMPORT)) {
    return "it stands outside of the agents";
  }
  if (level == LEVEL_HEAD && (kind == TK_COMMA || kind == TK_RPAREN) &&
      parse_accepts(p, TK_COLON)) {
    return "a parameter has a type: `name: str`";
  }
  return level == LEVEL_BODY ? help_in_body(p, kind) : NULL;
}

/* ---- the message --------------------------------------------------------- */

/* The innermost `{`, where the file ends or something begins that cannot stand
 * between braces. */
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
  bool ends = kind == TK_END || kind == TK_AGENT ||
              (kind == TK_FLOW && parse_level(p) != LEVEL_AGENT);
  if (ends) point_at_open(p, diag);
}

void complain_depth(Parser *p, Span span) {
  if (p->too_deep) return;
  p->too_deep = true;
  Diag *diag = diag_report(p->sink, DIAG_TOO_DEEP, span,
                           "nested deeper than %d levels", LIMIT_EXPR_DEPTH);
  diag->label = "one level too many";
}
