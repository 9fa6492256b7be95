/* SPDX-License-Identifier: MIT
 *
 * options.c: every way to write an option, what is a word, which values are
 * refused and with what message.
 */
#include "cli/options.h"

#include <string.h>

#include "core/base/slice.h"
#include "tests/unit/unit.h"

enum { WORDS_MAX = 16 };

/* Reads a command line written with blanks between the words. */
typedef struct Line {
  char text[256];
  char *words[WORDS_MAX];
  int count;
  Options options;
  Error error;
  Status status;
} Line;

static void read_line(Line *line, const char *text) {
  *line = (Line){0};
  line->words[line->count++] = (char[]){"apxm"};
  size_t length = strlen(text);
  assert_true(length < sizeof line->text);
  memcpy(line->text, text, length + 1);
  for (char *at = line->text; *at;) {
    size_t size = strcspn(at, " ");
    assert_true(line->count < WORDS_MAX);
    line->words[line->count++] = at;
    at += size;
    if (*at) *at++ = '\0';
  }
  line->status =
      options_parse(line->count, line->words, &line->options, &line->error);
}

static void assert_words(const Line *line, const char *joined) {
  char words[256] = "";
  size_t length = 0;
  for (uint32_t i = 0; i < line->options.words.length; i++) {
    const char *word = line->options.words.data[i];
    if (i > 0) words[length++] = ' ';
    memcpy(words + length, word, strlen(word) + 1);
    length += strlen(word);
  }
  assert_string_equal(words, joined);
}

static void assert_value(const char *text, OptionId id, const char *value,
                         const char *words) {
  Line line;
  read_line(&line, text);
  if (line.status != STATUS_OK) fail_msg("%s: %s", text, line.error.message);
  assert_true(options_has(&line.options, id));
  if (value)
    assert_string_equal(line.options.value[id], value);
  else
    assert_null(line.options.value[id]);
  assert_words(&line, words);
  options_free(&line.options);
}

static void assert_refused(const char *text, const char *message) {
  Line line;
  read_line(&line, text);
  assert_int_equal(line.status, STATUS_USAGE);
  assert_string_equal(line.error.message, message);
  options_free(&line.options);
}

CASE(spellings) {
  (void)state;
  static const char *const ways[] = {
      "-O1 run f",   "-O 1 run f", "-O=1 run f", "run --opt-level 1 f",
      "run f -vO1",  "run f -O1",  "run -O 1 f", "--opt-level=1 run f",
      "run f -qO 1", "run f -O 1"};
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    Line line;
    read_line(&line, ways[i]);
    assert_int_equal(line.status, STATUS_OK);
    assert_int_equal(options_number(&line.options, OPTION_OPT_LEVEL, 9), 1);
    assert_words(&line, "run f");
    options_free(&line.options);
  }
}

CASE(words) {
  (void)state;
  assert_value("run f -q -5 -1.5 -.5 - a", OPTION_QUIET, NULL,
               "run f -5 -1.5 -.5 - a");
  assert_value("run -q f -- -q --json -- x", OPTION_QUIET, NULL,
               "run f -q --json -- x");
  assert_value("run f --flow=--x", OPTION_FLOW, "--x", "run f");
  assert_value("run --flow -1 f", OPTION_FLOW, "-1", "run f");
  assert_value("compile -o - f", OPTION_OUTPUT, "-", "compile f");
  assert_value("compile -ox f", OPTION_OUTPUT, "x", "compile f");
  Line line;
  read_line(&line, "");
  assert_int_equal(line.status, STATUS_OK);
  assert_int_equal(line.options.words.length, 0);
  options_free(&line.options);
}

CASE(repeated) {
  (void)state;
  Line line;
  read_line(&line, "run -vv --verbose -O0 -O2 f");
  assert_int_equal(line.options.given[OPTION_VERBOSE], 3);
  assert_int_equal(options_number(&line.options, OPTION_OPT_LEVEL, 1), 2);
  assert_int_equal(options_number(&line.options, OPTION_WORKERS, 7), 7);
  options_free(&line.options);
}

CASE(optional_values) {
  (void)state;
  OptionId id = OPTION_EMIT_METRICS;
  assert_value("run f --emit-metrics", id, NULL, "run f");
  assert_value("run --emit-metrics f.ais", id, NULL, "run f.ais");
  assert_value("run --emit-metrics f.apxmobj", id, NULL, "run f.apxmobj");
  assert_value("run --emit-metrics -q f", id, NULL, "run f");
  assert_value("run --emit-metrics -- f", id, NULL, "run f");
  assert_value("run --emit-metrics m.json f.ais", id, "m.json", "run f.ais");
  assert_value("run --emit-metrics - f.ais", id, "-", "run f.ais");
  assert_value("run --emit-metrics=f.ais g.ais", id, "f.ais", "run g.ais");
  assert_value("run f.ais --emit-metrics a b", id, "a", "run f.ais b");
  assert_refused("run --emit-metrics= f", "--emit-metrics needs FILE");
}

CASE(pairs) {
  (void)state;
  Line line;
  read_line(&line, "run f --arg a=1 --arg-file=b=c=d --arg a==");
  assert_int_equal(line.status, STATUS_OK);
  assert_int_equal(line.options.pairs.length, 3);
  assert_string_equal(line.options.pairs.data[0].text, "a=1");
  assert_int_equal(line.options.pairs.data[1].id, OPTION_ARG_FILE);
  assert_string_equal(line.options.pairs.data[1].text, "b=c=d");
  assert_string_equal(line.options.pairs.data[2].text, "a==");
  options_free(&line.options);
  assert_refused("run --arg a", "--arg needs NAME=VALUE, not `a`");
  assert_refused("run --arg =a", "--arg needs NAME=VALUE, not `=a`");
  assert_refused("run --arg= f", "--arg needs NAME=VALUE, not ``");
}

CASE(refused) {
  (void)state;
  assert_refused("run --flwo A.f f",
                 "unknown option `--flwo`; did you mean `--flow`?");
  assert_refused("run --optt-level=1",
                 "unknown option `--optt-level`; did you mean `--opt-level`?");
  assert_refused("run --something-else",
                 "unknown option `--something-else`; `apxm help COMMAND` "
                 "lists them");
  assert_refused("run -vX",
                 "unknown option `-X` in `-vX`; `apxm help COMMAND` lists "
                 "them, and `--` ends them");
  assert_refused("run --json=1", "--json takes no value");
  assert_refused("run --flow", "--flow needs AGENT.FLOW");
  assert_refused("run --flow --json", "--flow needs AGENT.FLOW");
  assert_refused("run --flow=", "--flow needs AGENT.FLOW");
  assert_refused("run --error-format xml",
                 "--error-format needs text|json, not `xml`");
  assert_refused("run --error-format text|json",
                 "--error-format needs text|json, not `text|json`");
}

CASE(numbers) {
  (void)state;
  static const char *const bad[] = {"4",   "-1", "1x", "0x1",
                                    "+1",  "",   " 1", "99999999999999999999",
                                    "1.0", "x"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char word[64] = "--opt-level=";
    size_t length = strlen(word);
    memcpy(word + length, bad[i], strlen(bad[i]) + 1);
    char *words[] = {(char[]){"apxm"}, word};
    Options options;
    Error error = {0};
    assert_int_equal(options_parse(2, words, &options, &error), STATUS_USAGE);
    assert_true(slice_contains(slice_of(error.message),
                               SLICE("-O (--opt-level) needs")));
    options_free(&options);
  }
  assert_refused("run --workers 0",
                 "--workers needs a whole number from 1 to 256, not `0`");
  assert_value("run --workers 256", OPTION_WORKERS, "256", "run");
}

CASE(allowed) {
  (void)state;
  Line line;
  read_line(&line, "check --workers 2 f");
  assert_int_equal(line.status, STATUS_OK);
  assert_int_equal(
      options_check(&line.options, "check", NULL, OPT(WORKERS), NULL),
      STATUS_OK);
  assert_int_equal(
      options_check(&line.options, "check", NULL, OPT(QUIET), &line.error),
      STATUS_USAGE);
  assert_string_equal(
      line.error.message,
      "`apxm check` has no option --workers; see `apxm help check`");
  line.error = (Error){0};
  assert_int_equal(options_check(&line.options, "check", "all", 0, &line.error),
                   STATUS_USAGE);
  assert_string_equal(
      line.error.message,
      "`apxm check all` has no option --workers; see `apxm help check`");
  options_free(&line.options);
}

/* Letters and names are unique, every word of the walk has its kind, and what
 * it does fits into a line of help, whose first 33 columns are names. */
CASE(table) {
  (void)state;
  for (int i = 0; i < OPTION_COUNT; i++) {
    const OptionInfo *info = &option_table[i];
    assert_non_null(info->text);
    assert_true(strlen(info->text) <= 80 - 33);
    assert_int_equal(info->kind == OPTION_KIND_FLAG, info->value == NULL);
    if (info->kind == OPTION_KIND_NUMBER)
      assert_true(info->minimum < info->maximum);
    for (int k = 0; k < i; k++) {
      assert_string_not_equal(info->name, option_table[k].name);
      if (info->letter)
        assert_int_not_equal(info->letter, option_table[k].letter);
    }
  }
  assert_true(OPTION_COUNT <= 64);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(spellings), cmocka_unit_test(words),
      cmocka_unit_test(repeated),  cmocka_unit_test(optional_values),
      cmocka_unit_test(pairs),     cmocka_unit_test(refused),
      cmocka_unit_test(numbers),   cmocka_unit_test(allowed),
      cmocka_unit_test(table),
  };
  return RUN(cases);
}
