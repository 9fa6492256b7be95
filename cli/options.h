/* SPDX-License-Identifier: MIT
 *
 * The command line, read once: options anywhere between the words, `--` ends
 * them. `-O1`, `-O 1`, `--opt-level 1` and `--opt-level=1` are one; `-vq` is
 * `-v -q`. A word such as -5 is a number, not an option. Values are checked
 * here against options.def, so commands read them without asking again.
 *
 * A MAYBE option takes `=FILE`, or the next word, unless that begins with `-`
 * (a lone `-` is standard output) or ends in .ais or .apxmobj.
 */
#ifndef APXM_CLI_OPTIONS_H
#define APXM_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/base/vec.h"

typedef enum OptionId {
#define X(id, name, letter, kind, value, minimum, maximum, standard, text) \
  OPTION_##id,
#include "cli/options.def"
#undef X
  OPTION_COUNT
} OptionId;

/* The set of options a command takes. */
#define OPT(id) (UINT64_C(1) << OPTION_##id)

typedef enum OptionKind {
  OPTION_KIND_FLAG,
  OPTION_KIND_TEXT,
  OPTION_KIND_NUMBER,
  OPTION_KIND_TIME,
  OPTION_KIND_CHOICE,
  OPTION_KIND_PAIR,
  OPTION_KIND_FILE,
  OPTION_KIND_MAYBE
} OptionKind;

typedef struct OptionInfo {
  const char *name; /* long form, without the dashes */
  char letter;      /* short form, or 0 */
  OptionKind kind;
  const char *value; /* what help calls the value; the words of a CHOICE */
  int32_t minimum, maximum; /* of a NUMBER */
  const char *standard;     /* what holds without it, or NULL */
  const char *text;         /* one line of help */
} OptionInfo;

extern const OptionInfo option_table[OPTION_COUNT];

/* One --arg or --arg-file. */
typedef struct OptionPair {
  OptionId id;
  const char *text; /* "name=value" */
} OptionPair;

/* Strings point into argv. */
typedef struct Options {
  uint32_t given[OPTION_COUNT];    /* how often */
  const char *value[OPTION_COUNT]; /* the last one; NULL without a value */
  int32_t number[OPTION_COUNT];    /* of a NUMBER that was given */
  uint64_t ns[OPTION_COUNT];       /* of a TIME; 0: not given */
  VEC(OptionPair) pairs;           /* in order */
  VEC(const char *) words;         /* what is no option; the command first */
} Options;

/* Reads argv[1 .. argc - 1]. STATUS_USAGE with a message that names the option
 * and, for an unknown one, the nearest; the words after it are read all the
 * same, since they may say how messages look. Free with options_free in any
 * case. */
Status options_parse(int argc, char *const *argv, Options *options,
                     Error *error) MUST_USE;
void options_free(Options *options);

/* STATUS_USAGE when one was given that is not in `allowed`. `part`: the word
 * after the command that decides about them, or NULL. */
Status options_check(const Options *options, const char *command,
                     const char *part, uint64_t allowed, Error *error) MUST_USE;

static inline bool options_has(const Options *options, OptionId id) {
  return options->given[id] > 0;
}
/* The number given, else `standard`. */
int32_t options_number(const Options *options, OptionId id, int32_t standard);

#endif
