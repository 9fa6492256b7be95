/* SPDX-License-Identifier: MIT
 *
 * Scripted replies: JSON Lines, one rule a line, read whole at the start so
 * that a bad line is an error before the first request. The first rule in the
 * order of the file that fits and is not used up wins. Rules are few and
 * prompts short: they are tried one by one, except that a prefix of rules that
 * are used up is skipped, so a long list of one-time replies stays linear.
 */
#include <math.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json_lines.h"
#include "core/base/limits.h"
#include "core/object/ops.h"
#include "runtime/model/sim.h"

static const double day_ms = 24 * 3600 * 1000.0;
static const double most_times = 1e9;

/* A line under way. */
typedef struct Reader {
  const char *place; /* for messages */
  SimRules *rules;
  SimRule rule;
  Error *error;
} Reader;

static Status complain(Reader *reader, const char *key, const char *what) {
  return error_set(reader->error, STATUS_FORMAT, "%s: \"%s\" %s", reader->place,
                   key, what);
}

static Status read_text(Reader *reader, const cJSON *item, Slice *out) {
  if (!cJSON_IsString(item))
    return complain(reader, item->string, "must be a text");
  size_t length = strlen(item->valuestring);
  char *copy = arena_copy(&reader->rules->arena, item->valuestring, length);
  *out = slice_from(copy, length);
  return STATUS_OK;
}

/* ---- keys --------------------------------------------------------------- */

typedef Status ReadKey(Reader *reader, const cJSON *item);

static Status read_match(Reader *reader, const cJSON *item) {
  return read_text(reader, item, &reader->rule.match);
}

static Status read_prompt(Reader *reader, const cJSON *item) {
  return read_text(reader, item, &reader->rule.prompt);
}

static bool is_model_operation(Slice name) {
  static const struct {
    const char *text;
    Effect effect;
  } operations[] = {
#define X(name, text, effect, min, max, result, shape) {text, effect},
#include "core/object/ops.def"
#undef X
  };
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
    if (operations[i].effect == EFFECT_MODEL &&
        slice_equal_text(name, operations[i].text))
      return true;
  return false;
}

static Status read_operation(Reader *reader, const cJSON *item) {
  Status status = read_text(reader, item, &reader->rule.operation);
  if (status != STATUS_OK || is_model_operation(reader->rule.operation))
    return status;
  return complain(reader, item->string, "is no operation that calls a model");
}

static Status read_reply(Reader *reader, const cJSON *item) {
  return read_text(reader, item, &reader->rule.reply);
}

static Status read_error(Reader *reader, const cJSON *item) {
  reader->rule.is_error = true;
  return read_text(reader, item, &reader->rule.reply);
}

static Status read_code(Reader *reader, const cJSON *item) {
  double code = item->valuedouble;
  if (!cJSON_IsNumber(item) || !(code >= 400 && code <= 599) ||
      code != floor(code))
    return complain(reader, item->string,
                    "must be an HTTP code of an error, 400 to 599");
  reader->rule.code = (uint32_t)code;
  return STATUS_OK;
}

static Status read_ms(Reader *reader, const cJSON *item, uint64_t *ns) {
  double ms = item->valuedouble;
  if (!cJSON_IsNumber(item) || !(ms >= 0 && ms <= day_ms))
    return complain(reader, item->string,
                    "must be a number of milliseconds, at most a day");
  *ns = (uint64_t)llround(ms * (double)NS_PER_MS);
  return STATUS_OK;
}

static Status read_latency(Reader *reader, const cJSON *item) {
  reader->rule.has_latency = true;
  return read_ms(reader, item, &reader->rule.latency_ns);
}

static Status read_retry_after(Reader *reader, const cJSON *item) {
  reader->rule.has_retry_after = true;
  return read_ms(reader, item, &reader->rule.retry_after_ns);
}

static Status read_times(Reader *reader, const cJSON *item) {
  double times = item->valuedouble;
  if (!cJSON_IsNumber(item) || !(times >= 1 && times <= most_times) ||
      times != floor(times))
    return complain(reader, item->string, "must be a whole number from 1");
  reader->rule.times_left = (uint64_t)times;
  return STATUS_OK;
}

static const struct {
  const char *key;
  ReadKey *read;
} keys[] = {
    {"match", read_match},
    {"prompt", read_prompt},
    {"op", read_operation},
    {"reply", read_reply},
    {"error", read_error},
    {"times", read_times},
    {"latency_ms", read_latency},
    {"status", read_code},
    {"retry_after_ms", read_retry_after},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static Status read_item(Reader *reader, const cJSON *root, const cJSON *item) {
  for (uint32_t i = 0; i < KEY_COUNT; i++) {
    if (strcmp(item->string, keys[i].key) != 0) continue;
    if (cJSON_GetObjectItemCaseSensitive(root, item->string) != item)
      return complain(reader, item->string, "is there twice");
    return keys[i].read(reader, item);
  }
  return complain(reader, item->string, "is no key of a rule");
}

/* ---- lines -------------------------------------------------------------- */

static Status read_rule(Reader *reader, const cJSON *root) {
  reader->rule = (SimRule){.times_left = UINT64_MAX};
  const cJSON *item;
  cJSON_ArrayForEach(item, root) {
    Status status = read_item(reader, root, item);
    if (status != STATUS_OK) return status;
  }
  if (!reader->rule.reply.data)
    return complain(reader, "reply", "or \"error\" is missing");
  if (cJSON_HasObjectItem(root, "reply") && cJSON_HasObjectItem(root, "error"))
    return complain(reader, "reply", "has no meaning beside \"error\"");
  if (reader->rule.code && !reader->rule.is_error)
    return complain(reader, "status", "needs an \"error\" beside it");
  if (reader->rule.has_retry_after && !reader->rule.is_error)
    return complain(reader, "retry_after_ms", "needs an \"error\" beside it");
  vec_push(&reader->rules->rules, reader->rule);
  return STATUS_OK;
}

static Status read_line(void *user, const char *place, const cJSON *root,
                        Error *error) {
  Reader reader = {.place = place, .rules = user, .error = error};
  return read_rule(&reader, root);
}

Status sim_rules_read(const char *name, Slice text, SimRules *rules,
                      Error *error) {
  *rules = (SimRules){0};
  arena_init(&rules->arena);
  return json_lines_read(name, text, read_line, rules, error);
}

Status sim_rules_load(const char *path, SimRules *rules, Error *error) {
  Buf text = {0};
  Status status = STATUS_OK;
  if (path) status = file_read(path, LIMIT_REPLY_FILE_BYTES, &text, error);
  Status read = sim_rules_read(path, buf_slice(&text), rules, error);
  buf_free(&text);
  return status == STATUS_OK ? read : status;
}

void sim_rules_free(SimRules *rules) {
  vec_free(&rules->rules);
  arena_free(&rules->arena);
}

/* ---- use ---------------------------------------------------------------- */

static bool fits(const SimRule *rule, const ModelRequest *request) {
  Slice prompt = buf_slice(&request->prompt);
  if (rule->times_left == 0) return false;
  if (rule->operation.data && !slice_equal(rule->operation, request->operation))
    return false;
  if (rule->prompt.data && !slice_equal(rule->prompt, prompt)) return false;
  return !rule->match.data || slice_contains(prompt, rule->match);
}

const SimRule *sim_rules_take(SimRules *rules, const ModelRequest *request) {
  uint32_t count = rules->rules.length;
  SimRule *all = rules->rules.data;
  while (rules->first < count && all[rules->first].times_left == 0)
    rules->first++;
  for (uint32_t i = rules->first; i < count; i++) {
    if (!fits(&all[i], request)) continue;
    if (all[i].times_left != UINT64_MAX) all[i].times_left--;
    return &all[i];
  }
  return NULL;
}
