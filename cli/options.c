/* SPDX-License-Identifier: MIT
 *
 * One walk over the words. What an option is stands in options.def; this file
 * knows only the kinds. Options are not looked up by command here, so that the
 * command may come after them; options_check does that once it is known.
 */
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/nearest.h"
#include "core/base/slice.h"
#include "core/base/unit.h"

const OptionInfo option_table[OPTION_COUNT] = {
#define X(id, name, letter, kind, value, minimum, maximum, standard, text) \
  {name, letter, OPTION_KIND_##kind, value, minimum, maximum, standard, text},
#include "cli/options.def"
#undef X
};

/* The walk. */
typedef struct Walk {
  int argc;
  char *const *argv;
  int at; /* the word being read */
  Options *options;
  Error *error;
} Walk;

/* How messages call an option: "--workers", "-O (--opt-level)". */
static const char *shown(OptionId id, char *out, size_t size) {
  const OptionInfo *info = &option_table[id];
  if (info->letter)
    snprintf(out, size, "-%c (--%s)", info->letter, info->name);
  else
    snprintf(out, size, "--%s", info->name);
  return out;
}

/* "OPTION needs WHAT, not `TEXT`", or without a text just what it needs. */
static Status fail_value(Walk *walk, OptionId id, const char *what,
                         const char *text) {
  char name[64];
  shown(id, name, sizeof name);
  if (!text)
    return error_set(walk->error, STATUS_USAGE, "%s needs %s", name, what);
  return error_set(walk->error, STATUS_USAGE, "%s needs %s, not `%s`", name,
                   what, text);
}

/* ---- values -------------------------------------------------------------- */

static bool is_number_word(const char *word) {
  const char *digit = word + 1 + (word[0] == '-' && word[1] == '.');
  return word[0] == '-' && *digit >= '0' && *digit <= '9';
}

/* A lone dash is a file name, a negative number a value. */
static bool is_option_word(const char *word) {
  return word[0] == '-' && word[1] != '\0' && !is_number_word(word);
}

static bool is_program_word(const char *word) {
  Slice s = slice_of(word);
  return slice_ends_with(s, SLICE(".ais")) ||
         slice_ends_with(s, SLICE(".apxmobj"));
}

static Status check_number(Walk *walk, OptionId id, const char *text) {
  const OptionInfo *info = &option_table[id];
  char *end = NULL;
  char what[64];
  errno = 0;
  long number = strtol(text, &end, 10);
  bool whole = text[0] >= '0' && text[0] <= '9' && *end == '\0';
  if (whole && errno == 0 && number >= info->minimum &&
      number <= info->maximum) {
    walk->options->number[id] = (int32_t)number;
    return STATUS_OK;
  }
  snprintf(what, sizeof what, "a whole number from %d to %d", info->minimum,
           info->maximum);
  return fail_value(walk, id, what, text);
}

static Status check_time(Walk *walk, OptionId id, const char *text) {
  const uint64_t day = 24 * 3600 * NS_PER_S;
  if (unit_read(slice_of(text), unit_times, day, &walk->options->ns[id]))
    return STATUS_OK;
  return fail_value(walk, id,
                    "a whole number with its unit, from 1ms to 24h (250ms, "
                    "10s, 2m)",
                    text);
}

static Status check_choice(Walk *walk, OptionId id, const char *text) {
  const OptionInfo *info = &option_table[id];
  size_t length = strlen(text);
  for (const char *word = info->value; *word;) {
    size_t size = strcspn(word, "|");
    if (size == length && memcmp(word, text, size) == 0) return STATUS_OK;
    word += size + (word[size] == '|');
  }
  return fail_value(walk, id, info->value, text);
}

static Status check_pair(Walk *walk, OptionId id, const char *text) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return fail_value(walk, id, option_table[id].value, text);
  vec_push(&walk->options->pairs, ((OptionPair){id, text}));
  return STATUS_OK;
}

/* `text` is the value; NULL for a FLAG and where a MAYBE was given none. */
static Status keep(Walk *walk, OptionId id, const char *text) {
  const OptionInfo *info = &option_table[id];
  walk->options->given[id]++;
  walk->options->value[id] = text;
  if (!text) return STATUS_OK;
  if (text[0] == '\0' && info->kind != OPTION_KIND_PAIR)
    return fail_value(walk, id, info->value, NULL);
  if (info->kind == OPTION_KIND_NUMBER) return check_number(walk, id, text);
  if (info->kind == OPTION_KIND_TIME) return check_time(walk, id, text);
  if (info->kind == OPTION_KIND_CHOICE) return check_choice(walk, id, text);
  if (info->kind == OPTION_KIND_PAIR) return check_pair(walk, id, text);
  return STATUS_OK;
}

/* The value is the next word, if that can be one. */
static Status take_next(Walk *walk, OptionId id) {
  const OptionInfo *info = &option_table[id];
  bool is_last = walk->at + 1 >= walk->argc;
  const char *next = is_last ? NULL : walk->argv[walk->at + 1];
  bool usable = next && !is_option_word(next);
  if (info->kind == OPTION_KIND_MAYBE && (!usable || is_program_word(next)))
    return keep(walk, id, NULL);
  if (!usable) return fail_value(walk, id, info->value, NULL);
  walk->at++;
  return keep(walk, id, next);
}

/* ---- names --------------------------------------------------------------- */

static bool find_name(Slice name, OptionId *id) {
  for (int i = 0; i < OPTION_COUNT; i++) {
    if (!slice_equal_text(name, option_table[i].name)) continue;
    *id = (OptionId)i;
    return true;
  }
  return false;
}

static bool find_letter(char letter, OptionId *id) {
  for (int i = 0; i < OPTION_COUNT; i++) {
    if (option_table[i].letter != letter) continue;
    *id = (OptionId)i;
    return true;
  }
  return false;
}

static Status fail_unknown(Walk *walk, Slice name) {
  Nearest nearest = nearest_new(name, NULL);
  for (int i = 0; i < OPTION_COUNT; i++)
    nearest_offer(&nearest, slice_of(option_table[i].name));
  Slice near = nearest_found(&nearest);
  if (near.length > 0)
    return error_set(walk->error, STATUS_USAGE,
                     "unknown option `--%.*s`; did you mean `--%.*s`?",
                     SLICE_ARG(name), SLICE_ARG(near));
  return error_set(walk->error, STATUS_USAGE,
                   "unknown option `--%.*s`; `apxm help COMMAND` lists them",
                   SLICE_ARG(name));
}

/* "--name", "--name=value", "--name value". */
static Status read_long(Walk *walk, const char *word) {
  size_t length = strcspn(word, "=");
  Slice name = slice_from(word, length);
  const char *value = word[length] == '=' ? word + length + 1 : NULL;
  OptionId id;
  if (!find_name(name, &id)) return fail_unknown(walk, name);
  if (option_table[id].kind != OPTION_KIND_FLAG)
    return value ? keep(walk, id, value) : take_next(walk, id);
  if (value)
    return error_set(walk->error, STATUS_USAGE, "--%s takes no value",
                     option_table[id].name);
  return keep(walk, id, NULL);
}

/* "-v", "-vq", "-O1", "-O 1", "-O=1". */
static Status read_short(Walk *walk, const char *word) {
  for (const char *letter = word; *letter; letter++) {
    OptionId id;
    if (!find_letter(*letter, &id))
      return error_set(walk->error, STATUS_USAGE,
                       "unknown option `-%c` in `-%s`; `apxm help COMMAND` "
                       "lists them, and `--` ends them",
                       *letter, word);
    if (option_table[id].kind != OPTION_KIND_FLAG) {
      const char *value = letter + 1 + (letter[1] == '=');
      return letter[1] ? keep(walk, id, value) : take_next(walk, id);
    }
    Status status = keep(walk, id, NULL);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

static Status read_word(Walk *walk, const char *word) {
  if (!is_option_word(word)) {
    vec_push(&walk->options->words, word);
    return STATUS_OK;
  }
  if (word[1] == '-') return read_long(walk, word + 2);
  return read_short(walk, word + 1);
}

Status options_parse(int argc, char *const *argv, Options *options,
                     Error *error) {
  Walk walk = {
      .argc = argc, .argv = argv, .at = 1, .options = options, .error = error};
  Status status = STATUS_OK;
  *options = (Options){0};
  for (; walk.at < argc && strcmp(argv[walk.at], "--") != 0; walk.at++) {
    if (read_word(&walk, argv[walk.at]) == STATUS_OK) continue;
    status = STATUS_USAGE;
  }
  for (walk.at++; walk.at < argc; walk.at++)
    vec_push(&options->words, argv[walk.at]);
  return status;
}

void options_free(Options *options) {
  vec_free(&options->pairs);
  vec_free(&options->words);
}

Status options_check(const Options *options, const char *command,
                     const char *part, uint64_t allowed, Error *error) {
  for (int i = 0; i < OPTION_COUNT; i++) {
    if (options->given[i] == 0 || (allowed >> i & 1)) continue;
    return error_set(error, STATUS_USAGE,
                     "`apxm %s%s%s` has no option --%s; see `apxm help %s`",
                     command, part ? " " : "", part ? part : "",
                     option_table[i].name, command);
  }
  return STATUS_OK;
}

int32_t options_number(const Options *options, OptionId id, int32_t standard) {
  return options_has(options, id) ? options->number[id] : standard;
}
