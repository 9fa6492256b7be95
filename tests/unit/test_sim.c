/* SPDX-License-Identifier: MIT
 *
 * The embedded model's files and texts: which profiles are taken and what is
 * said of the others, which rule answers, and that made-up replies depend on
 * the request alone.
 */
#include "runtime/model/sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "runtime/model/provider.h"
#include "tests/unit/unit.h"

static void write_temp(char *path, int suffix, const char *text) {
  Error error = {0};
  int fd = mkstemps(path, suffix);
  assert_true(fd >= 0);
  assert_int_equal(file_write_fd(fd, slice_of(text), &error), STATUS_OK);
  close(fd);
}

static void expect_part(const Error *error, const char *part) {
  if (!slice_contains(slice_of(error->message), slice_of(part)))
    fail_msg("\"%s\" lacks \"%s\"", error->message, part);
}

static void make_request(ModelRequest *request, const char *operation,
                         const char *prompt) {
  *request =
      (ModelRequest){.operation = slice_of(operation), .temperature = NAN};
  buf_add_text(&request->prompt, prompt);
}

/* ---- profiles ----------------------------------------------------------- */

static uint64_t latency_of(const char *spec) {
  SimProfile profile;
  Error error = {0};
  if (sim_profile_load(spec, &profile, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  assert_false(profile.is_shared);
  return profile.latency_ns;
}

CASE(profiles_of_a_fixed_time) {
  (void)state;
  assert_int_equal(latency_of("instant"), 0);
  assert_int_equal(latency_of("fixed"), 100 * NS_PER_MS);
  assert_int_equal(latency_of("fixed:250"), 250 * NS_PER_MS);
  assert_int_equal(latency_of("fixed:100ms"), 100 * NS_PER_MS);
  assert_int_equal(latency_of("fixed:2s"), 2 * NS_PER_S);
  assert_int_equal(latency_of("fixed:0.5"), NS_PER_MS / 2);
  assert_int_equal(latency_of("fixed:0"), 0);
}

CASE(every_built_in_profile_loads) {
  (void)state;
  for (uint32_t i = 0; i < sim_profile_file_count; i++) {
    SimProfile profile;
    Error error = {0};
    if (sim_profile_load(sim_profile_files[i].name, &profile, &error) !=
        STATUS_OK)
      fail_msg("%s", error.message);
  }
}

CASE(tokens_count_work) {
  (void)state;
  SimProfile profile;
  Error error = {0};
  ModelRequest request = {.input_tokens = 400, .output_tokens = 40};
  assert_int_equal(sim_profile_load("tokens", &profile, &error), STATUS_OK);
  assert_true(profile.is_shared);
  double ms = sim_profile_work(&profile, &request, 0) / 1e6;
  assert_true(fabs(ms - (400 / 4.0 + 40 / 0.08)) < 1e-6);
  assert_true(share_rate(&profile.rates, 8) == 1);
  assert_true(share_rate(&profile.rates, 16) == 0.5);
}

static void expect_no_profile(const char *spec, const char *part) {
  SimProfile profile;
  Error error = {0};
  assert_int_equal(sim_profile_load(spec, &profile, &error), STATUS_USAGE);
  expect_part(&error, part);
}

CASE(unknown_profiles_are_refused) {
  (void)state;
  const char *all = "instant, fixed, tokens, workload4";
  expect_no_profile("", all);
  expect_no_profile("fast", all);
  expect_no_profile("fixe:100", all);
  expect_no_profile("fixed:", "takes a time");
  expect_no_profile("fixed:abc", "takes a time");
  expect_no_profile("fixed:-1", "takes a time");
  expect_no_profile("fixed:1h", "takes a time");
  expect_no_profile("fixed:nan", "takes a time");
  expect_no_profile("fixed:1e99", "takes a time");
  expect_no_profile("instant:5", "takes no argument");
  expect_no_profile("workload4:5", "takes no argument");
}

static Status load_text(const char *text, SimProfile *profile, Error *error) {
  char path[] = "/tmp/apxm-profile-XXXXXX.json";
  write_temp(path, 5, text);
  Status status = sim_profile_load(path, profile, error);
  if (status != STATUS_OK) expect_part(error, path);
  unlink(path);
  return status;
}

CASE(profile_from_a_file) {
  (void)state;
  SimProfile profile;
  Error error = {0};
  const char *text =
      "{\"name\": \"mine\", \"rates\": [1, 0.5], \"sizes_ms\": [10, 20, 30]}";
  assert_int_equal(load_text(text, &profile, &error), STATUS_OK);
  assert_true(profile.is_shared);
  assert_true(profile.rates.capacity == 1);
  for (uint32_t i = 0; i < 9; i++)
    assert_true(sim_profile_work(&profile, NULL, i) == 1e7 * (1 + i % 3));
}

static void expect_bad_file(const char *text, const char *part) {
  SimProfile profile;
  Error error = {0};
  assert_int_equal(load_text(text, &profile, &error), STATUS_FORMAT);
  expect_part(&error, part);
}

CASE(bad_profile_files_are_refused) {
  (void)state;
  expect_bad_file("", "line 1");
  expect_bad_file("[1]", "one JSON object");
  expect_bad_file("{}", "\"latency_ms\" is missing");
  expect_bad_file("{\"latency\": 5}", "\"latency\" is no key");
  expect_bad_file("{\"latency_ms\": \"5\"}", "\"latency_ms\" must be");
  expect_bad_file("{\"latency_ms\": -5}", "\"latency_ms\" must be");
  expect_bad_file("{\"latency_ms\": 1, \"latency_ms\": 2}", "twice");
  expect_bad_file("{\"latency_ms\": 1, \"capacity\": 2}", "\"latency_ms\" has");
  expect_bad_file("{\"capacity\": 0, \"sizes_ms\": [1]}", "\"capacity\" must");
  expect_bad_file("{\"capacity\": 1}", "\"sizes_ms\" or");
  expect_bad_file("{\"sizes_ms\": [1]}", "\"capacity\" or");
  expect_bad_file("{\"capacity\": 1, \"sizes_ms\": []}", "is empty");
  expect_bad_file("{\"capacity\": 1, \"sizes_ms\": [1, null]}", "an entry");
  expect_bad_file("{\"rates\": [2], \"sizes_ms\": [1]}", "an entry");
  expect_bad_file("{\"rates\": 1, \"sizes_ms\": [1]}", "must be a list");
  expect_bad_file(
      "{\"capacity\": 1, \"sizes_ms\": [1], \"output_tokens_per_s\": 5}",
      "\"sizes_ms\" has no meaning");
  expect_bad_file("{\"capacity\": 1, \"output_tokens_per_s\": 0}",
                  "\"output_tokens_per_s\" must");
}

CASE(missing_profile_file_is_named) {
  (void)state;
  SimProfile profile;
  Error error = {0};
  assert_int_not_equal(sim_profile_load("/nowhere/p", &profile, &error),
                       STATUS_OK);
  expect_part(&error, "/nowhere/p");
}

CASE(long_lists_meet_a_limit) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "{\"capacity\": 1, \"sizes_ms\": [1");
  for (int i = 0; i < SHARE_SIZES; i++) buf_add_text(&text, ", 1");
  buf_add_text(&text, "]}");
  expect_bad_file(text.data, "too long");
  buf_free(&text);
}

/* ---- rules -------------------------------------------------------------- */

static Status load_rules(const char *text, SimRules *rules, Error *error) {
  char path[] = "/tmp/apxm-rules-XXXXXX";
  write_temp(path, 0, text);
  Status status = sim_rules_load(path, rules, error);
  if (status != STATUS_OK) expect_part(error, path);
  unlink(path);
  return status;
}

static void expect_reply(SimRules *rules, const char *operation,
                         const char *prompt, const char *reply) {
  ModelRequest request;
  make_request(&request, operation, prompt);
  const SimRule *rule = sim_rules_take(rules, &request);
  if (!reply) {
    assert_null(rule);
  } else {
    assert_non_null(rule);
    assert_true(slice_equal_text(rule->reply, reply));
  }
  model_request_clear(&request);
}

CASE(first_rule_that_fits_answers) {
  (void)state;
  SimRules rules;
  Error error = {0};
  const char *text =
      "// how the test answers\n"
      "\n"
      "{\"prompt\": \"exact\", \"reply\": \"1\"}\r\n"
      "  {\"match\": \"part\", \"op\": \"think\", \"reply\": \"2\"}\n"
      "{\"match\": \"part\", \"reply\": \"3\", \"times\": 2}\n"
      "{\"match\": \"part\", \"prompt\": \"a part\", \"reply\": \"4\"}\n"
      "{\"op\": \"reason\", \"error\": \"no\"}";
  assert_int_equal(load_rules(text, &rules, &error), STATUS_OK);
  expect_reply(&rules, "ask", "exact", "1");
  expect_reply(&rules, "ask", "exactly", NULL);
  expect_reply(&rules, "think", "a part of", "2");
  expect_reply(&rules, "ask", "a part of", "3");
  expect_reply(&rules, "ask", "a part", "3");
  expect_reply(&rules, "ask", "a part", "4");
  expect_reply(&rules, "ask", "a part of", NULL);
  expect_reply(&rules, "reason", "anything", "no");
  expect_reply(&rules, "reason", "", "no");
  sim_rules_free(&rules);
}

CASE(rules_are_used_up_in_order) {
  (void)state;
  enum { RULES = 1000 };
  SimRules rules;
  Error error = {0};
  Buf text = {0};
  for (int i = 0; i < RULES; i++)
    buf_addf(&text, "{\"reply\": \"%d\", \"times\": 1}\n", i);
  assert_int_equal(load_rules(text.data, &rules, &error), STATUS_OK);
  for (int i = 0; i < RULES; i++) {
    char wanted[16];
    snprintf(wanted, sizeof wanted, "%d", i);
    expect_reply(&rules, "ask", "x", wanted);
  }
  expect_reply(&rules, "ask", "x", NULL);
  sim_rules_free(&rules);
  buf_free(&text);
}

CASE(rule_has_latency_and_error) {
  (void)state;
  SimRules rules;
  Error error = {0};
  ModelRequest request;
  make_request(&request, "ask", "x");
  assert_int_equal(
      load_rules("{\"error\": \"overloaded\", \"latency_ms\": 1.5}", &rules,
                 &error),
      STATUS_OK);
  const SimRule *rule = sim_rules_take(&rules, &request);
  assert_true(rule->is_error);
  assert_true(rule->has_latency);
  assert_int_equal(rule->latency_ns, 1500000);
  sim_rules_free(&rules);
  model_request_clear(&request);
}

CASE(empty_reply_is_a_reply) {
  (void)state;
  SimRules rules;
  Error error = {0};
  assert_int_equal(load_rules("{\"reply\": \"\"}", &rules, &error), STATUS_OK);
  expect_reply(&rules, "ask", "x", "");
  sim_rules_free(&rules);
}

static void expect_bad_rules(const char *text, const char *part) {
  SimRules rules;
  Error error = {0};
  assert_int_equal(load_rules(text, &rules, &error), STATUS_FORMAT);
  expect_part(&error, part);
  sim_rules_free(&rules);
}

CASE(bad_rules_are_refused) {
  (void)state;
  expect_bad_rules("{\"reply\": \"x\"}\n\n// c\n{\"replay\": \"x\"}",
                   ":4: \"replay\" is no key");
  expect_bad_rules("{\"reply\": \"x\"", ":1: ");
  expect_bad_rules("\"x\"", "one JSON object");
  expect_bad_rules("{}", ":1: \"reply\" or \"error\" is missing");
  expect_bad_rules("{\"match\": \"x\"}", "is missing");
  expect_bad_rules("{\"reply\": 5}", "\"reply\" must be a text");
  expect_bad_rules("{\"reply\": null}", "\"reply\" must be a text");
  expect_bad_rules("{\"reply\": \"x\", \"reply\": \"y\"}", "twice");
  expect_bad_rules("{\"reply\": \"x\", \"error\": \"y\"}", "beside");
  expect_bad_rules("{\"reply\": \"x\", \"op\": \"print\"}", "\"op\" is no");
  expect_bad_rules("{\"reply\": \"x\", \"op\": \"aks\"}", "\"op\" is no");
  expect_bad_rules("{\"reply\": \"x\", \"times\": 0}", "\"times\" must");
  expect_bad_rules("{\"reply\": \"x\", \"times\": 1.5}", "\"times\" must");
  expect_bad_rules("{\"reply\": \"x\", \"latency_ms\": -1}", "\"latency_ms\"");
  expect_bad_rules("{\"reply\": \"x\", \"latency_ms\": \"1\"}",
                   "\"latency_ms\"");
}

/* ---- made-up replies ---------------------------------------------------- */

static Buf reply_to(const char *operation, const char *prompt,
                    const char *system, uint32_t max_tokens) {
  ModelRequest request;
  Buf reply = {0};
  make_request(&request, operation, prompt);
  request.system = slice_of(system);
  request.max_tokens = max_tokens;
  sim_text_add(&request, &reply);
  model_request_clear(&request);
  return reply;
}

CASE(equal_requests_get_equal_replies) {
  (void)state;
  Buf replies[] = {
      reply_to("ask", "Name a colour.", "", 0),
      reply_to("ask", "Name a colour.", "", 0),
      reply_to("think", "Name a colour.", "", 0),
      reply_to("ask", "Name a colour!", "", 0),
      reply_to("ask", "Name a colour.", "be brief", 0),
  };
  assert_string_equal(replies[0].data, replies[1].data);
  for (int i = 2; i < 5; i++)
    assert_string_not_equal(replies[0].data, replies[i].data);
  assert_non_null(strstr(replies[0].data, "On \"Name a colour.\" "));
  for (int i = 0; i < 5; i++) buf_free(&replies[i]);
}

CASE(replies_have_a_natural_length) {
  (void)state;
  char prompt[64];
  for (int i = 0; i < 500; i++) {
    snprintf(prompt, sizeof prompt, "Question %d about the weather", i);
    Buf reply = reply_to("ask", prompt, "", 0);
    uint32_t tokens = model_estimate_tokens(buf_slice(&reply));
    assert_true(tokens >= 30 && tokens <= 80);
    buf_free(&reply);
  }
}

CASE(max_tokens_clips) {
  (void)state;
  for (uint32_t tokens = 1; tokens < 100; tokens++) {
    Buf reply =
        reply_to("ask", "Zwölf Boxkämpfer jagen Viktor quer", "", tokens);
    Slice text = buf_slice(&reply);
    assert_true(text.length > 0);
    assert_true(model_estimate_tokens(text) <= tokens);
    assert_int_equal(slice_valid_utf8(text), text.length);
    buf_free(&reply);
  }
}

CASE(any_prompt_can_be_quoted) {
  (void)state;
  const char *prompts[] = {
      "",
      " \n\t ",
      "\xff\xfe",
      "\n\nfirst\nsecond\tthird",
      "one_word_without_any_space_longer_than_a_quote_may_ever_be_so_it_is_cut",
      "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü"};
  for (size_t i = 0; i < sizeof prompts / sizeof prompts[0]; i++) {
    Buf reply = reply_to("ask", prompts[i], "", 0);
    Slice text = buf_slice(&reply);
    assert_int_equal(slice_valid_utf8(text), text.length);
    assert_null(memchr(text.data, '\n', text.length));
    buf_free(&reply);
  }
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(profiles_of_a_fixed_time),
      cmocka_unit_test(every_built_in_profile_loads),
      cmocka_unit_test(tokens_count_work),
      cmocka_unit_test(unknown_profiles_are_refused),
      cmocka_unit_test(profile_from_a_file),
      cmocka_unit_test(bad_profile_files_are_refused),
      cmocka_unit_test(missing_profile_file_is_named),
      cmocka_unit_test(long_lists_meet_a_limit),
      cmocka_unit_test(first_rule_that_fits_answers),
      cmocka_unit_test(rules_are_used_up_in_order),
      cmocka_unit_test(rule_has_latency_and_error),
      cmocka_unit_test(empty_reply_is_a_reply),
      cmocka_unit_test(bad_rules_are_refused),
      cmocka_unit_test(equal_requests_get_equal_replies),
      cmocka_unit_test(replies_have_a_natural_length),
      cmocka_unit_test(max_tokens_clips),
      cmocka_unit_test(any_prompt_can_be_quoted),
  };
  return RUN(cases);
}
