/* SPDX-License-Identifier: MIT
 *
 * core/config: what a file may say, where what is wrong stands, and that no
 * message repeats what might be a secret. Texts are parsed out of blocks of
 * exactly their size, so that the address sanitizer sees a read past one.
 */
#include "core/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/config/config_int.h"
#include "tests/unit/unit.h"

#define SECRET "sk-do-not-show"

/* ---- one text ------------------------------------------------------------ */

/* As config_load does with one file called "f". */
static Status load_text(Slice text, Config *config, Error *error) {
  char *exact = mem_alloc(text.length);
  if (text.length > 0) memcpy(exact, text.data, text.length);
  *config = (Config){0};
  arena_init(&config->arena);
  Reader r = {.config = config, .error = error, .file = "f", .base = "base/"};
  Status status = config_read_text(&r, slice_from(exact, text.length));
  mem_free(exact); /* nothing may point into the text */
  if (status == STATUS_OK) status = config_finish(&r);
  vec_free(&r.drafts);
  return status;
}

static void accept(const char *text, Config *config) {
  Error error = {0};
  if (load_text(slice_of(text), config, &error) != STATUS_OK)
    fail_msg("%s\n%s", text, error.message);
}

static void refuse_slice(Slice text, const char *message) {
  Config config;
  Error error = {0};
  Status status = load_text(text, &config, &error);
  config_free(&config);
  if (status != STATUS_FORMAT || strcmp(error.message, message) != 0)
    fail_msg("%.*s\nis said to be: %s\nnot: %s", SLICE_ARG(text), error.message,
             message);
  assert_null(strstr(error.message, SECRET));
}

static void refuse(const char *text, const char *message) {
  refuse_slice(slice_of(text), message);
}

/* Below `backends: { b: { provider: openai, ... } }`, in line 3. */
static void refuse_backend(const char *line, const char *message) {
  char text[512];
  snprintf(text, sizeof text, "backends:\n  b: { provider: openai,\n%s }\n",
           line);
  refuse(text, message);
}

/* Below `tools: { t: { ... } }`, in line 3. */
static void refuse_tool(const char *line, const char *message) {
  char text[512];
  snprintf(text, sizeof text, "tools:\n  t: {\n%s }\n", line);
  refuse(text, message);
}

CASE(empty) {
  (void)state;
  static const char *const texts[] = {"",
                                      "\n",
                                      "# nothing\n",
                                      "---\n",
                                      "\xEF\xBB\xBF",
                                      "backends:\n",
                                      "tools: ~\n",
                                      "instructions: null\n",
                                      "{}",
                                      "backends: {}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    Config config;
    accept(texts[i], &config);
    assert_int_equal(config.backends.length, 0);
    assert_null(config.backend);
    config_free(&config);
  }
}

CASE(everything) {
  (void)state;
  Config config;
  accept(
      "backend: fast\n"
      "backends:\n"
      "  fast: { provider: openai, url: \"http://127.0.0.1:8080/v1/\",\n"
      "          model: qwen2.5-7b, key: env:FAST_KEY,\n"
      "          headers: { X-Team: env:TEAM, X-Purpose: tests },\n"
      "          max_in_flight: 32, rpm: 600, tpm: 200_000, stream: false,\n"
      "          retries: 0, cache_prompts: true,\n"
      "          timeout: { connect: 250ms, first_token: 2m, idle: 61s,\n"
      "                     total: 1h } }\n"
      "tools:\n"
      "  touch: { command: [touch, \"{path}\", 5], timeout: 10s,\n"
      "           output_limit: 64KiB, env: [PATH, HOME],\n"
      "           effect: idempotent }\n"
      "  weather: { http: \"https://example.org/api?x=1\", method: POST }\n"
      "instructions: { ask: \"short\", verify: \"two\\nlines\" }\n"
      "store: .apxm/store\n",
      &config);
  assert_string_equal(config.backend, "fast");
  assert_int_equal(config.backends.length, 1);
  const BackendConfig *b = &config.backends.data[0];
  assert_string_equal(b->name, "fast");
  assert_string_equal(b->provider, "openai");
  assert_string_equal(b->url, "http://127.0.0.1:8080/v1");
  assert_string_equal(b->model, "qwen2.5-7b");
  assert_string_equal(b->key_env, "FAST_KEY");
  assert_true(b->key_is_wanted);
  assert_int_equal(b->header_count, 2);
  assert_string_equal(b->headers[0].name, "X-Team");
  assert_string_equal(b->headers[0].value, "TEAM");
  assert_true(b->headers[0].is_env && !b->headers[1].is_env);
  assert_string_equal(b->headers[1].value, "tests");
  assert_int_equal(b->max_in_flight, 32);
  assert_true(!b->is_adaptive && !b->stream && b->cache_prompts);
  assert_int_equal(b->retries, 0);
  assert_true(b->rpm == 600 && b->tpm == 200000);
  assert_int_equal(b->connect_ns, 250 * NS_PER_MS);
  assert_int_equal(b->first_token_ns, 120 * NS_PER_S);
  assert_int_equal(b->idle_ns, 61 * NS_PER_S);
  assert_int_equal(b->total_ns, 3600 * NS_PER_S);
  assert_string_equal(b->file, "f");
  assert_int_equal(b->line, 3);
  assert_int_equal(config.tools.length, 2);
  const ToolConfig *t = &config.tools.data[0];
  assert_string_equal(t->name, "touch");
  assert_int_equal(t->command_count, 3);
  assert_string_equal(t->command[1], "{path}");
  assert_string_equal(t->command[2], "5");
  assert_int_equal(t->timeout_ns, 10 * NS_PER_S);
  assert_int_equal(t->output_limit, 65536);
  assert_int_equal(t->env_count, 2);
  assert_string_equal(t->env[1], "HOME");
  assert_int_equal(t->effect, TOOL_EFFECT_IDEMPOTENT);
  t = &config.tools.data[1];
  assert_string_equal(t->http, "https://example.org/api?x=1");
  assert_string_equal(t->method, "POST");
  assert_int_equal(t->timeout_ns, 30 * NS_PER_S);
  assert_int_equal(t->output_limit, 1 << 20);
  assert_int_equal(t->effect, TOOL_EFFECT_EXTERNAL);
  assert_string_equal(config_instruction(&config, SLICE("ask")), "short");
  assert_null(config_instruction(&config, SLICE("think")));
  assert_null(config_instruction(NULL, SLICE("ask")));
  assert_string_equal(config.store, "base/.apxm/store");
  config_free(&config);
}

CASE(defaults) {
  (void)state;
  Config config;
  accept(
      "backends: { o: { provider: openai }, l: { provider: ollama },\n"
      "  s: { provider: sim },\n"
      "  u: { provider: openai, url: https://example.org/v1 } }",
      &config);
  const BackendConfig *b = &config.backends.data[0];
  assert_string_equal(b->url, "https://api.openai.com/v1");
  assert_string_equal(b->key_env, "OPENAI_API_KEY");
  assert_false(b->key_is_wanted);
  assert_true(b->stream && b->is_adaptive && !b->cache_prompts);
  assert_null(b->model);
  assert_int_equal(b->max_in_flight, LIMIT_IN_FLIGHT_HTTP);
  assert_int_equal(b->rpm, 0);
  assert_int_equal(b->connect_ns, 10 * NS_PER_S);
  assert_int_equal(b->first_token_ns, 120 * NS_PER_S);
  assert_int_equal(b->idle_ns, 60 * NS_PER_S);
  assert_int_equal(b->total_ns, 600 * NS_PER_S);
  assert_string_equal(b[1].url, "http://127.0.0.1:11434");
  assert_true(!b[1].key_env && !b[2].url);
  assert_int_equal(b[2].max_in_flight, LIMIT_IN_FLIGHT_SIM);
  /* OpenAI's key is for OpenAI, unless the file says otherwise. */
  assert_null(b[3].key_env);
  config_free(&config);
}

/* ---- what is wrong, and where -------------------------------------------- */

CASE(keys) {
  (void)state;
  refuse("backnd: sim\n",
         "f:1:1: unknown key `backnd`; did you mean "
         "`backend`?");
  refuse("# a\n\nzzz: 1\n",
         "f:3:1: unknown key `zzz`; the keys of the file "
         "are backend, backends, tools, instructions, "
         "store");
  refuse("store: a\nstore: b\n",
         "f:2:1: the key `store` is there already, in line 1");
  refuse("backends:\n  a: { provider: sim }\n  a: { provider: sim }\n",
         "f:3:3: the key `a` is there already, in line 2");
  refuse_backend("modell: x",
                 "f:3:1: unknown key `modell`; did you mean "
                 "`model`?");
  refuse_backend("timeout: { idel: 1s }",
                 "f:3:12: unknown key `idel`; did you mean `idle`?");
  refuse_tool("comand: [a]",
              "f:3:1: unknown key `comand`; did you mean `command`?");
  refuse("instructions:\n  aks: x\n",
         "f:2:3: unknown key `aks`; did you mean `ask`?");
  refuse("? [a, b]\n: 1\n", "f:1:3: a key must be a word");
  refuse(
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:",
      "f:1:1: unknown key "
      "`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`; "
      "the keys of the file are backend, backends, tools, instructions, "
      "store");
  refuse("é:\n  é: 1\n",
         "f:1:1: unknown key `é`; the keys of the file are "
         "backend, backends, tools, instructions, store");
}

CASE(types) {
  (void)state;
  refuse("- a\n", "f:1:1: the file must be keys with values");
  refuse("word\n", "f:1:1: the file must be keys with values");
  refuse("backend: [a]\n", "f:1:10: `backend` needs a text");
  refuse("backend:\n", "f:1:1: `backend` has no value; it needs a text");
  refuse("backend: \"\"\n", "f:1:10: `backend` needs a text that is not empty");
  refuse("backend: 5\n",
         "f:1:10: `backend` needs a text: put the value in quotes");
  refuse("backends: [a]\n", "f:1:11: `backends` must be keys with values");
  refuse("backends: { a: openai }\n",
         "f:1:16: a backend must be keys with values");
  refuse("tools: x\n", "f:1:8: `tools` must be keys with values");
  refuse("tools: { t: x }\n", "f:1:13: a tool must be keys with values");
  refuse("instructions: { ask: [a] }\n", "f:1:22: `ask` needs a text");
  refuse_backend("model: 4.1",
                 "f:3:8: `model` needs a text: put the value in quotes");
  refuse_backend("model: true",
                 "f:3:8: `model` needs a text: put the value in quotes");
  refuse_backend("model: \"a\\nb\"", "f:3:8: `model` must be one line");
  refuse_backend("stream: yes", "f:3:9: `stream` needs true or false");
  refuse_backend("stream: \"true\"", "f:3:9: `stream` needs true or false");
  refuse_backend("headers: x", "f:3:10: `headers` must be keys with values");
  refuse_backend("timeout: 5s", "f:3:10: `timeout` must be keys with values");
  refuse("store: ~/x\n",
         "f:1:8: `store` needs a path; `~` is not expanded "
         "here");
}

CASE(numbers) {
  (void)state;
  static const char *const bad[] = {
      "0",     "-1",   "1.5",  "\"64\"", "64x",     "1__0",
      "_1",    "1_",   "0x10", "1e3",    "1000001", "99999999999999999999999",
      "[ 1 ]", "many", "true"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char line[128];
    snprintf(line, sizeof line, "max_in_flight: %s", bad[i]);
    refuse_backend(line,
                   "f:3:16: `max_in_flight` needs a whole number from 1 "
                   "to 1000000");
  }
  refuse_backend("rpm: 0",
                 "f:3:6: `rpm` needs a whole number from 1 to 1000000000");
  refuse_backend("tpm: 1_000_000_001",
                 "f:3:6: `tpm` needs a whole number from 1 to 1000000000");
  refuse_backend("rpm: ", "f:3:1: `rpm` has no value; it needs a whole number");
}

CASE(units) {
  (void)state;
  static const char *const bad[] = {"5",   "5 s", "0s",    "1.5s",        "5S",
                                    "5us", "-5s", "25h",   "s",           "~",
                                    "5d",  "[]",  "1441m", "99999999999h"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char line[128];
    snprintf(line, sizeof line, "timeout: { idle: %s }", bad[i]);
    char message[256];
    snprintf(message, sizeof message,
             "f:3:18: `idle` %s a whole number with its unit, from 1ms to "
             "24h: 250ms, 10s, 2m, 1h",
             strcmp(bad[i], "~") == 0 ? "has no value; it needs" : "needs");
    refuse_backend(line, message);
  }
  static const char *const bad_sizes[] = {"5",   "1M",   "0B",    "2GiB",
                                          "1mb", "1 MB", "1.5MiB"};
  for (size_t i = 0; i < sizeof bad_sizes / sizeof *bad_sizes; i++) {
    char line[128];
    snprintf(line, sizeof line, "command: [a], output_limit: %s", bad_sizes[i]);
    refuse_tool(line,
                "f:3:29: `output_limit` needs a whole number with its "
                "unit, from 1B to 1GiB: 64KiB, 1MiB, 10MB");
  }
  Config config;
  accept(
      "tools: { a: { command: [a], output_limit: 10MB, timeout: 24h },\n"
      "         b: { command: [a], output_limit: 1GiB, timeout: 1ms },\n"
      "         c: { command: [a], output_limit: \"1_000B\" } }",
      &config);
  assert_int_equal(config.tools.data[0].output_limit, 10000000);
  assert_int_equal(config.tools.data[0].timeout_ns, 24 * 3600 * NS_PER_S);
  assert_int_equal(config.tools.data[1].output_limit, 1 << 30);
  assert_int_equal(config.tools.data[1].timeout_ns, NS_PER_MS);
  assert_int_equal(config.tools.data[2].output_limit, 1000);
  config_free(&config);
}

#define KINDS "sim, openai, anthropic, google, ollama"

CASE(backends) {
  (void)state;
  refuse("backends:\n  a:\n", "f:2:3: the backend `a` needs a `provider`");
  refuse("backends: { a: { provider: opneai } }",
         "f:1:28: unknown provider `opneai`; did you mean `openai`?");
  refuse("backends: {a: {provider: xyz}}",
         "f:1:26: `provider` needs one of " KINDS);
  refuse("backends: { \"a b\": { provider: sim } }",
         "f:1:13: a backend's name has letters, digits, `-`, `_` and `.`, at "
         "most 64 of them, a letter or digit first");
  refuse("backends: { ollama: { provider: openai } }",
         "f:1:13: `ollama` is the name of a provider, and this backend has "
         "another one; give it another name");
  refuse("backends: { s: { provider: sim, url: \"http://a\" } }",
         "f:1:13: the backend `s` is not reached over a network: it has no "
         "`url`, `key` or `headers`");
  refuse("backend: flast\nbackends: { fast: { provider: sim } }",
         "f:1:10: there is no backend `flast`; did you mean `fast`?");
  refuse("backend: qqq\nbackends: { fast: { provider: sim } }",
         "f:1:10: there is no backend `qqq`; there are fast, " KINDS
         ", and PROVIDER:URL");
}

CASE(secrets) {
  (void)state;
  static const char *const keys[] = {
      SECRET,      "\"" SECRET "\"", "env:",   "env:" SECRET,
      "$FAST_KEY", "[" SECRET "]",   "env: X", "\"env:A B\"",
      "~",         "env:1A"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    char text[256];
    snprintf(text, sizeof text,
             "backends:\n b:\n  provider: openai\n  key: %s\n", keys[i]);
    Error error = {0};
    Config config;
    assert_int_equal(load_text(slice_of(text), &config, &error), STATUS_FORMAT);
    config_free(&config);
    assert_null(strstr(error.message, SECRET));
    assert_memory_equal(error.message, "f:4:", 4);
  }
  refuse_backend("key: " SECRET,
                 "f:3:6: `key` must be env:NAME, the environment variable "
                 "that holds the key: a key in a file is soon in a copy, a "
                 "backup, a repository");
  static const char *const headers[] = {
      "Authorization", "authorization", "Proxy-Authorization",
      "x-api-key",     "API_KEY",       "X-Auth-Token",
      "Cookie",        "X-Secret"};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    char line[128];
    char message[256];
    snprintf(line, sizeof line, "headers: {\n%s: \"" SECRET "\" }", headers[i]);
    snprintf(message, sizeof message,
             "f:4:%zu: the header `%s` is a secret by its name: it must be "
             "env:NAME, the environment variable that holds its value",
             strlen(headers[i]) + 3, headers[i]);
    refuse_backend(line, message);
  }
  refuse_backend("headers: { X-A: env:a-b }",
                 "f:3:17: `env:` must be followed by the name of a variable");
  refuse_backend("key: env:K, headers: { authorization: env:A }",
                 "f:2:3: the backend `b` has a `key` and a header "
                 "Authorization, which are the same thing; leave one out");
  /* What libfyaml says of a line comes without the line. */
  refuse_backend("key: \"" SECRET "\\q\"",
                 "f:3:21: this is not YAML: invalid escape 'q' in "
                 "double-quoted string");
}

CASE(headers) {
  (void)state;
  refuse_backend("headers: { \"a b\": c }",
                 "f:3:12: this is no name of a header");
  refuse_backend("headers: { content-length: \"3\" }",
                 "f:3:12: the header `content-length` is made by apxm; leave "
                 "it out");
  refuse_backend("headers: { X-A: \"a\\r\\nX-B: c\" }",
                 "f:3:17: a header must be one line");
  refuse_backend("headers: { X-A: 5 }",
                 "f:3:17: `X-A` needs a text: put the value in quotes");
}

CASE(urls) {
  (void)state;
  static const struct {
    const char *url;
    const char *fault;
  } bad[] = {
      {"localhost:8080", "it must begin with http:// or https://"},
      {"ftp://a", "it must begin with http:// or https://"},
      {"http://", "its host is no host name"},
      {"http:///v1", "its host is no host name"},
      {"http://a b", "its host is no host name"},
      {"http://a:", "its port is not a number from 1 to 65535"},
      {"http://a:0", "its port is not a number from 1 to 65535"},
      {"http://a:65536", "its port is not a number from 1 to 65535"},
      {"http://a:8x", "its port is not a number from 1 to 65535"},
      {"http://[::1", "its host has no closing bracket"},
      {"http://[::g]:80", "its host is no host name"},
      {"http://[::1]80", "its port is not a number from 1 to 65535"},
      {"http://a/?key=" SECRET, "it must not have a query (`?`)"},
      {"http://a?x", "it must not have a query (`?`)"},
      {"http://a/#x", "it must not have a `#`"},
      {"http://a/\xC3\xA9",
       "it holds a character that must be written as "
       "%XX"},
      {"http://me:" SECRET "@a/v1",
       "it must not hold a user or a password, which would be shown; a key is "
       "given by `key: env:NAME`"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char line[128];
    char message[256];
    snprintf(line, sizeof line, "url: '%s'", bad[i].url);
    snprintf(message, sizeof message,
             "f:3:6: `url` is no URL that is taken: "
             "%s",
             bad[i].fault);
    refuse_backend(line, message);
  }
  static const char *const good[] = {"http://a", "https://api.example.org/v1",
                                     "http://[::1]:8080",
                                     "http://127.0.0.1:65535/a/b%20c/~x"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_null(config_url_fault(slice_of(good[i]), false));
  char url[LIMIT_CONFIG_URL_BYTES + 2];
  memset(url, 'a', sizeof url);
  memcpy(url, "http://a/", 9);
  assert_string_equal(config_url_fault(slice_from(url, sizeof url), false),
                      "it is too long");
}

CASE(tools) {
  (void)state;
  refuse_tool("", "f:2:3: the tool `t` needs `command` or `http`");
  refuse_tool("command: [a], http: 'http://a'",
              "f:2:3: the tool `t` has both `command` and `http`; it is one "
              "of them");
  refuse_tool("command: [a], method: GET",
              "f:2:3: the tool `t` is a command: `method` is for `http`");
  refuse_tool("http: 'http://a', env: [A]",
              "f:2:3: the tool `t` is an `http` tool: `env` is for a command");
  static const char *const commands[] = {"a", "[]", "~", "{ a: b }"};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    char line[64];
    snprintf(line, sizeof line, "command: %s", commands[i]);
    refuse_tool(line,
                "f:3:10: `command` needs a list of words: [program, "
                "argument]");
  }
  refuse_tool("command: [a, [b]]",
              "f:3:14: `command` needs a list of words: "
              "[program, argument]");
  refuse_tool("command: ['']",
              "f:3:11: the program of a command must have a name");
  refuse_tool("command: [a], env: [A=B]",
              "f:3:21: `env` needs a list of names of environment variables");
  refuse_tool("http: 'http://a', method: get",
              "f:3:27: `method` needs one of GET, POST, PUT, PATCH, DELETE");
  refuse_tool("command: [a], effect: none",
              "f:3:23: `effect` needs one of pure, read, idempotent, external");
  Config config;
  accept("tools: { t: { http: 'http://a' } }", &config);
  assert_string_equal(config.tools.data[0].method, "GET");
  config_free(&config);
}

/* ---- what YAML can do and a configuration may not ------------------------ */

CASE(yaml) {
  (void)state;
  refuse("backend: &a sim\n",
         "f:1:13: anchors (`&name`) are not taken; write it out");
  refuse("backends: &a { }\n",
         "f:1:14: anchors (`&name`) are not taken; write it out");
  refuse("store: *a\n", "f:1:8: aliases (`*name`) are not taken; write it out");
  refuse("backend: !!str sim\n",
         "f:1:16: tags (`!name`) are not taken; leave it out");
  refuse("backend: sim\n---\nbackend: sim\n",
         "f:2:1: a second document begins here; the file holds one");
  refuse("backend: sim\n...\n---\n",
         "f:3:1: a second document begins here; the file holds one");
  refuse("backends: { a: [1, 2\n",
         "f:2:1: this is not YAML: flow sequence without a closing bracket");
  refuse("a: b: c\n",
         "f:1:5: this is not YAML: invalid nested block mapping "
         "on the same line");
  refuse("a:\n\tb: 1\n",
         "f:2:1: this is not YAML: tab character may not be "
         "used as indentation");
  refuse("store: \"a\\0b\"\n", "f:1:8: a text must not hold a NUL");
}

/* For readers of other files. */
CASE(yaml_as_json) {
  (void)state;
  Arena arena;
  Error error = {0};
  YamlNode *root = NULL;
  Buf json = {0};
  Slice text = SLICE(
      "a: [1, -2.5e3, 01, 0x1, .5, 1_000, \"1\", '2']\n"
      "b: { c: true, d: True, e: null, f: ~, g: , h: \"null\" }\n"
      "\"i j\": |\n  x\n  \"y\"\n"
      "k: []\nl: {}\n");
  arena_init(&arena);
  if (yaml_parse("f", text, &arena, &root, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  yaml_add_json(root, &json);
  assert_string_equal(
      json.data,
      "{\"a\":[1,-2.5e3,\"01\",\"0x1\",\".5\",\"1_000\",\"1\",\"2\"],"
      "\"b\":{\"c\":true,\"d\":\"True\",\"e\":null,\"f\":null,\"g\":null,"
      "\"h\":\"null\"},\"i j\":\"x\\n\\\"y\\\"\\n\",\"k\":[],\"l\":{}}");
  buf_free(&json);
  arena_free(&arena);
}

CASE(bytes) {
  (void)state;
  refuse_slice(SLICE("a: \xFF\n"), "f:1:4: this is not UTF-8");
  refuse_slice(SLICE("\xC3\xA9: \xC3"), "f:1:4: this is not UTF-8");
  refuse_slice(SLICE("a: 1\nb: \0\n"),
               "f:2:4: a control character (0x00); in quotes it is written "
               "\"\\x00\"");
  refuse_slice(SLICE("a: \x1B[31m\n"),
               "f:1:4: a control character (0x1b); in quotes it is written "
               "\"\\x1b\"");
}

CASE(too_much) {
  (void)state;
  Buf text = {0};
  for (int i = 0; i < 100000; i++) buf_add_char(&text, '[');
  refuse_slice(buf_slice(&text), "f:1:17: nested deeper than 16");
  buf_clear(&text);
  for (int i = 0; i < 20000; i++) buf_add_text(&text, "- a\n");
  refuse_slice(buf_slice(&text), "f:16384:3: more than 16384 keys and values");
  buf_clear(&text);
  buf_add_text(&text, "backends: &a [x, x]\nb: &b [*a, *a]\n");
  refuse_slice(buf_slice(&text),
               "f:1:14: anchors (`&name`) are not taken; write it out");
  buf_free(&text);
}

/* As many as fit: no work grows with the square of the file. */
CASE(many_backends) {
  (void)state;
  enum { COUNT = 3000 };
  Buf text = {0};
  Config config;
  Error error = {0};
  buf_add_text(&text, "backends:\n");
  for (int i = 0; i < COUNT; i++)
    buf_addf(&text, "  b%d: { provider: sim }\n", i);
  if (load_text(buf_slice(&text), &config, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  assert_int_equal(config.backends.length, COUNT);
  config_free(&config);
  buf_free(&text);
}

/* ---- finding a backend --------------------------------------------------- */

static const char *find_fault(const Config *config, const char *spec) {
  static Error error;
  Arena arena;
  BackendConfig found;
  error = (Error){0};
  arena_init(&arena);
  Status status = config_find_backend(config, spec, &arena, &found, &error);
  arena_free(&arena);
  assert_int_equal(status, STATUS_USAGE);
  assert_int_equal(error.status, STATUS_USAGE);
  assert_null(strstr(error.message, SECRET));
  return error.message;
}

CASE(find) {
  (void)state;
  Config config;
  Arena arena;
  BackendConfig found;
  accept(
      "backend: openai:http://file.example/v1\n"
      "backends: { fast: { provider: sim } }",
      &config);
  arena_init(&arena);
#define FIND(c, spec)                                                      \
  assert_int_equal(config_find_backend((c), (spec), &arena, &found, NULL), \
                   STATUS_OK)
  FIND(&config, "fast");
  assert_string_equal(found.provider, "sim");
  assert_string_equal(found.file, "f");
  FIND(NULL, "openai");
  assert_string_equal(found.url, "https://api.openai.com/v1");
  assert_string_equal(found.key_env, "OPENAI_API_KEY");
  assert_false(found.key_is_wanted);
  assert_int_equal(found.max_in_flight, LIMIT_IN_FLIGHT_HTTP);
  assert_null(found.file);
  FIND(NULL, "openai:http://127.0.0.1:8089/v1//");
  assert_string_equal(found.name, "openai:http://127.0.0.1:8089/v1//");
  assert_string_equal(found.url, "http://127.0.0.1:8089/v1");
  assert_string_equal(found.key_env, "OPENAI_API_KEY"); /* it was typed */
  FIND(&config, "openai:http://file.example/v1");
  assert_null(found.key_env); /* it was not */
  FIND(NULL, "ollama:http://host:11434");
  assert_string_equal(found.provider, "ollama");
  FIND(NULL, "sim");
  assert_null(found.url);
#undef FIND
  assert_string_equal(find_fault(&config, "fats"),
                      "there is no backend `fats`; did you mean `fast`?");
  assert_string_equal(find_fault(NULL, "opneai:http://u:" SECRET "@h"),
                      "there is no backend `opneai`; did you mean `openai`?");
  assert_string_equal(find_fault(NULL, "openai:http://u:" SECRET "@h"),
                      "the backend `openai:...` has no URL that is taken: it "
                      "must not hold a user or a password, which would be "
                      "shown; a key is given by `key: env:NAME`");
  assert_string_equal(find_fault(NULL, "openai:"),
                      "the backend `openai:...` has no URL that is taken: it "
                      "must begin with http:// or https://");
  assert_string_equal(find_fault(NULL, "sim:http://a"),
                      "the backend `sim` has no URL");
  assert_string_equal(find_fault(NULL, "http://a"),
                      "a URL needs its provider before it: openai:URL or "
                      "ollama:URL");
  (void)find_fault(NULL, "");
  arena_free(&arena);
  config_free(&config);
}

/* ---- what `apxm init` writes --------------------------------------------- */

CASE(template_as_it_is) {
  (void)state;
  Config config;
  accept(config_template(), &config);
  assert_string_equal(config.backend, "sim");
  assert_int_equal(config.backends.length, 0);
  config_free(&config);
}

/* With the examples uncommented every key there is has a value. */
CASE(template_shows_all) {
  (void)state;
  Config config;
  Buf text = {0};
  for (const char *at = config_template(); *at;) {
    const char *end = strchr(at, '\n') + 1;
    if (strncmp(at, "#:", 2) == 0) at += 2;
    buf_add(&text, at, (size_t)(end - at));
    at = end;
  }
  accept(text.data, &config);
  const BackendConfig *b = &config.backends.data[0];
  assert_true(b->model && b->key_env && b->header_count && b->rpm && b->tpm);
  static const char *const keys[] = {
      "provider:", "url:",           "model:",   "key:",
      "headers:",  "rpm:",           "tpm:",     "stream:",
      "timeout:",  "max_in_flight:", "retries:", "cache_prompts:",
      "connect:",  "first_token:",   "idle:",    "total:",
      "command:",  "http:",          "method:",  "env:",
      "effect:",   "output_limit:"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (!strstr(text.data, keys[i])) fail_msg("%s is not shown", keys[i]);
  }
  assert_int_equal(config.tools.length, 2);
  assert_int_equal(config.instructions.length, 6);
  assert_non_null(config.store);
  config_free(&config);
  buf_free(&text);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(empty),
      cmocka_unit_test(everything),
      cmocka_unit_test(defaults),
      cmocka_unit_test(keys),
      cmocka_unit_test(types),
      cmocka_unit_test(numbers),
      cmocka_unit_test(units),
      cmocka_unit_test(backends),
      cmocka_unit_test(secrets),
      cmocka_unit_test(headers),
      cmocka_unit_test(urls),
      cmocka_unit_test(tools),
      cmocka_unit_test(yaml),
      cmocka_unit_test(bytes),
      cmocka_unit_test(yaml_as_json),
      cmocka_unit_test(too_much),
      cmocka_unit_test(many_backends),
      cmocka_unit_test(find),
      cmocka_unit_test(template_as_it_is),
      cmocka_unit_test(template_shows_all),
  };
  return RUN(cases);
}
