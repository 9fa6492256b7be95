/* SPDX-License-Identifier: MIT
 *
 * Latency profiles: small JSON files, the ones of share/sim built in. Each key
 * of a profile has a row in one table; what is not in the table is an error, so
 * a misspelt key never means "the default". Profiles come from outside: every
 * number has a range.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/limits.h"
#include "runtime/model/sim.h"

/* What is being read, for messages. */
typedef struct Reader {
  const char *name; /* file or profile */
  const cJSON *root;
  SimProfile *profile;
  Error *error;
} Reader;

static const double day_ms = 24 * 3600 * 1000.0;
static const double fastest = 1e9; /* tokens a second, capacity */

static Status complain(Reader *reader, const char *key, const char *what) {
  return error_set(reader->error, STATUS_FORMAT, "%s: \"%s\" %s", reader->name,
                   key, what);
}

/* ---- keys --------------------------------------------------------------- */

typedef Status ReadKey(Reader *reader, const cJSON *item);

static Status read_text(Reader *reader, const cJSON *item) {
  if (cJSON_IsString(item)) return STATUS_OK;
  return complain(reader, item->string, "must be a text");
}

static bool is_number_in(const cJSON *item, double low, double high) {
  return cJSON_IsNumber(item) && item->valuedouble >= low &&
         item->valuedouble <= high;
}

static Status read_latency(Reader *reader, const cJSON *item) {
  if (!is_number_in(item, 0, day_ms))
    return complain(reader, item->string,
                    "must be a number of milliseconds, at most a day");
  reader->profile->latency_ns =
      (uint64_t)llround(item->valuedouble * (double)NS_PER_MS);
  return STATUS_OK;
}

static Status read_capacity(Reader *reader, const cJSON *item) {
  if (!is_number_in(item, 0.001, fastest))
    return complain(reader, item->string, "must be a number from 0.001");
  reader->profile->rates.capacity = item->valuedouble;
  return STATUS_OK;
}

static Status read_list(Reader *reader, const cJSON *item, uint32_t limit,
                        double low, double high, double *out, uint32_t *count) {
  *count = 0;
  const cJSON *entry;
  if (!cJSON_IsArray(item))
    return complain(reader, item->string, "must be a list");
  cJSON_ArrayForEach(entry, item) {
    if (*count == limit) return complain(reader, item->string, "is too long");
    if (!is_number_in(entry, low, high))
      return complain(reader, item->string,
                      "has an entry that is no number or out of range");
    out[(*count)++] = entry->valuedouble;
  }
  if (*count) return STATUS_OK;
  return complain(reader, item->string, "is empty");
}

static Status read_rates(Reader *reader, const cJSON *item) {
  ShareRates *rates = &reader->profile->rates;
  return read_list(reader, item, SHARE_RATES, 0.001, 1, rates->rates,
                   &rates->count);
}

static Status read_sizes(Reader *reader, const cJSON *item) {
  SimProfile *profile = reader->profile;
  Status status = read_list(reader, item, SHARE_SIZES, 0, day_ms,
                            profile->sizes, &profile->size_count);
  for (uint32_t i = 0; i < profile->size_count; i++)
    profile->sizes[i] *= (double)NS_PER_MS;
  return status;
}

static Status read_pace(Reader *reader, const cJSON *item, double *token) {
  if (!is_number_in(item, 0.001, fastest))
    return complain(reader, item->string, "must be a number from 0.001");
  *token = (double)NS_PER_S / item->valuedouble;
  return STATUS_OK;
}

static Status read_prompt_pace(Reader *reader, const cJSON *item) {
  return read_pace(reader, item, &reader->profile->prompt_token);
}

static Status read_output_pace(Reader *reader, const cJSON *item) {
  return read_pace(reader, item, &reader->profile->output_token);
}

static const struct {
  const char *key;
  ReadKey *read;
  bool is_of_shared; /* the profile describes a shared server */
} keys[] = {
    {"name", read_text, false},
    {"about", read_text, false},
    {"argument", read_text, false},
    {"latency_ms", read_latency, false},
    {"rates", read_rates, true},
    {"capacity", read_capacity, true},
    {"sizes_ms", read_sizes, true},
    {"prompt_tokens_per_s", read_prompt_pace, true},
    {"output_tokens_per_s", read_output_pace, true},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static Status read_item(Reader *reader, const cJSON *item) {
  for (uint32_t i = 0; i < KEY_COUNT; i++) {
    if (strcmp(item->string, keys[i].key) != 0) continue;
    if (cJSON_GetObjectItemCaseSensitive(reader->root, item->string) != item)
      return complain(reader, item->string, "is there twice");
    reader->profile->is_shared |= keys[i].is_of_shared;
    return keys[i].read(reader, item);
  }
  return complain(reader, item->string, "is no key of a profile");
}

/* ---- the whole ---------------------------------------------------------- */

static bool has(const Reader *reader, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(reader->root, key) != NULL;
}

/* Either latency_ms; or a speed (rates, capacity) and a source of work. */
static Status check_whole(Reader *reader) {
  SimProfile *profile = reader->profile;
  if (!profile->is_shared) {
    if (has(reader, "latency_ms")) return STATUS_OK;
    return complain(reader, "latency_ms", "is missing");
  }
  if (has(reader, "latency_ms"))
    return complain(reader, "latency_ms",
                    "has no meaning beside the keys of a shared server");
  ShareRates *rates = &profile->rates;
  if (rates->count == 0 && rates->capacity == 0)
    return complain(reader, "capacity", "or \"rates\" is missing");
  if (rates->capacity == 0)
    rates->capacity = rates->rates[rates->count - 1] * rates->count;
  bool has_tokens = profile->prompt_token > 0 || profile->output_token > 0;
  if (profile->size_count == 0 && !has_tokens)
    return complain(reader, "sizes_ms",
                    "or \"output_tokens_per_s\" is missing");
  if (profile->size_count && has_tokens)
    return complain(reader, "sizes_ms",
                    "has no meaning beside tokens a second");
  return STATUS_OK;
}

static Status read_root(Reader *reader) {
  if (!cJSON_IsObject(reader->root))
    return error_set(reader->error, STATUS_FORMAT,
                     "%s: a profile is one JSON object", reader->name);
  const cJSON *item;
  cJSON_ArrayForEach(item, reader->root) {
    Status status = read_item(reader, item);
    if (status != STATUS_OK) return status;
  }
  return check_whole(reader);
}

/* "100", "100ms", "2s", "1.5s" in ms; negative when it is none of these. */
static double duration_ms(const char *text) {
  char *unit;
  if (*text < '0' || *text > '9') return -1;
  double value = strtod(text, &unit);
  if (strcmp(unit, "") == 0 || strcmp(unit, "ms") == 0) return value;
  return strcmp(unit, "s") == 0 ? value * 1000 : -1;
}

/* NAME:VALUE sets the key that the profile calls its argument. */
static Status apply_argument(Reader *reader, cJSON *root, const char *value) {
  if (!value) return STATUS_OK;
  const cJSON *argument = cJSON_GetObjectItemCaseSensitive(root, "argument");
  cJSON *target = NULL;
  if (cJSON_IsString(argument))
    target = cJSON_GetObjectItemCaseSensitive(root, argument->valuestring);
  if (!target)
    return error_set(reader->error, STATUS_USAGE,
                     "%s:%s: this latency profile takes no argument",
                     reader->name, value);
  double ms = duration_ms(value);
  if (!(ms >= 0 && ms <= day_ms))
    return error_set(reader->error, STATUS_USAGE,
                     "%s:%s: this latency profile takes a time: 100, 100ms, 2s",
                     reader->name, value);
  cJSON_SetNumberValue(target, ms);
  return STATUS_OK;
}

static Status read_profile(const char *name, Slice text, const char *value,
                           SimProfile *profile, Error *error) {
  Error cause = {0};
  cJSON *root = json_parse(text, &cause);
  if (!root)
    return error_set(error, STATUS_FORMAT, "%s: %s", name, cause.message);
  Reader reader = {name, root, profile, error};
  Status status = apply_argument(&reader, root, value);
  if (status == STATUS_OK) status = read_root(&reader);
  cJSON_Delete(root);
  return status;
}

static Status read_file(const char *path, SimProfile *profile, Error *error) {
  Buf text = {0};
  Status status = file_read(path, LIMIT_PROFILE_FILE_BYTES, &text, error);
  if (status == STATUS_OK)
    status = read_profile(path, buf_slice(&text), NULL, profile, error);
  buf_free(&text);
  return status;
}

static Status complain_unknown(const char *spec, Error *error) {
  Buf names = {0};
  for (uint32_t i = 0; i < sim_profile_file_count; i++)
    buf_addf(&names, "%s%s", i ? ", " : "", sim_profile_files[i].name);
  error_set(error, STATUS_USAGE,
            "there is no latency profile \"%s\"; there are: %s, and files"
            " (a path with a slash or ending in .json)",
            spec, names.data);
  buf_free(&names);
  return STATUS_USAGE;
}

static bool is_path(Slice spec) {
  return slice_contains(spec, SLICE("/")) ||
         slice_ends_with(spec, SLICE(".json"));
}

Status sim_profile_load(const char *spec, SimProfile *profile, Error *error) {
  *profile = (SimProfile){0};
  if (is_path(slice_of(spec))) return read_file(spec, profile, error);
  const char *colon = strchr(spec, ':');
  Slice name = slice_from(spec, colon ? (size_t)(colon - spec) : strlen(spec));
  for (uint32_t i = 0; i < sim_profile_file_count; i++) {
    const SimProfileFile *file = &sim_profile_files[i];
    if (!slice_equal_text(name, file->name)) continue;
    Slice text = slice_from((const char *)file->text, file->length);
    return read_profile(file->name, text, colon ? colon + 1 : NULL, profile,
                        error);
  }
  return complain_unknown(spec, error);
}

double sim_profile_work(const SimProfile *profile, const ModelRequest *request,
                        uint32_t position) {
  if (profile->size_count)
    return profile->sizes[position % profile->size_count];
  return request->input_tokens * profile->prompt_token +
         request->output_tokens * profile->output_token;
}
