/* SPDX-License-Identifier: MIT
 *
 * The keys as tables, walked in the order of the file, but for `cases`, which
 * comes last: each case begins as a copy of what stands beside it. All that can
 * be wrong is found here, before anything runs.
 */
#include "cli/case_file.h"

#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/nearest.h"
#include "core/base/unit.h"
#include "runtime/engine/failure.h"
#include "runtime/model/sim.h"

#define USUAL_TIMEOUT (60 * NS_PER_S)
#define MOST_TIMEOUT (24 * 3600 * NS_PER_S)

typedef enum ExpectKind {
  EXPECT_KIND_VALUE,
  EXPECT_KIND_TEXTS,
  EXPECT_KIND_LINES,
  EXPECT_KIND_PATTERN,
  EXPECT_KIND_COUNT,
  EXPECT_KIND_CODE
} ExpectKind;

const char *const case_expect_keys[EXPECT_COUNT] = {
#define X(id, key, kind, text) key,
#include "cli/expectations.def"
#undef X
};

static const ExpectKind expect_kinds[EXPECT_COUNT] = {
#define X(id, key, kind, text) EXPECT_KIND_##kind,
#include "cli/expectations.def"
#undef X
};

typedef struct Reader {
  CaseFile *file;
  const YamlNode *cases; /* NULL: there is no such key */
  bool is_root;          /* the keys of a file may be there, too */
  Error *error;
} Reader;

typedef struct Key {
  const char *name;
  Status (*read)(Reader *r, const YamlNode *value, Case *target);
} Key;

#define KEY_COUNT(keys) (sizeof(keys) / sizeof *(keys))

static Status fail(const Reader *r, Place place, const char *format, ...)
    PRINTF_LIKE(3, 4);

static Status fail(const Reader *r, Place place, const char *format, ...) {
  char cause[ERROR_MESSAGE_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(cause, sizeof cause, format, args);
  va_end(args);
  return error_set(r->error, STATUS_FORMAT, "%s:%u:%u: %s", r->file->path,
                   place.line, place.column, cause);
}

static Status fail_needs(const Reader *r, const YamlNode *value,
                         const char *needs) {
  return fail(r, value->place, "`%s` needs %s", value->key->text.data, needs);
}

static const char *keep(Reader *r, const Buf *text) {
  return arena_copy(&r->file->arena, text->data ? text->data : "",
                    text->length);
}

/* ---- scalars ------------------------------------------------------------- */

static bool is_text(const YamlNode *node) {
  return node->kind == YAML_SCALAR && !yaml_is_null(node);
}

static Status read_text(Reader *r, const YamlNode *value, const char **text) {
  if (!is_text(value) || value->text.length == 0)
    return fail_needs(r, value, "a text");
  *text = value->text.data;
  return STATUS_OK;
}

/* Relative ones begin where the file lies. */
static Status read_path(Reader *r, const YamlNode *value, const char **path) {
  const char *text = NULL;
  Buf whole = {0};
  Status status = read_text(r, value, &text);
  if (status != STATUS_OK) return status;
  if (text[0] != '/') buf_add_text(&whole, r->file->folder);
  buf_add_text(&whole, text);
  *path = keep(r, &whole);
  buf_free(&whole);
  return STATUS_OK;
}

static Status read_name(Reader *r, const YamlNode *value, Case *target) {
  return read_text(r, value, &target->name);
}

static Status read_flow(Reader *r, const YamlNode *value, Case *target) {
  return read_text(r, value, &target->flow);
}

static Status read_skip(Reader *r, const YamlNode *value, Case *target) {
  return read_text(r, value, &target->skip);
}

static Status read_program(Reader *r, const YamlNode *value, Case *target) {
  (void)target;
  return read_path(r, value, &r->file->program);
}

static Status read_tape(Reader *r, const YamlNode *value, Case *target) {
  (void)target;
  return read_path(r, value, &r->file->tape);
}

static Status read_timeout(Reader *r, const YamlNode *value, Case *target) {
  if (value->kind == YAML_SCALAR &&
      unit_read(value->text, unit_times, MOST_TIMEOUT, &target->timeout_ns))
    return STATUS_OK;
  return fail_needs(r, value,
                    "a whole number with its unit, from 1ms to 24h: 500ms, "
                    "10s, 2m");
}

/* By position or by name, or one alone. */
static Status read_args(Reader *r, const YamlNode *value, Case *target) {
  (void)r;
  target->args = value;
  return STATUS_OK;
}

/* ---- replies ------------------------------------------------------------- */

/* Of a rule, what is a text whatever it looks like; a reply that is a map or a
 * list is that as JSON. */
static void add_rule_value(const YamlNode *value, Buf *out) {
  static const char *const texts[] = {"reply", "error", "match", "prompt",
                                      "op"};
  Buf text = {0};
  bool is_a_text = false;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    is_a_text |= slice_equal_text(value->key->text, texts[i]);
  bool is_reply = slice_equal_text(value->key->text, "reply");
  if (is_a_text && value->kind == YAML_SCALAR) {
    json_add_text(out, value->text);
  } else if (is_reply) {
    yaml_add_json(value, &text);
    json_add_text(out, buf_slice(&text));
  } else {
    yaml_add_json(value, out);
  }
  buf_free(&text);
}

static void add_rule(const YamlNode *rule, Buf *out) {
  buf_add_char(out, '{');
  for (const YamlNode *value = rule->first; value; value = value->next) {
    if (value != rule->first) buf_add_char(out, ',');
    json_add_text(out, value->key->text);
    buf_add_char(out, ':');
    add_rule_value(value, out);
  }
  buf_add_text(out, "}\n");
}

/* Reads it as the script will be read, for its messages. */
static Status check_rule(Reader *r, const YamlNode *rule, Slice line) {
  SimRules rules;
  Error cause = {0};
  Status status = sim_rules_read("", slice_trim(line), &rules, &cause);
  sim_rules_free(&rules);
  if (status == STATUS_OK) return STATUS_OK;
  const char *what = strchr(cause.message, ' '); /* after ":1:" */
  return fail(r, rule->place, "a rule of `replies`:%s",
              what ? what : cause.message);
}

static Status read_replies(Reader *r, const YamlNode *value, Case *target) {
  Buf script = {0};
  Status status = STATUS_OK;
  if (value->kind != YAML_LIST)
    return fail_needs(r, value,
                      "a list of rules, each with a `reply` or an "
                      "`error`");
  for (const YamlNode *rule = value->first; rule && status == STATUS_OK;
       rule = rule->next) {
    size_t begin = script.length;
    if (rule->kind != YAML_MAP)
      status = fail(r, rule->place,
                    "a rule of `replies` must be keys with "
                    "values");
    if (status != STATUS_OK) break;
    add_rule(rule, &script);
    status = check_rule(r, rule,
                        slice_from(script.data + begin, script.length - begin));
  }
  if (status == STATUS_OK) target->script = keep(r, &script);
  buf_free(&script);
  return status;
}

/* ---- expectations -------------------------------------------------------- */

static Status check_list(const Reader *r, const YamlNode *value,
                         const char *needs) {
  if (value->kind != YAML_LIST) return fail_needs(r, value, needs);
  for (const YamlNode *item = value->first; item; item = item->next)
    if (item->kind != YAML_SCALAR)
      return fail(r, item->place, "`%s` needs %s", value->key->text.data,
                  needs);
  return STATUS_OK;
}

static Status check_texts(const Reader *r, const YamlNode *value) {
  if (is_text(value)) return STATUS_OK;
  return check_list(r, value, "a text or a list of texts");
}

static Status check_pattern(const Reader *r, const YamlNode *value) {
  regex_t regex;
  char why[128];
  if (!is_text(value)) return fail_needs(r, value, "a regular expression");
  int code = regcomp(&regex, value->text.data, REG_EXTENDED | REG_NOSUB);
  if (code == 0) {
    regfree(&regex);
    return STATUS_OK;
  }
  regerror(code, &regex, why, sizeof why);
  return fail(r, value->place, "`%s`: this is no regular expression: %s",
              value->key->text.data, why);
}

static Status check_count(const Reader *r, const YamlNode *value) {
  uint64_t count;
  Slice rest;
  if (value->kind == YAML_SCALAR &&
      unit_read_digits(value->text, &count, &rest) && rest.length == 0)
    return STATUS_OK;
  return fail_needs(r, value, "a whole number");
}

static Status check_code(const Reader *r, const YamlNode *value) {
  Nearest nearest = nearest_new(value->text, NULL);
  for (int i = 0; is_text(value) && i < FAILURE_CODE_COUNT; i++) {
    const char *code = failure_text((FailureCode)i);
    if (slice_equal_text(value->text, code)) return STATUS_OK;
    nearest_offer(&nearest, slice_of(code));
  }
  Slice near = nearest_found(&nearest);
  if (near.length == 0)
    return fail_needs(r, value,
                      "a code such as model_failed or guard_failed; "
                      "docs/language.md lists them");
  return fail(r, value->place,
              "there is no failure `%.*s`; did you mean "
              "`%.*s`?",
              SLICE_ARG(yaml_shown(value->text)), SLICE_ARG(near));
}

static Status check_expectation(const Reader *r, ExpectKind kind,
                                const YamlNode *value) {
  switch (kind) {
    case EXPECT_KIND_VALUE:
      return STATUS_OK;
    case EXPECT_KIND_TEXTS:
      return check_texts(r, value);
    case EXPECT_KIND_LINES:
      return check_list(r, value, "a list of lines");
    case EXPECT_KIND_PATTERN:
      return check_pattern(r, value);
    case EXPECT_KIND_COUNT:
      return check_count(r, value);
    case EXPECT_KIND_CODE:
      return check_code(r, value);
  }
  return STATUS_OK;
}

static Status read_expectation(Reader *r, const YamlNode *value, Case *target) {
  for (int i = 0; i < EXPECT_COUNT; i++) {
    if (!slice_equal_text(value->key->text, case_expect_keys[i])) continue;
    target->expect[i] = value;
    return check_expectation(r, expect_kinds[i], value);
  }
  return yaml_fail_key(r->file->path, value->key, "`expect`", case_expect_keys,
                       sizeof *case_expect_keys, EXPECT_COUNT, r->error);
}

static Status read_expect(Reader *r, const YamlNode *map, Case *target) {
  Status status = STATUS_OK;
  if (map->kind != YAML_MAP)
    return fail_needs(r, map, "keys with values, such as `result`");
  for (const YamlNode *value = map->first; value && status == STATUS_OK;
       value = value->next)
    status = read_expectation(r, value, target);
  return status;
}

/* ---- cases --------------------------------------------------------------- */

static Status read_cases(Reader *r, const YamlNode *value, Case *target) {
  (void)target;
  if (value->kind != YAML_LIST || value->count == 0)
    return fail_needs(r, value, "a list of cases");
  r->cases = value;
  return STATUS_OK;
}

/* A case has the first ones, a file all of them. */
static const Key keys[] = {
    {"name", read_name},       {"flow", read_flow},       {"args", read_args},
    {"replies", read_replies}, {"timeout", read_timeout}, {"skip", read_skip},
    {"expect", read_expect},   {"program", read_program}, {"tape", read_tape},
    {"cases", read_cases},
};
enum { FILE_KEYS = 3, CASE_KEYS = KEY_COUNT(keys) - FILE_KEYS };

static Status read_keys(Reader *r, const YamlNode *map, Case *target) {
  size_t count = r->is_root ? KEY_COUNT(keys) : (size_t)CASE_KEYS;
  const char *what = r->is_root ? "a file of cases" : "a case";
  Status status = STATUS_OK;
  if (map->kind != YAML_MAP)
    return fail(r, map->place, "%s must be keys with values", what);
  for (const YamlNode *value = map->first; value && status == STATUS_OK;
       value = value->next) {
    size_t i = 0;
    while (i < count && !slice_equal_text(value->key->text, keys[i].name)) i++;
    status = i < count
                 ? keys[i].read(r, value, target)
                 : yaml_fail_key(r->file->path, value->key, what, &keys->name,
                                 sizeof *keys, count, r->error);
  }
  return status;
}

/* What cannot be true of one run. */
static Status check_case(const Reader *r, const Case *one) {
  const YamlNode *failure = one->expect[EXPECT_FAILURE];
  if (!failure) failure = one->expect[EXPECT_FAILURE_CONTAINS];
  for (int i = EXPECT_RESULT; i <= EXPECT_RESULT_INCLUDES; i++)
    if (failure && one->expect[i])
      return fail(r, one->expect[i]->key->place,
                  "a run that fails has no result; leave `%s` or `%s` out",
                  case_expect_keys[i], failure->key->text.data);
  for (uint32_t i = 0; i < r->file->cases.length; i++)
    if (strcmp(r->file->cases.data[i].name, one->name) == 0)
      return fail(r, one->place, "there is a case `%s` already, in line %u",
                  one->name, r->file->cases.data[i].place.line);
  return STATUS_OK;
}

static Status add_case(Reader *r, const YamlNode *node, const Case *common) {
  Case one = *common;
  one.name = NULL;
  one.place = node->place;
  Status status = read_keys(r, node, &one);
  if (status != STATUS_OK) return status;
  if (!one.name) return fail(r, node->place, "a case needs a `name`");
  status = check_case(r, &one);
  if (status == STATUS_OK) vec_push(&r->file->cases, one);
  return status;
}

static Status add_cases(Reader *r, const Case *common) {
  Status status = STATUS_OK;
  r->is_root = false;
  for (const YamlNode *node = r->cases->first; node && status == STATUS_OK;
       node = node->next)
    status = add_case(r, node, common);
  return status;
}

static Status read_root(Reader *r, const YamlNode *root, const char *stem) {
  Case common = {.name = stem, .place = {1, 1}, .timeout_ns = USUAL_TIMEOUT};
  if (!root) return fail(r, (Place){1, 1}, "there is no case in this file");
  Status status = read_keys(r, root, &common);
  if (status != STATUS_OK) return status;
  if (r->cases) return add_cases(r, &common);
  status = check_case(r, &common);
  if (status == STATUS_OK) vec_push(&r->file->cases, common);
  return status;
}

/* ---- the file ------------------------------------------------------------ */

static const char *beside(CaseFile *file, Slice stem, const char *ending) {
  Buf path = {0};
  buf_add_slice(&path, stem);
  buf_add_text(&path, ending);
  const char *copy = arena_copy(&file->arena, path.data, path.length);
  buf_free(&path);
  return copy;
}

/* NAME.test.yaml is about NAME.ais and has its tape in NAME.tape. */
static const char *set_names(CaseFile *file, const char *path) {
  Slice stem = slice_of(path);
  if (slice_ends_with(stem, SLICE(CASE_FILE_ENDING)))
    stem.length -= strlen(CASE_FILE_ENDING);
  const char *slash = strrchr(path, '/');
  size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
  file->path = arena_copy(&file->arena, path, strlen(path));
  file->folder = arena_copy(&file->arena, path, folder);
  file->program = beside(file, stem, ".ais");
  file->tape = beside(file, stem, ".tape");
  return arena_copy(&file->arena, stem.data + folder, stem.length - folder);
}

Status case_file_read(const char *path, CaseFile *file, Error *error) {
  Reader r = {.file = file, .is_root = true, .error = error};
  YamlNode *root = NULL;
  Buf text = {0};
  *file = (CaseFile){0};
  arena_init(&file->arena);
  const char *stem = set_names(file, path);
  Status status = file_read(path, LIMIT_CONFIG_FILE_BYTES, &text, error);
  if (status == STATUS_OK)
    status =
        yaml_parse(file->path, buf_slice(&text), &file->arena, &root, error);
  buf_free(&text);
  return status == STATUS_OK ? read_root(&r, root, stem) : status;
}

void case_file_free(CaseFile *file) {
  vec_free(&file->cases);
  arena_free(&file->arena);
}
