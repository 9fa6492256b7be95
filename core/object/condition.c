/* SPDX-License-Identifier: MIT
 *
 * A table of signs and one of words, and what follows a sign.
 */
#include "core/object/condition.h"

#include "core/base/number.h"

typedef struct Word {
  const char *text;
  ConditionKind kind;
} Word;

/* Longer signs first. */
static const Word signs[] = {
    {">=", CONDITION_GREATER_EQUAL}, {"<=", CONDITION_LESS_EQUAL},
    {"==", CONDITION_EQUAL},         {"!=", CONDITION_NOT_EQUAL},
    {">", CONDITION_GREATER},        {"<", CONDITION_LESS},
};

static const Word words[] = {
    {"not_empty", CONDITION_NOT_EMPTY}, {"is_empty", CONDITION_IS_EMPTY},
    {"is_null", CONDITION_IS_NULL},     {"not_null", CONDITION_NOT_NULL},
    {"is_true", CONDITION_IS_TRUE},     {"is_false", CONDITION_IS_FALSE},
};

enum {
  SIGN_COUNT = sizeof signs / sizeof *signs,
  WORD_COUNT = sizeof words / sizeof *words
};

static bool equal_words(Slice text, const char *word) {
  if (text.length != strlen(word)) return false;
  for (size_t i = 0; i < text.length; i++) {
    char c = text.data[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != word[i]) return false;
  }
  return true;
}

static Slice skip(Slice text, size_t count) {
  return slice_trim(slice_from(text.data + count, text.length - count));
}

static const Word *find_sign(Slice text) {
  for (size_t i = 0; i < SIGN_COUNT; i++) {
    if (slice_starts_with(text, slice_of(signs[i].text))) return &signs[i];
  }
  return NULL;
}

static const Word *find_word(Slice text) {
  for (size_t i = 0; i < WORD_COUNT; i++) {
    if (equal_words(text, words[i].text)) return &words[i];
  }
  return NULL;
}

static bool is_quote(char c) { return c == '"' || c == '\''; }

static bool fail(const char **fault, const char *why) {
  *fault = why;
  return false;
}

static bool parse_quoted(Slice text, Condition *condition, const char **fault) {
  if (text.length < 2 || text.data[text.length - 1] != *text.data) {
    return fail(fault, "a quote is still open at the end");
  }
  condition->operand = slice_from(text.data + 1, text.length - 2);
  return true;
}

static bool parse_null(Condition *condition, const char **fault) {
  bool equal = condition->kind == CONDITION_EQUAL;
  if (!equal && condition->kind != CONDITION_NOT_EQUAL) {
    return fail(fault, "null is neither greater nor less than anything");
  }
  condition->kind = equal ? CONDITION_IS_NULL : CONDITION_NOT_NULL;
  return true;
}

static bool parse_operand(Slice text, Condition *condition,
                          const char **fault) {
  if (text.length == 0) return fail(fault, "nothing to compare with");
  if (is_quote(*text.data)) return parse_quoted(text, condition, fault);
  if (*text.data == '=') return fail(fault, "not a comparison");
  if (equal_words(text, "null")) return parse_null(condition, fault);
  condition->operand = text;
  condition->is_number = number_read(text, &condition->number);
  return true;
}

bool condition_parse(Slice text, Condition *condition, const char **fault) {
  *condition = (Condition){0};
  Slice s = slice_trim(text);
  if (s.length == 0) return fail(fault, "there is no condition");
  const Word *word = find_word(s);
  const Word *sign = find_sign(s);
  if (word == NULL && sign == NULL) return fail(fault, "not a condition");
  condition->kind = word != NULL ? word->kind : sign->kind;
  if (word != NULL) return true;
  return parse_operand(skip(s, strlen(sign->text)), condition, fault);
}

/* -1, 0 or 1, as memcmp. */
static int order_texts(Slice a, Slice b) {
  size_t shorter = a.length < b.length ? a.length : b.length;
  int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;
  if (order == 0) order = (a.length > b.length) - (a.length < b.length);
  return (order > 0) - (order < 0);
}

bool condition_compare(const Condition *condition, Slice plain) {
  double number;
  int order = condition->is_number && number_read(plain, &number)
                  ? (number > condition->number) - (number < condition->number)
                  : order_texts(plain, condition->operand);
  switch (condition->kind) {
    case CONDITION_GREATER:
      return order > 0;
    case CONDITION_GREATER_EQUAL:
      return order >= 0;
    case CONDITION_LESS:
      return order < 0;
    case CONDITION_LESS_EQUAL:
      return order <= 0;
    case CONDITION_EQUAL:
      return order == 0;
    case CONDITION_NOT_EQUAL:
      return order != 0;
    default:
      return false;
  }
}
