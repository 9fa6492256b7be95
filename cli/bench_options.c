/* SPDX-License-Identifier: MIT
 *
 * One loop over the words; what a word means stands in the tables.
 */
#include "cli/bench_options.h"

#include <stdlib.h>
#include <string.h>

/* ---- values -------------------------------------------------------------- */

static bool parse_number(const char *text, const BenchOption *option,
                         uint32_t *out, const char **end) {
  char *stop = NULL;
  if (*text < '0' || *text > '9') return false;
  unsigned long value = strtoul(text, &stop, 10);
  *end = stop;
  *out = (uint32_t)value;
  return value >= option->low && value <= option->high;
}

static bool parse_one(const char *text, const BenchOption *option) {
  const char *end;
  return parse_number(text, option, option->target, &end) && *end == '\0';
}

/* "1000,100000" */
static bool parse_list(const char *text, const BenchOption *option) {
  BenchList *list = option->target;
  for (list->count = 0; list->count < BENCH_LIST_MAX;) {
    if (!parse_number(text, option, &list->at[list->count++], &text))
      return false;
    if (*text == '\0') return true;
    if (*text++ != ',') return false;
  }
  return false;
}

static bool parse_value(const char *text, const BenchOption *option) {
  switch (option->kind) {
    case BENCH_OPTION_LIST:
      return parse_list(text, option);
    case BENCH_OPTION_NUMBER:
      return parse_one(text, option);
    case BENCH_OPTION_TEXT:
      *(const char **)option->target = text;
      return true;
    case BENCH_OPTION_WORD:
      return option->read(text, option->target);
  }
  return false;
}

/* ---- words --------------------------------------------------------------- */

/* Those that take no value. */
static bool read_flag(const char *word, BenchRequest *request) {
  bool wants_help = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
  request->help = request->help || wants_help;
  request->json = request->json || strcmp(word, "--json") == 0;
  return wants_help || strcmp(word, "--json") == 0;
}

static const BenchOption *find(const BenchUsage *usage,
                               const BenchOption *output, Slice name) {
  if (slice_equal(name, SLICE("-o")) || slice_equal(name, SLICE("--output")))
    return output;
  for (uint32_t i = 0; i < usage->option_count; i++)
    if (slice_equal(name, slice_of(usage->options[i].name)))
      return &usage->options[i];
  return NULL;
}

/* One option: `word` is "--name" or "--name=value", `next` the word after it
 * or NULL. `used`: whether that was its value. */
static Status read_option(const BenchUsage *usage, const BenchOption *output,
                          const char *word, const char *next, bool *used,
                          Error *error) {
  const char *equals = word[0] == '-' ? strchr(word, '=') : NULL;
  const char *value = equals ? equals + 1 : next;
  Slice name = slice_of(word);
  if (equals) name.length = (size_t)(equals - word);
  const BenchOption *option = find(usage, output, name);
  if (!option)
    return error_set(error, STATUS_USAGE,
                     "`apxm bench %s` does not take `%s`; see `apxm bench %s "
                     "--help`",
                     usage->name, word, usage->name);
  if (!value || !*value)
    return error_set(error, STATUS_USAGE,
                     "%s needs a value; see `apxm bench %s --help`",
                     option->name, usage->name);
  *used = !equals;
  if (parse_value(value, option)) return STATUS_OK;
  return error_set(error, STATUS_USAGE,
                   "%s cannot be `%s`; see `apxm bench %s --help`",
                   option->name, value, usage->name);
}

Status bench_options_read(const BenchUsage *usage, int count,
                          char *const *words, BenchRequest *request,
                          Error *error) {
  const BenchOption output = {.name = "--output",
                              .kind = BENCH_OPTION_TEXT,
                              .target = &request->output};
  for (int i = 0; i < count; i++) {
    const char *next = i + 1 < count ? words[i + 1] : NULL;
    bool used = false;
    if (read_flag(words[i], request)) continue;
    Status status = read_option(usage, &output, words[i], next, &used, error);
    if (status != STATUS_OK) return status;
    i += used;
  }
  return STATUS_OK;
}

/* ---- help ---------------------------------------------------------------- */

static void add_line(const char *name, const char *value, const char *text,
                     Buf *out) {
  enum { NAME_WIDTH = 20 };
  size_t width = strlen(name) + strlen(value) + 1;
  buf_addf(out, "  %s %s", name, value);
  buf_add_repeat(out, ' ', width < NAME_WIDTH ? NAME_WIDTH - width : 1);
  buf_addf(out, "%s\n", text);
}

void bench_options_help(const BenchUsage *usage, Buf *out) {
  buf_addf(out, "usage: apxm bench %s [OPTION...]\n\n%s\n", usage->name,
           usage->summary);
  buf_add_text(out, "options [what holds without]:\n");
  for (uint32_t i = 0; i < usage->option_count; i++)
    add_line(usage->options[i].name, usage->options[i].value,
             usage->options[i].text, out);
  add_line("--json", "", "the document instead of the table", out);
  add_line("-o, --output", "FILE", "also write the document", out);
}
