/* SPDX-License-Identifier: MIT
 *
 * What the kinds of tokens are called, in messages and in --dump=tokens.
 */
#include "compiler/front/parse.h"
#include "compiler/front/parse_int.h"

#include "grammar.h"

typedef struct TokenInfo {
  const char *id;   /* in the dump */
  const char *name; /* in messages */
} TokenInfo;

static const TokenInfo token_table[] = {
    [TK_END] = {"END", "the end of the file"},
    [TK_BAD] = {"BAD", "something else"},
    [TK_FOREIGN] = {"NAME", "a name"},
    [TK_NAME] = {"NAME", "a name"},
    [TK_LEGACY] = {"NAME", "a name"},
    [TK_LEGACY_LIST] = {"NAME", "a name"},
    [TK_LEGACY_TIER] = {"NAME", "a name"},
    [TK_NUM] = {"NUM", "a number"},
    [TK_DURATION] = {"DURATION", "a duration"},
    [TK_TEXT] = {"TEXT", "a text"},
    [TK_TEXT_OPEN] = {"TEXT_OPEN", "a text"},
    [TK_TEXT_MID] = {"TEXT_MID", "`}}`"},
    [TK_TEXT_CLOSE] = {"TEXT_CLOSE", "`}}`"},
    [TK_AGENT] = {"AGENT", "`agent`"},
    [TK_FLOW] = {"FLOW", "`flow`"},
    [TK_LET] = {"LET", "`let`"},
    [TK_RETURN] = {"RETURN", "`return`"},
    [TK_TRUE] = {"TRUE", "`true`"},
    [TK_FALSE] = {"FALSE", "`false`"},
    [TK_IF] = {"IF", "`if`"},
    [TK_ELSE] = {"ELSE", "`else`"},
    [TK_SWITCH] = {"SWITCH", "`switch`"},
    [TK_LOOP] = {"LOOP", "`loop`"},
    [TK_WHILE] = {"WHILE", "`while`"},
    [TK_TRY] = {"TRY", "`try`"},
    [TK_NULL] = {"NULL", "`null`"},
    [TK_PARALLEL] = {"PARALLEL", "`parallel`"},
    [TK_CASE] = {"CASE", "`case`"},
    [TK_DEFAULT] = {"DEFAULT", "`default`"},
    [TK_CATCH] = {"CATCH", "`catch`"},
    [TK_IN] = {"IN", "`in`"},
    [TK_TYPE] = {"TYPE", "`type`"},
    [TK_IMPORT] = {"IMPORT", "`import`"},
    [TK_MEMORY] = {"MEMORY", "`memory`"},
    [TK_BELIEFS] = {"BELIEFS", "`beliefs`"},
    [TK_FROM] = {"FROM", "`from`"},
    [TK_GOALS] = {"GOALS", "`goals`"},
    [TK_PRIORITY] = {"PRIORITY", "`priority`"},
    [TK_CAPABILITY] = {"CAPABILITY", "`capability`"},
    [TK_TOOLS] = {"TOOLS", "`tools`"},
    [TK_DISCOVERABLE] = {"DISCOVERABLE", "`discoverable`"},
    [TK_CONTEXT] = {"CONTEXT", "`context`"},
    [TK_WITH] = {"WITH", "`with`"},
    [TK_ON] = {"ON", "`on`"},
    [TK_LBRACE] = {"LBRACE", "`{`"},
    [TK_RBRACE] = {"RBRACE", "`}`"},
    [TK_LPAREN] = {"LPAREN", "`(`"},
    [TK_NL_LPAREN] = {"NL_LPAREN", "`(`"},
    [TK_RPAREN] = {"RPAREN", "`)`"},
    [TK_LBRACKET] = {"LBRACKET", "`[`"},
    [TK_NL_LBRACKET] = {"NL_LBRACKET", "`[`"},
    [TK_RBRACKET] = {"RBRACKET", "`]`"},
    [TK_LT] = {"LT", "`<`"},
    [TK_GT] = {"GT", "`>`"},
    [TK_COMMA] = {"COMMA", "`,`"},
    [TK_COLON] = {"COLON", "`:`"},
    [TK_SEMI] = {"SEMI", "`;`"},
    [TK_DOT] = {"DOT", "`.`"},
    [TK_AT] = {"AT", "`@`"},
    [TK_PLUS] = {"PLUS", "`+`"},
    [TK_MINUS] = {"MINUS", "`-`"},
    [TK_NEG] = {"MINUS", "`-`"},
    [TK_STAR] = {"STAR", "`*`"},
    [TK_SLASH] = {"SLASH", "`/`"},
    [TK_PERCENT] = {"PERCENT", "`%`"},
    [TK_NOT] = {"NOT", "`!`"},
    [TK_AND] = {"AND", "`&&`"},
    [TK_OR] = {"OR", "`||`"},
    [TK_PIPE] = {"PIPE", "`|>`"},
    [TK_FEED] = {"FEED", "`<-`"},
    [TK_EQ_EQ] = {"EQ_EQ", "`==`"},
    [TK_NOT_EQ] = {"NOT_EQ", "`!=`"},
    [TK_LE] = {"LE", "`<=`"},
    [TK_GE] = {"GE", "`>=`"},
    [TK_EQ] = {"EQ", "`=`"},
    [TK_CASE_ARROW] = {"CASE_ARROW", "`=>`"},
    [TK_ARROW] = {"ARROW", "`->`"},
};

const char *token_name(int kind) {
  return token_table[kind].name;
}

/* Moves `place`, which is that of offset `from`, to offset `to`. */
static void advance(Slice text, uint32_t from, uint32_t to, Place *place) {
  for (uint32_t i = from; i < to; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c == '\n') {
      place->line++;
      place->column = 1;
    } else if ((c & 0xC0) != 0x80) {
      place->column++;
    }
  }
}

void parse_dump_tokens(const Source *source, Arena *arena, DiagSink *sink,
                       Buf *out) {
  (void)arena; /* tokens are values */
  if (!parse_check_size(source, sink)) return;
  Lexer lexer;
  lexer_init(&lexer, source, sink);
  Place place = {1, 1};
  uint32_t at = 0;
  Token token;
  do {
    token = lexer_next(&lexer);
    advance(source->text, at, token.start, &place);
    at = token.start;
    buf_addf(out, "%u:%u %s", place.line, place.column,
             token_table[token.kind].id);
    if (token.length > 0) buf_add_char(out, ' ');
    buf_add_slice(out, token_text(source, token));
    buf_add_char(out, '\n');
  } while (token.kind != TK_END);
}
