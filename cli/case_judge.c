/* SPDX-License-Identifier: MIT
 *
 * One function an expectation. A fault carries both texts where there are two
 * to compare, so that whoever shows it can show the difference; values are
 * compared as JSON, laid out on several lines for that.
 */
#include "cli/case_judge.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/unit.h"

typedef struct Judge {
  const Case *one;
  const CaseOutcome *outcome;
  CaseFaults *faults;
} Judge;

enum { SHOWN_BYTES = 200 }; /* of a text in a message */

static CaseFault *add_fault(Judge *j, const YamlNode *expected,
                            const char *what) {
  CaseFault fault = {.what = what,
                     .place = expected ? expected->key->place : j->one->place};
  vec_push(j->faults, fault);
  return &j->faults->data[j->faults->length - 1];
}

static CaseFault *add_unmet(Judge *j, ExpectId id) {
  return add_fault(j, j->one->expect[id], case_expect_keys[id]);
}

static void add_shown(Slice text, Buf *out) {
  Slice part = text;
  if (part.length > SHOWN_BYTES) part.length = SHOWN_BYTES;
  part.length = slice_valid_utf8(part);
  json_add_text(out, part);
  if (part.length < text.length) buf_add_text(out, "...");
}

/* ---- values -------------------------------------------------------------- */

/* JSON with an item a line and the keys in order, so that a difference shows
 * just what differs. */
static void add_pretty(Value value, uint32_t indent, Buf *out);

static void begin_line(uint32_t indent, bool is_first, Buf *out) {
  buf_add_text(out, is_first ? "\n" : ",\n");
  buf_add_repeat(out, ' ', (size_t)indent * 2);
}

static void end_block(uint32_t indent, char close, Buf *out) {
  buf_add_char(out, '\n');
  buf_add_repeat(out, ' ', (size_t)indent * 2);
  buf_add_char(out, close);
}

static void add_list(Value list, uint32_t indent, Buf *out) {
  uint64_t count = value_length(list);
  buf_add_char(out, '[');
  for (uint64_t i = 0; i < count; i++) {
    begin_line(indent + 1, i == 0, out);
    add_pretty(value_item(list, i), indent + 1, out);
  }
  end_block(indent, ']', out);
}

static int by_key(const void *a, const void *b) {
  Slice one = value_to_slice(*(const Value *)a);
  Slice other = value_to_slice(*(const Value *)b);
  size_t least = one.length < other.length ? one.length : other.length;
  int order = least > 0 ? memcmp(one.data, other.data, least) : 0;
  if (order != 0) return order;
  return one.length < other.length ? -1 : one.length > other.length;
}

static void add_map(Value map, uint32_t indent, Buf *out) {
  const MapValue *pairs = value_pointer(map);
  size_t size = (size_t)pairs->length * 2 * sizeof(Value);
  Value *sorted = mem_alloc(size);
  memcpy(sorted, pairs->entries, size);
  qsort(sorted, (size_t)pairs->length, 2 * sizeof(Value), by_key);
  buf_add_char(out, '{');
  for (uint64_t i = 0; i < pairs->length; i++) {
    begin_line(indent + 1, i == 0, out);
    json_add_text(out, value_to_slice(sorted[2 * i]));
    buf_add_text(out, ": ");
    add_pretty(sorted[2 * i + 1], indent + 1, out);
  }
  end_block(indent, '}', out);
  mem_free(sorted);
}

static void add_pretty(Value value, uint32_t indent, Buf *out) {
  ValueKind kind = value_kind(value);
  bool is_list = kind == VALUE_KIND_LIST && value_length(value) > 0;
  bool is_map = kind == VALUE_KIND_MAP && value_length(value) > 0;
  if (is_list)
    add_list(value, indent, out);
  else if (is_map)
    add_map(value, indent, out);
  else if (kind == VALUE_KIND_EMPTY)
    buf_add_text(out, "(nothing)");
  else
    value_add_json(value, out);
}

static bool is_nothing(Value value) {
  return value == VALUE_UNIT || value == VALUE_ABSENT;
}

static bool is_text(Value value) {
  return value_kind(value) == VALUE_KIND_TEXT;
}

/* The result as `apxm run` prints it. */
static void add_printed(Value result, Buf *out) {
  if (is_text(result))
    buf_add_slice(out, value_to_slice(result));
  else if (!is_nothing(result))
    value_add_json(result, out);
}

/* What the file says, as a value; one reference. */
static Value expected_value(const YamlNode *node) {
  Buf json = {0};
  Value value = VALUE_NULL;
  Error error = {0};
  yaml_add_json(node, &json);
  if (value_from_json(buf_slice(&json), &value, &error) != STATUS_OK)
    value = value_text(buf_slice(&json)); /* too deep: equal to nothing */
  buf_free(&json);
  return value;
}

/* The result, or where it is a text the JSON in it; one reference. False: it
 * is none. */
static bool result_as_json(Value result, Value *value) {
  *value = VALUE_NULL;
  if (is_text(result))
    return value_from_json(value_to_slice(result), value, NULL) == STATUS_OK;
  if (is_nothing(result)) return true;
  value_take(result, 1);
  *value = result;
  return true;
}

static void add_values(CaseFault *fault, Value expected, Value actual) {
  fault->has_texts = true;
  add_pretty(expected, 0, &fault->expected);
  add_pretty(actual, 0, &fault->actual);
}

static void fail_no_json(Judge *j, ExpectId id, Value result) {
  CaseFault *fault = add_unmet(j, id);
  buf_add_text(&fault->message, "the result is a text that is no JSON: ");
  add_shown(value_to_slice(result), &fault->message);
}

/* ---- the result ---------------------------------------------------------- */

static void judge_text(Judge *j, const YamlNode *node, Value result) {
  if (slice_equal(node->text, value_to_slice(result))) return;
  CaseFault *fault = add_unmet(j, EXPECT_RESULT);
  buf_add_text(&fault->message, "the result is another text");
  fault->has_texts = true;
  buf_add_slice(&fault->expected, node->text);
  buf_add_slice(&fault->actual, value_to_slice(result));
}

static void judge_RESULT(Judge *j, const YamlNode *node) {
  Value result = j->outcome->result, actual;
  if (is_text(result) && node->kind == YAML_SCALAR) {
    judge_text(j, node, result);
    return;
  }
  if (!result_as_json(result, &actual)) {
    fail_no_json(j, EXPECT_RESULT, result);
    return;
  }
  Value expected = expected_value(node);
  if (!value_equal(expected, actual)) {
    CaseFault *fault = add_unmet(j, EXPECT_RESULT);
    buf_add_text(&fault->message, "the result is another value");
    add_values(fault, expected, actual);
  }
  value_drop(expected);
  value_drop(actual);
}

/* Where something lacks a part, and what is there instead; borrowed. */
typedef struct Lack {
  Buf path;
  Value part, whole;
} Lack;

/* Whether all of `part` is in `whole`: the pairs of a map, at any depth, and
 * of a list as many items in the same order. */
static bool includes(Value whole, Value part, Lack *lack);

static bool includes_pairs(Value whole, Value part, Lack *lack) {
  const MapValue *pairs = value_pointer(part);
  for (uint64_t i = 0; i < pairs->length; i++) {
    Slice key = value_to_slice(pairs->entries[2 * i]);
    size_t length = lack->path.length;
    buf_addf(&lack->path, ".%.*s", SLICE_ARG(key));
    if (!includes(value_map_get(whole, key), pairs->entries[2 * i + 1], lack))
      return false;
    lack->path.length = length;
  }
  return true;
}

static bool includes_items(Value whole, Value part, Lack *lack) {
  uint64_t count = value_length(part);
  for (uint64_t i = 0; i < count; i++) {
    size_t length = lack->path.length;
    buf_addf(&lack->path, "[%llu]", (unsigned long long)i);
    if (!includes(value_item(whole, i), value_item(part, i), lack))
      return false;
    lack->path.length = length;
  }
  return true;
}

static bool includes(Value whole, Value part, Lack *lack) {
  ValueKind kind = value_kind(part);
  bool is_same = kind == value_kind(whole);
  lack->whole = whole;
  lack->part = part;
  if (is_same && kind == VALUE_KIND_MAP)
    return includes_pairs(whole, part, lack);
  if (is_same && kind == VALUE_KIND_LIST &&
      value_length(part) == value_length(whole))
    return includes_items(whole, part, lack);
  return is_same && value_equal(whole, part);
}

static void judge_RESULT_INCLUDES(Judge *j, const YamlNode *node) {
  Value actual;
  Lack lack = {0};
  if (!result_as_json(j->outcome->result, &actual)) {
    fail_no_json(j, EXPECT_RESULT_INCLUDES, j->outcome->result);
    return;
  }
  Value expected = expected_value(node);
  if (!includes(actual, expected, &lack)) {
    CaseFault *fault = add_unmet(j, EXPECT_RESULT_INCLUDES);
    Slice path = buf_slice(&lack.path);
    buf_addf(&fault->message, "the result has something else%s%.*s",
             path.length ? " at " : "", SLICE_ARG(path));
    add_values(fault, lack.part, lack.whole);
  }
  value_drop(expected);
  value_drop(actual);
  buf_free(&lack.path);
}

static void judge_RESULT_MATCHES(Judge *j, const YamlNode *node) {
  regex_t regex;
  Buf text = {0};
  add_printed(j->outcome->result, &text);
  if (regcomp(&regex, node->text.data, REG_EXTENDED | REG_NOSUB) == 0) {
    if (regexec(&regex, text.data ? text.data : "", 0, NULL, 0) != 0) {
      CaseFault *fault = add_unmet(j, EXPECT_RESULT_MATCHES);
      buf_add_text(&fault->message, "the result does not match: ");
      add_shown(buf_slice(&text), &fault->message);
    }
    regfree(&regex);
  }
  buf_free(&text);
}

/* ---- pieces -------------------------------------------------------------- */

typedef bool HasPiece(const CaseOutcome *outcome, Slice whole, Slice piece);

static bool has_piece(const CaseOutcome *outcome, Slice whole, Slice piece) {
  (void)outcome;
  return slice_contains(whole, piece);
}

static bool has_prompt(const CaseOutcome *outcome, Slice whole, Slice piece) {
  (void)whole;
  for (uint32_t i = 0; i < outcome->prompt_count; i++)
    if (slice_contains(outcome->prompts[i], piece)) return true;
  return false;
}

static void judge_piece(Judge *j, ExpectId id, const char *what, Slice whole,
                        Slice piece, HasPiece *has) {
  if (has(j->outcome, whole, piece)) return;
  CaseFault *fault = add_unmet(j, id);
  buf_addf(&fault->message, "%s ", what);
  add_shown(piece, &fault->message);
  if (id == EXPECT_PROMPTS_CONTAIN) return;
  buf_add_text(&fault->message, ": ");
  add_shown(whole, &fault->message);
}

/* A text or a list of them. */
static void judge_pieces(Judge *j, ExpectId id, const char *what, Slice whole,
                         HasPiece *has) {
  const YamlNode *node = j->one->expect[id];
  if (node->kind == YAML_SCALAR)
    judge_piece(j, id, what, whole, node->text, has);
  for (const YamlNode *item = node->first; item; item = item->next)
    judge_piece(j, id, what, whole, item->text, has);
}

static void judge_RESULT_CONTAINS(Judge *j, const YamlNode *node) {
  Buf text = {0};
  (void)node;
  add_printed(j->outcome->result, &text);
  judge_pieces(j, EXPECT_RESULT_CONTAINS, "the result lacks", buf_slice(&text),
               has_piece);
  buf_free(&text);
}

static void judge_PROMPTS_CONTAIN(Judge *j, const YamlNode *node) {
  (void)node;
  judge_pieces(j, EXPECT_PROMPTS_CONTAIN, "no prompt has", (Slice){0},
               has_prompt);
}

static void judge_FAILURE_CONTAINS(Judge *j, const YamlNode *node) {
  (void)node;
  judge_pieces(j, EXPECT_FAILURE_CONTAINS, "the message lacks",
               slice_of(j->outcome->error), has_piece);
}

/* ---- the rest ------------------------------------------------------------ */

static void add_output(const CaseOutcome *outcome, Buf *out) {
  for (uint32_t i = 0; i < outcome->line_count; i++)
    buf_add_slice(out, outcome->lines[i]);
}

static void judge_OUTPUT(Judge *j, const YamlNode *node) {
  Buf expected = {0}, actual = {0};
  for (const YamlNode *item = node->first; item; item = item->next) {
    buf_add_slice(&expected, item->text);
    buf_add_char(&expected, '\n');
  }
  add_output(j->outcome, &actual);
  if (!slice_equal(buf_slice(&expected), buf_slice(&actual))) {
    CaseFault *fault = add_unmet(j, EXPECT_OUTPUT);
    buf_add_text(&fault->message, "other lines were printed");
    fault->has_texts = true;
    fault->expected = expected;
    fault->actual = actual;
    return;
  }
  buf_free(&expected);
  buf_free(&actual);
}

static void judge_OUTPUT_CONTAINS(Judge *j, const YamlNode *node) {
  Buf text = {0};
  (void)node;
  add_output(j->outcome, &text);
  judge_pieces(j, EXPECT_OUTPUT_CONTAINS, "the printed lines lack",
               buf_slice(&text), has_piece);
  buf_free(&text);
}

static void judge_CALLS(Judge *j, const YamlNode *node) {
  uint64_t wanted = 0;
  Slice rest;
  (void)unit_read_digits(node->text, &wanted, &rest);
  if (wanted == j->outcome->calls) return;
  buf_addf(&add_unmet(j, EXPECT_CALLS)->message,
           "model calls: %llu expected, %llu made", (unsigned long long)wanted,
           (unsigned long long)j->outcome->calls);
}

static void judge_FAILURE(Judge *j, const YamlNode *node) {
  const char *code = j->outcome->failure;
  if (code && slice_equal_text(node->text, code)) return;
  buf_addf(&add_unmet(j, EXPECT_FAILURE)->message,
           "the run failed with %s, not with %s: %s", code ? code : "no code",
           node->text.data, j->outcome->error);
}

/* ---- all of it ----------------------------------------------------------- */

static bool expects_failure(const Case *one) {
  return one->expect[EXPECT_FAILURE] || one->expect[EXPECT_FAILURE_CONTAINS];
}

/* Whether it is worth while to look any further. What the script or the tape
 * lacks is never what was expected. */
static bool judge_end(Judge *j) {
  const CaseOutcome *outcome = j->outcome;
  bool lacks_reply =
      outcome->failure && strcmp(outcome->failure, "not_recorded") == 0;
  bool has_failed = outcome->status == RUN_FAILED && !lacks_reply;
  bool wants_failure = expects_failure(j->one);
  if (wants_failure ? has_failed : outcome->status == RUN_SUCCESS) return true;
  const YamlNode *wanted = j->one->expect[EXPECT_FAILURE];
  CaseFault *fault = add_fault(j, wanted, wants_failure ? "failure" : "run");
  if (outcome->status == RUN_SUCCESS)
    buf_add_text(&fault->message, "the run succeeded, and was to fail");
  else if (outcome->error[0])
    buf_add_text(&fault->message, outcome->error);
  else
    buf_addf(&fault->message, "the run was %s",
             run_status_text(outcome->status));
  return false;
}

static void (*const judges[EXPECT_COUNT])(Judge *j, const YamlNode *node) = {
#define X(id, key, kind, text) judge_##id,
#include "cli/expectations.def"
#undef X
};

void case_judge(const Case *one, const CaseOutcome *outcome,
                CaseFaults *faults) {
  Judge j = {.one = one, .outcome = outcome, .faults = faults};
  if (!judge_end(&j)) return;
  for (int i = 0; i < EXPECT_COUNT; i++)
    if (one->expect[i]) judges[i](&j, one->expect[i]);
}

void case_faults_free(CaseFaults *faults) {
  for (uint32_t i = 0; i < faults->length; i++) {
    buf_free(&faults->data[i].message);
    buf_free(&faults->data[i].expected);
    buf_free(&faults->data[i].actual);
  }
  vec_free(faults);
}
