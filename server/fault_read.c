/* SPDX-License-Identifier: MIT
 *
 * Reading a file of rules. Which keys there are is fault_keys.def, which of
 * them a fault may have is faults.def; what a key says alone is checked as it
 * is read, what several say together at the end of the line.
 */
#include <math.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/clock.h"
#include "core/base/json_lines.h"
#include "core/base/limits.h"
#include "core/base/nearest.h"
#include "server/fault.h"

static const double day_ms = 24 * 3600 * 1000.0;
static const double most = 9007199254740992.0; /* 2^53: whole as a double */

enum {
#define X(name, text, is_common) KEY_##name,
#include "server/fault_keys.def"
#undef X
  KEY_COUNT
};
#define KEY(name) (1u << KEY_##name)

typedef struct Kind {
  const char *text;
  uint32_t keys;
  bool needs_reply;
} Kind;

static const Kind kinds[] = {
#define X(name, text, keys, needs_reply, meaning) {text, (keys), needs_reply},
#include "server/faults.def"
#undef X
};

/* A line under way. */
typedef struct Line {
  FaultRules *rules;
  FaultRule *rule;
  const char *place;
  Error *error;
} Line;

static Status complain(const Line *line, const char *key, const char *what) {
  return error_set(line->error, STATUS_FORMAT, "%s: \"%s\" %s", line->place,
                   key, what);
}

/* ---- values -------------------------------------------------------------- */

static Status read_slice(const Line *line, const cJSON *item, Slice *out) {
  if (!cJSON_IsString(item))
    return complain(line, item->string, "must be a text");
  size_t length = strlen(item->valuestring);
  char *copy = arena_copy(&line->rules->arena, item->valuestring, length);
  *out = slice_from(copy, length);
  return STATUS_OK;
}

static bool is_within(const cJSON *item, double least, double largest) {
  return cJSON_IsNumber(item) && item->valuedouble >= least &&
         item->valuedouble <= largest;
}

static bool is_whole(const cJSON *item, double least, double largest) {
  return is_within(item, least, largest) &&
         item->valuedouble == floor(item->valuedouble);
}

static Status read_count(const Line *line, const cJSON *item, uint64_t *out) {
  if (!is_whole(item, 1, most))
    return complain(line, item->string, "must be a whole number from 1");
  *out = (uint64_t)item->valuedouble;
  return STATUS_OK;
}

static Status read_signed(const Line *line, const cJSON *item, int64_t *out) {
  if (!is_whole(item, -most, most))
    return complain(line, item->string, "must be a whole number");
  *out = (int64_t)item->valuedouble;
  return STATUS_OK;
}

static Status read_time(const Line *line, const cJSON *item, uint64_t *ns) {
  if (!is_within(item, 0, day_ms))
    return complain(line, item->string,
                    "must be a number of milliseconds, at most a day");
  *ns = (uint64_t)llround(item->valuedouble * (double)NS_PER_MS);
  return STATUS_OK;
}

/* One of `count` words; its index. */
static Status read_word(const Line *line, const cJSON *item,
                        const char *const *words, int count, int *index) {
  for (int i = 0; i < count; i++) {
    if (!cJSON_IsString(item) || strcmp(words[i], item->valuestring) != 0)
      continue;
    *index = i;
    return STATUS_OK;
  }
  Buf what = {0};
  buf_add_text(&what, "must be one of");
  for (int i = 0; i < count; i++)
    buf_addf(&what, "%s \"%s\"", i ? "," : "", words[i]);
  Status status = complain(line, item->string, what.data);
  buf_free(&what);
  return status;
}

/* ---- keys ---------------------------------------------------------------- */

static Status read_fault(const Line *line, const cJSON *item) {
  const char *words[FAULT_COUNT];
  int index = 0;
  for (int i = 0; i < FAULT_COUNT; i++) words[i] = kinds[i].text;
  Status status = read_word(line, item, words, FAULT_COUNT, &index);
  line->rule->kind = (FaultKind)index;
  return status;
}

static Status read_match(const Line *line, const cJSON *item) {
  return read_slice(line, item, &line->rule->match);
}

static Status read_path(const Line *line, const cJSON *item) {
  return read_slice(line, item, &line->rule->path);
}

static Status read_from(const Line *line, const cJSON *item) {
  return read_count(line, item, &line->rule->from);
}

static Status read_to(const Line *line, const cJSON *item) {
  return read_count(line, item, &line->rule->to);
}

static Status read_times(const Line *line, const cJSON *item) {
  return read_count(line, item, &line->rule->times);
}

static Status read_probability(const Line *line, const cJSON *item) {
  if (!is_within(item, 0, 1))
    return complain(line, item->string, "must be a number from 0 to 1");
  line->rule->chance = item->valuedouble;
  line->rules->has_chance = true;
  return STATUS_OK;
}

static bool is_field_text(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < ' ') return false;
  return true;
}

static Status add_header(const Line *line, const char *name,
                         const char *value) {
  if (!name[0] || strpbrk(name, " :") || !is_field_text(name) ||
      !is_field_text(value))
    return complain(line, name, "is no header with a value of one line");
  buf_addf(&line->rule->headers, "%s: %s\r\n", name, value);
  return STATUS_OK;
}

static Status read_headers(const Line *line, const cJSON *item) {
  const cJSON *field;
  if (!cJSON_IsObject(item))
    return complain(line, item->string, "must be an object of texts");
  cJSON_ArrayForEach(field, item) {
    if (!cJSON_IsString(field))
      return complain(line, field->string, "must be a text");
    Status status = add_header(line, field->string, field->valuestring);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

static Status read_at(const Line *line, const cJSON *item) {
  static const char *const words[] = {"request", "accept", "header"};
  int index = 0;
  Status status = read_word(line, item, words, 3, &index);
  line->rule->at = (FaultAt)index;
  return status;
}

static Status read_bytes(const Line *line, const cJSON *item) {
  line->rule->has_offset = true;
  return read_signed(line, item, &line->rule->offset);
}

static Status read_events(const Line *line, const cJSON *item) {
  line->rule->has_events = true;
  return read_signed(line, item, &line->rule->offset);
}

static Status read_ms(const Line *line, const cJSON *item) {
  line->rule->has_wait = true;
  return read_time(line, item, &line->rule->wait_ns);
}

static Status read_piece(const Line *line, const cJSON *item) {
  if (!is_whole(item, 1, UINT32_MAX))
    return complain(line, item->string, "must be a number of bytes, from 1");
  line->rule->piece = (uint32_t)item->valuedouble;
  return STATUS_OK;
}

static Status read_framing(const Line *line, const cJSON *item) {
  static const char *const words[] = {"sound", "length", "chunked", "none"};
  int index = 0;
  Status status = read_word(line, item, words, 4, &index);
  line->rule->framing = (FaultFraming)index;
  return status;
}

static Status read_form(const Line *line, const cJSON *item) {
  static const char *const words[] = {
#define X(name, text, kind) text,
#include "server/fault_forms.def"
#undef X
  };
  int index = 0;
  Status status = read_word(line, item, words,
                            (int)(sizeof words / sizeof words[0]), &index);
  line->rule->form = (FaultForm)(index + 1);
  return status;
}

static Status read_by(const Line *line, const cJSON *item) {
  return read_signed(line, item, &line->rule->by);
}

static Status read_status(const Line *line, const cJSON *item) {
  if (!is_whole(item, 200, 599))
    return complain(line, item->string, "must be an HTTP code, 200 to 599");
  line->rule->status = (uint32_t)item->valuedouble;
  return STATUS_OK;
}

static Status read_retry_after(const Line *line, const cJSON *item) {
  if (cJSON_IsString(item))
    return add_header(line, "Retry-After", item->valuestring);
  if (!is_within(item, 0, day_ms))
    return complain(line, item->string, "must be seconds, or a text");
  buf_addf(&line->rule->headers, "Retry-After: %.15g\r\n", item->valuedouble);
  return STATUS_OK;
}

static Status read_retry_after_ms(const Line *line, const cJSON *item) {
  if (!is_within(item, 0, day_ms))
    return complain(line, item->string, "must be a number of milliseconds");
  buf_addf(&line->rule->headers, "retry-after-ms: %.15g\r\n",
           item->valuedouble);
  return STATUS_OK;
}

static Status read_retry_after_date(const Line *line, const cJSON *item) {
  if (!is_whole(item, 0, day_ms))
    return complain(line, item->string, "must be whole seconds from then on");
  line->rule->has_date = true;
  line->rule->date_s = (uint64_t)item->valuedouble;
  return STATUS_OK;
}

static Status read_body(const Line *line, const cJSON *item) {
  line->rule->has_body = true;
  return read_slice(line, item, &line->rule->body);
}

static Status read_rpm(const Line *line, const cJSON *item) {
  if (!is_within(item, 1e-3, 1e9))
    return complain(line, item->string, "must be requests a minute, above 0");
  line->rule->rpm = item->valuedouble;
  return STATUS_OK;
}

/* ---- a line -------------------------------------------------------------- */

typedef struct Key {
  const char *text;
  bool is_common;
  Status (*read)(const Line *line, const cJSON *item);
} Key;

static const Key keys[] = {
#define X(name, text, is_common) {#text, is_common, read_##text},
#include "server/fault_keys.def"
#undef X
};

static Status fail_unknown(const Line *line, const char *name) {
  Nearest nearest = nearest_new(slice_of(name), NULL);
  for (int i = 0; i < KEY_COUNT; i++)
    nearest_offer(&nearest, slice_of(keys[i].text));
  Slice found = nearest_found(&nearest);
  if (found.length == 0) return complain(line, name, "is no key of a rule");
  return error_set(line->error, STATUS_FORMAT,
                   "%s: \"%s\" is no key of a rule; did you mean \"%.*s\"?",
                   line->place, name, SLICE_ARG(found));
}

static Status read_item(const Line *line, const cJSON *root, const cJSON *item,
                        uint32_t *seen) {
  for (int i = 0; i < KEY_COUNT; i++) {
    if (strcmp(item->string, keys[i].text) != 0) continue;
    if (cJSON_GetObjectItemCaseSensitive(root, item->string) != item)
      return complain(line, item->string, "is there twice");
    if (!keys[i].is_common) *seen |= 1u << i;
    return keys[i].read(line, item);
  }
  return fail_unknown(line, item->string);
}

static bool form_suits(const FaultRule *rule) {
  static const FaultKind of_form[] = {
#define X(name, text, kind) FAULT_##kind,
#include "server/fault_forms.def"
#undef X
  };
  return of_form[rule->form - 1] == rule->kind;
}

static Status check_offset(const Line *line, const FaultRule *rule,
                           uint32_t seen) {
  bool has_offset = rule->has_offset || rule->has_events;
  if (rule->has_offset && rule->has_events)
    return complain(line, "events", "cannot stand beside \"bytes\"");
  if (has_offset && rule->at == FAULT_AT_ACCEPT)
    return complain(line, "at", "is before there are bytes to count");
  if (rule->has_events && (seen & KEY(AT)))
    return complain(line, "at", "cannot stand beside \"events\"");
  if (rule->at == FAULT_AT_REQUEST && (seen & KEY(AT)) && rule->offset < 0)
    return complain(line, "bytes", "must not be negative there");
  return STATUS_OK;
}

/* A connection that was just accepted has asked nothing yet. */
static Status check_accept(const Line *line, const FaultRule *rule) {
  if (!fault_is_at_accept(rule)) return STATUS_OK;
  if (rule->match.data)
    return complain(line, "match", "means nothing before there is a request");
  if (rule->path.data)
    return complain(line, "path", "means nothing before there is a request");
  if (rule->kind == FAULT_REFUSE && rule->chance < 1)
    return complain(line, "probability",
                    "cannot stand here: whom nobody "
                    "listens to is not counted");
  return STATUS_OK;
}

static Status check_rule(const Line *line, uint32_t seen) {
  FaultRule *rule = line->rule;
  uint32_t strange = seen & ~kinds[rule->kind].keys;
  for (int i = 0; i < KEY_COUNT; i++)
    if (strange & (1u << i))
      return error_set(line->error, STATUS_FORMAT,
                       "%s: \"%s\" means nothing for \"%s\"", line->place,
                       keys[i].text, kinds[rule->kind].text);
  bool needs_form = kinds[rule->kind].keys & KEY(FORM);
  if (needs_form && (!rule->form || !form_suits(rule)))
    return complain(line, "form", "is missing, or is not one of this fault");
  if (rule->kind == FAULT_STATUS && !rule->status)
    return complain(line, "status", "is missing");
  if (rule->kind == FAULT_LENGTH && !rule->by)
    return complain(line, "by", "is missing: what to add to the length");
  if (rule->kind == FAULT_LIMIT && rule->rpm == 0)
    return complain(line, "rpm", "is missing");
  if (rule->from > rule->to)
    return complain(line, "to", "must not be less than \"from\"");
  Status status = check_offset(line, rule, seen);
  return status == STATUS_OK ? check_accept(line, rule) : status;
}

/* What is not said. */
static void complete_rule(FaultRules *rules, FaultRule *rule, uint32_t seen) {
  bool counts = rule->has_offset || rule->has_events;
  if (counts && !(seen & KEY(AT))) rule->at = FAULT_AT_HEADER;
  if (rule->kind == FAULT_LIMIT)
    rule->buckets = ARENA_ARRAY(&rules->arena, FaultBucket, FAULT_CLIENTS);
}

/* A line that is nothing but {"seed": N}. */
static Status read_seed(FaultRules *rules, const char *place, const cJSON *item,
                        Error *error) {
  if (!is_whole(item, 0, most) || item->next || rules->has_seed)
    return error_set(error, STATUS_FORMAT,
                     "%s: \"seed\" must be a whole number, alone, and once",
                     place);
  rules->seed = (uint64_t)item->valuedouble;
  rules->has_seed = true;
  return STATUS_OK;
}

static Status read_rule(void *user, const char *place, const cJSON *root,
                        Error *error) {
  FaultRules *rules = user;
  const cJSON *item = root->child;
  uint32_t seen = 0;
  if (item && strcmp(item->string, "seed") == 0)
    return read_seed(rules, place, item, error);
  vec_push(&rules->rules,
           ((FaultRule){
               .from = 1, .to = UINT64_MAX, .times = UINT64_MAX, .chance = 1}));
  Line line = {rules, &rules->rules.data[rules->rules.length - 1], place,
               error};
  if (!cJSON_HasObjectItem(root, "fault"))
    return complain(&line, "fault", "is missing");
  for (; item; item = item->next) {
    Status status = read_item(&line, root, item, &seen);
    if (status != STATUS_OK) return status;
  }
  Status status = check_rule(&line, seen);
  if (status == STATUS_OK) complete_rule(rules, line.rule, seen);
  return status;
}

/* ---- the file ------------------------------------------------------------ */

const char *fault_text(FaultKind kind) {
  return kinds[kind].text;
}

bool fault_is_at_accept(const FaultRule *rule) {
  return rule->kind == FAULT_REFUSE || rule->at == FAULT_AT_ACCEPT;
}

bool fault_needs_reply(const FaultRule *rule) {
  bool is_later = rule->has_offset || rule->has_events || rule->has_wait ||
                  rule->at == FAULT_AT_HEADER;
  return kinds[rule->kind].needs_reply ||
         (is_later && rule->kind != FAULT_STATUS);
}

/* Short, so that it can be typed. */
static uint64_t random_seed(void) {
  uint32_t noise = (uint32_t)clock_now();
  if (getrandom(&noise, sizeof noise, GRND_NONBLOCK) < 0) noise *= 2654435761u;
  return noise;
}

Status fault_rules_load(const char *path, FaultRules *rules, Error *error) {
  *rules = (FaultRules){0};
  arena_init(&rules->arena);
  Status status =
      json_lines_load(path, LIMIT_REPLY_FILE_BYTES, read_rule, rules, error);
  if (status == STATUS_OK && !rules->has_seed) rules->seed = random_seed();
  return status;
}

void fault_rules_free(FaultRules *rules) {
  for (uint32_t i = 0; i < rules->rules.length; i++)
    buf_free(&rules->rules.data[i].headers);
  vec_free(&rules->rules);
  mem_free(rules->times);
  arena_free(&rules->arena);
}
