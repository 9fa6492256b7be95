/* SPDX-License-Identifier: MIT
 *
 * The lines, each a word and what belongs to it:
 *
 *   call       which node, to which backend and model
 *   prompt     how it began: in a loop, that tells which round it was
 *   sent       what went out, to where; never a key
 *   attempt N  when, for how long, what came of it, and the wait after it
 *   received   what came back, cut
 *   to do      what helps
 *   open       calls that were under way when all ended, the oldest first
 *   run        when, after how long, and what it had done by then
 */
#include "lib/report_failure.h"

#include <stdio.h>
#include <string.h>

#include "core/base/unit.h"

/* Of many attempts the first and the last ones are shown. */
enum { SHOWN_ATTEMPTS = 6 };

/* ---- pieces -------------------------------------------------------------- */

static void begin_line(const char *word, Buf *out) {
  buf_addf(out, "  %-10s ", word);
}

static void add_line(const char *word, const Buf *text, Buf *out) {
  if (text->length == 0) return;
  begin_line(word, out);
  buf_add_slice(out, buf_slice(text));
  buf_add_char(out, '\n');
}

static uint64_t since(const RunFailure *failure, uint64_t at) {
  return at > failure->started_at ? at - failure->started_at : 0;
}

static void add_backend(const FailedCall *call, Buf *out) {
  buf_addf(out, "backend `%s`", call->backend);
  if (strchr(call->backend, ':') == NULL) /* else its name says it all */
    buf_addf(out, " (%s, %s)", call->provider, call->detail);
  if (call->model.length > 0) buf_addf(out, ", model `%s`", call->model.data);
}

static void add_prompt(const FailedCall *call, Buf *out) {
  const char *text = call->prompt.data == NULL ? "" : call->prompt.data;
  buf_addf(out, "\"%s\" (%zu bytes)", text, call->prompt_bytes);
}

/* ---- the call that failed ------------------------------------------------ */

/* Without the backend's name, which the first line has. */
static const char *bare_cause(const FailedCall *call, const char *cause) {
  const char *rest = cause;
  size_t length = strlen(call->backend);
  if (strncmp(rest, "backend ", 8) == 0) rest += 8;
  if (strncmp(rest, call->backend, length) != 0) return cause;
  return strncmp(rest + length, ": ", 2) == 0 ? rest + length + 2 : cause;
}

/* What the only attempt brought stands in the sentence above. */
static void add_attempt(const RunFailure *failure, const FailedCall *call,
                        uint32_t index, Buf *out) {
  const ModelAttempt *attempt = &call->attempts[index];
  char word[24];
  snprintf(word, sizeof word, "attempt %u", index + 1);
  begin_line(word, out);
  buf_add_text(out, "after ");
  unit_add_span(since(failure, attempt->started_at), out);
  buf_add_text(out, " of the run, for ");
  unit_add_span(attempt->took_ns, out);
  buf_addf(out, ": %s", model_problem_text(attempt->problem));
  if (call->attempt_count > 1)
    buf_addf(out, ": %s", bare_cause(call, attempt->cause));
  if (attempt->waited_ns > 0) {
    buf_add_text(out, "; then a wait of ");
    unit_add_span(attempt->waited_ns, out);
  }
  buf_add_char(out, '\n');
}

static void add_attempts(const RunFailure *failure, const FailedCall *call,
                         Buf *out) {
  uint32_t count = call->attempt_count;
  uint32_t left_out = count > SHOWN_ATTEMPTS ? count - SHOWN_ATTEMPTS : 0;
  for (uint32_t i = 0; i < count; i++) {
    if (left_out > 0 && i == SHOWN_ATTEMPTS / 2) {
      begin_line("...", out);
      buf_addf(out, "%u more attempts\n", left_out);
      i += left_out;
    }
    add_attempt(failure, call, i, out);
  }
}

static void add_call(const RunFailure *failure, Buf *out) {
  const FailedCall *call = &failure->call;
  begin_line("call", out);
  buf_addf(out, "%s, ", call->place.label);
  add_backend(call, out);
  buf_add_char(out, '\n');
  begin_line("prompt", out);
  add_prompt(call, out);
  buf_add_char(out, '\n');
  add_line("sent", &call->sent, out);
  add_attempts(failure, call, out);
  add_line("received", &call->received, out);
  add_line("to do", &call->advice, out);
}

/* ---- what was under way -------------------------------------------------- */

static void add_state(const FailedCall *call, Buf *out) {
  unit_add_span(call->took_ns, out);
  if (call->attempt_count == 0) return;
  const ModelAttempt *last = &call->attempts[call->attempt_count - 1];
  if (call->is_open)
    buf_addf(out, ", in attempt %u after ", call->attempt_count + 1);
  else
    buf_addf(out, ", waiting after attempt %u: ", call->attempt_count);
  buf_addf(out, "%s: %s", model_problem_text(last->problem),
           bare_cause(call, last->cause));
}

static void add_open(const FailedCall *call, Buf *out) {
  begin_line("open", out);
  buf_addf(out, "%s, ", call->place.label);
  if (call->place.line > 0)
    buf_addf(out, "%.*s:%u:%u, ", SLICE_ARG(call->place.file), call->place.line,
             call->place.column);
  add_backend(call, out);
  buf_add_text(out, ", prompt ");
  add_prompt(call, out);
  buf_add_text(out, ": for ");
  add_state(call, out);
  buf_add_char(out, '\n');
}

static void add_all_open(const RunFailure *failure, Buf *out) {
  uint32_t all = failure->open + failure->paused;
  for (uint32_t i = 0; i < failure->shown_count; i++)
    add_open(&failure->shown[i], out);
  if (all > failure->shown_count) {
    begin_line("...", out);
    buf_addf(out, "%u more calls that began later\n",
             all - failure->shown_count);
  }
}

/* ---- the run ------------------------------------------------------------- */

static void add_count(const char *word, uint64_t count, Buf *out) {
  if (count > 0) buf_addf(out, ", %s %llu", word, (unsigned long long)count);
}

static void add_run(const Session *session, const RunFailure *failure,
                    Buf *out) {
  const RunMetrics *metrics = run_metrics(session->run);
  uint32_t cancelled = failure->open + failure->paused;
  begin_line("run", out);
  buf_addf(out, "%s at %s, ", run_status_text(session_status(session)),
           failure->time);
  unit_add_span(since(failure, failure->at), out);
  buf_add_text(out, " after its start; calls: answered ");
  buf_addf(out, "%llu",
           (unsigned long long)(metrics->requests - metrics->requests_failed));
  add_count("failed", metrics->requests_failed - cancelled, out);
  add_count("cancelled", cancelled, out);
  add_count("not sent", failure->waiting, out);
  add_count("tokens", metrics->input_tokens + metrics->output_tokens, out);
  buf_add_char(out, '\n');
}

void report_failure_lines(const Session *session, Buf *out) {
  const RunFailure *failure = run_failure(session->run);
  if (failure == NULL) return;
  if (failure->has_call) add_call(failure, out);
  add_all_open(failure, out);
  if (run_metrics(session->run)->requests + failure->waiting > 0)
    add_run(session, failure, out);
}

/* ---- for programs -------------------------------------------------------- */

static void add_ms(cJSON *to, const char *name, uint64_t ns) {
  cJSON_AddNumberToObject(to, name, (double)ns / 1e6);
}

static void add_text(cJSON *to, const char *name, const Buf *text) {
  if (text->length > 0) cJSON_AddStringToObject(to, name, text->data);
}

static void add_slice(cJSON *to, const char *name, Slice text) {
  Buf copy = {0};
  buf_add_slice(&copy, text);
  cJSON_AddStringToObject(to, name, copy.data == NULL ? "" : copy.data);
  buf_free(&copy);
}

static void add_place(cJSON *to, const RunPlace *place) {
  cJSON_AddStringToObject(to, "node", place->label);
  add_slice(to, "file", place->file);
  cJSON_AddNumberToObject(to, "line", place->line);
  cJSON_AddNumberToObject(to, "column", place->column);
}

static cJSON *attempt_json(const RunFailure *failure,
                           const ModelAttempt *attempt) {
  cJSON *item = cJSON_CreateObject();
  add_ms(item, "started_ms", since(failure, attempt->started_at));
  add_ms(item, "took_ms", attempt->took_ns);
  add_ms(item, "waited_ms", attempt->waited_ns);
  cJSON_AddStringToObject(item, "problem",
                          model_problem_text(attempt->problem));
  cJSON_AddNumberToObject(item, "http_status", attempt->code);
  cJSON_AddStringToObject(item, "cause", attempt->cause);
  return item;
}

static void fill_call(const RunFailure *failure, const FailedCall *call,
                      cJSON *to) {
  cJSON_AddStringToObject(to, "backend", call->backend);
  cJSON_AddStringToObject(to, "provider", call->provider);
  cJSON_AddStringToObject(to, "model",
                          call->model.data == NULL ? "" : call->model.data);
  cJSON_AddStringToObject(to, "prompt",
                          call->prompt.data == NULL ? "" : call->prompt.data);
  cJSON_AddNumberToObject(to, "prompt_bytes", (double)call->prompt_bytes);
  add_ms(to, "started_ms", since(failure, call->dispatched_at));
  add_ms(to, "took_ms", call->took_ns);
  cJSON *list = cJSON_AddArrayToObject(to, "attempts");
  for (uint32_t i = 0; i < call->attempt_count; i++)
    cJSON_AddItemToArray(list, attempt_json(failure, &call->attempts[i]));
}

static cJSON *call_json(const Session *session, const RunFailure *failure) {
  const FailedCall *call = &failure->call;
  cJSON *item = cJSON_CreateObject();
  Buf seed = {0};
  cJSON_AddStringToObject(item, "problem", model_problem_text(call->problem));
  cJSON_AddNumberToObject(item, "http_status", call->code);
  fill_call(failure, call, item);
  add_text(item, "sent", &call->sent);
  add_text(item, "received", &call->received);
  add_text(item, "advice", &call->advice);
  buf_addf(&seed, "%llu",
           (unsigned long long)model_client_retry_seed(
               engine_model(session->engine)));
  add_text(item, "retry_seed", &seed);
  buf_free(&seed);
  return item;
}

static void add_open_json(const RunFailure *failure, cJSON *to) {
  cJSON_AddNumberToObject(to, "calls_open", failure->open);
  cJSON_AddNumberToObject(to, "calls_paused", failure->paused);
  cJSON_AddNumberToObject(to, "calls_waiting", failure->waiting);
  cJSON *list = cJSON_AddArrayToObject(to, "open");
  for (uint32_t i = 0; i < failure->shown_count; i++) {
    const FailedCall *call = &failure->shown[i];
    cJSON *item = cJSON_CreateObject();
    add_place(item, &call->place);
    cJSON_AddStringToObject(item, "state", call->is_open ? "open" : "paused");
    fill_call(failure, call, item);
    cJSON_AddItemToArray(list, item);
  }
}

cJSON *report_failure_json(const Session *session) {
  const RunFailure *failure = run_failure(session->run);
  if (failure == NULL) return NULL;
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "code", failure->code);
  add_text(object, "cause", &failure->cause);
  cJSON_AddStringToObject(object, "time", failure->time);
  add_ms(object, "after_ms", since(failure, failure->at));
  if (failure->has_place) {
    add_place(object, &failure->place);
    add_text(object, "flow", &failure->flow);
  }
  if (failure->has_call)
    cJSON_AddItemToObject(object, "call", call_json(session, failure));
  cJSON_AddNumberToObject(object, "more_failures",
                          (double)failure->more_failures);
  add_open_json(failure, object);
  return object;
}
