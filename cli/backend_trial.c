/* SPDX-License-Identifier: MIT
 *
 * The main thread makes the backends, submits and waits; the I/O thread
 * completes the calls, and cancels them on a signal or when time is up, so
 * that a call is never cancelled while its completion is under way.
 */
#include "cli/backend_trial.h"

#include <math.h>
#include <string.h>

#include "cli/interrupt.h"
#include "cli/table.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "lib/report.h"
#include "runtime/model/model.h"

#define TRIAL_NS (120 * NS_PER_S) /* a server may have to load its model */

typedef struct Trials Trials;

typedef struct Trial {
  ModelRequest request; /* first, so that it is the Trial too */
  Trials *all;
  const char *name;
  ModelBackend *backend; /* NULL: it could not be made */
  Error error;           /* why not */
  bool is_open;          /* submitted and not completed; main thread before the
                   submission, then guarded by the lock of all */
} Trial;

struct Trials {
  Trial *items;
  uint32_t count;
  Reactor *reactor;
  ModelClient *client;
  Interrupt interrupt;
  bool is_late; /* time was up; main thread */
  Mutex mutex;  /* guards `open` and each trial's is_open */
  Cond changed; /* open has become less */
  uint32_t open;
};

void backend_trials_add(BackendTrials *trials, const char *name) {
  for (uint32_t i = 0; i < trials->names.length; i++) {
    if (strcmp(trials->names.data[i], name) == 0) return;
  }
  vec_push(&trials->names, name);
}

void backend_trials_free(BackendTrials *trials) {
  vec_free(&trials->names);
}

/* ---- the calls ----------------------------------------------------------- */

static void close_trial(Trial *trial) {
  Trials *all = trial->all;
  mutex_lock(&all->mutex);
  trial->is_open = false;
  all->open--;
  cond_signal(&all->changed);
  mutex_unlock(&all->mutex);
}

/* I/O thread. */
static void on_done(ModelRequest *request) {
  close_trial((Trial *)request);
}

/* I/O thread. */
static void cancel_all(void *user) {
  Trials *all = user;
  for (uint32_t i = 0; i < all->count; i++) {
    Trial *trial = &all->items[i];
    mutex_lock(&all->mutex);
    bool is_open = trial->is_open;
    mutex_unlock(&all->mutex);
    if (is_open) model_cancel(trial->backend, &trial->request);
  }
}

static void prepare(Trial *trial) {
  trial->request = (ModelRequest){.operation = SLICE("ask"),
                                  .temperature = NAN,
                                  .max_tokens = 16,
                                  .done = on_done};
  buf_add_text(&trial->request.prompt, "Reply with the word ok.");
  trial->backend = model_client_backend(trial->all->client,
                                        slice_of(trial->name), &trial->error);
  trial->is_open = trial->backend != NULL;
  trial->all->open += trial->is_open;
}

static void wait_for_all(Trials *all) {
  uint64_t deadline = clock_now() + TRIAL_NS;
  mutex_lock(&all->mutex);
  while (all->open > 0 &&
         cond_wait_until(&all->changed, &all->mutex, deadline)) {
  }
  all->is_late = all->open > 0;
  mutex_unlock(&all->mutex);
  if (!all->is_late) return;
  reactor_call(all->reactor, cancel_all, all);
  mutex_lock(&all->mutex);
  while (all->open > 0) cond_wait(&all->changed, &all->mutex);
  mutex_unlock(&all->mutex);
}

/* Everything is made before a signal can look at it. */
static Status call_all(Trials *all, Error *error) {
  for (uint32_t i = 0; i < all->count; i++) prepare(&all->items[i]);
  Status status =
      interrupt_watch(&all->interrupt, all->reactor, cancel_all, all, error);
  if (status != STATUS_OK) return status;
  for (uint32_t i = 0; i < all->count; i++) {
    Trial *trial = &all->items[i];
    if (trial->backend && model_submit(trial->backend, &trial->request))
      close_trial(trial);
  }
  wait_for_all(all);
  interrupt_unwatch(&all->interrupt);
  return STATUS_OK;
}

/* ---- what came of them --------------------------------------------------- */

static bool is_fine(const Trial *trial) {
  return trial->backend && trial->request.status == STATUS_OK;
}

static double latency_of(const Trial *trial) {
  const ModelRequest *request = &trial->request;
  if (!trial->backend || request->dispatched_at == 0) return NAN;
  return (double)(request->completed_at - request->dispatched_at);
}

static const char *model_of(const Trial *trial) {
  const char *model = trial->backend ? model_backend_model(trial->backend) : "";
  return model[0] ? model : NULL;
}

/* The first of the reply, or why there is none. */
static void add_words(const Trial *trial, size_t limit, Buf *out) {
  Slice text = trial->backend ? buf_slice(&trial->request.reply)
                              : slice_of(trial->error.message);
  bool is_late = trial->all->is_late && trial->backend &&
                 trial->request.status == STATUS_CANCELLED;
  if (is_late) text = SLICE("no reply within two minutes");
  Slice shown = slice_trim(text);
  bool is_cut = is_fine(trial) && shown.length > limit;
  if (is_cut) shown.length = limit;
  shown.length = slice_valid_utf8(shown);
  buf_add_visible(out, shown);
  if (is_cut) buf_add_text(out, "...");
}

static void add_row(const Trial *trial, Table *table) {
  const ModelRequest *request = &trial->request;
  Buf words = {0};
  if (is_fine(trial)) add_words(trial, 40, &words);
  table_add(table, is_fine(trial) ? "ok" : "problem");
  table_add(table, "%s", trial->name);
  table_add(table, "%s", model_of(trial) ? model_of(trial) : "-");
  table_add_ns(table, latency_of(trial));
  if (is_fine(trial))
    table_add(table, "%s%u + %u", request->tokens_estimated ? "~" : "",
              request->input_tokens, request->output_tokens);
  else
    table_add(table, "-");
  table_add(table, "%s", words.data ? words.data : "-");
  buf_free(&words);
}

/* Why there is no reply: a sentence with the backend's name, too long for a
 * table. */
static void add_reason(const Trial *trial, Buf *out) {
  if (is_fine(trial)) return;
  buf_add_char(out, '\n');
  add_words(trial, SIZE_MAX, out);
  buf_add_char(out, '\n');
}

static void add_table(const Trials *all, Buf *out) {
  static const char *const head[] = {"",        "backend", "model",
                                     "latency", "tokens",  "reply"};
  Table table;
  table_init(&table, NULL, "lllrrl");
  for (size_t i = 0; i < sizeof head / sizeof *head; i++)
    table_add(&table, "%s", head[i]);
  for (uint32_t i = 0; i < all->count; i++) add_row(&all->items[i], &table);
  table_print(&table, out);
  table_free(&table);
  for (uint32_t i = 0; i < all->count; i++) add_reason(&all->items[i], out);
}

static cJSON *trial_json(const Trial *trial) {
  const ModelRequest *request = &trial->request;
  cJSON *item = cJSON_CreateObject();
  Buf words = {0};
  add_words(trial, SIZE_MAX, &words);
  cJSON_AddStringToObject(item, "name", trial->name);
  cJSON_AddBoolToObject(item, "ok", is_fine(trial));
  if (trial->backend)
    cJSON_AddStringToObject(item, "provider",
                            model_backend_provider(trial->backend));
  if (model_of(trial)) cJSON_AddStringToObject(item, "model", model_of(trial));
  if (!isnan(latency_of(trial)))
    cJSON_AddNumberToObject(item, "latency_ms",
                            latency_of(trial) / (double)NS_PER_MS);
  if (is_fine(trial)) {
    cJSON_AddNumberToObject(item, "input_tokens", request->input_tokens);
    cJSON_AddNumberToObject(item, "output_tokens", request->output_tokens);
    cJSON_AddBoolToObject(item, "tokens_estimated", request->tokens_estimated);
  }
  cJSON_AddStringToObject(item, is_fine(trial) ? "reply" : "error",
                          words.data ? words.data : "");
  buf_free(&words);
  return item;
}

static void add_document(const Trials *all, Buf *out) {
  cJSON *list = cJSON_CreateArray();
  for (uint32_t i = 0; i < all->count; i++)
    cJSON_AddItemToArray(list, trial_json(&all->items[i]));
  report_add_document(list, true, out);
  cJSON_Delete(list);
}

static int report(const Cli *cli, const Trials *all) {
  Buf text = {0};
  bool all_fine = true;
  for (uint32_t i = 0; i < all->count; i++) all_fine &= is_fine(&all->items[i]);
  if (options_has(&cli->options, OPTION_JSON))
    add_document(all, &text);
  else
    add_table(all, &text);
  int code = cli_print(cli, buf_slice(&text));
  buf_free(&text);
  if (code != EXIT_CODE_DONE) return code;
  if (interrupt_came()) return EXIT_CODE_INTERRUPTED;
  return all_fine ? EXIT_CODE_DONE : EXIT_CODE_SETUP;
}

/* ---- all of it ----------------------------------------------------------- */

static Status start(const ModelOptions *options, Trials *all, Error *error) {
  all->reactor = reactor_new(error);
  if (!all->reactor) return error->status;
  all->client = model_client_new(options, all->reactor, error);
  return all->client ? STATUS_OK : error->status;
}

static void stop(Trials *all) {
  if (all->client) model_client_free(all->client);
  if (all->reactor) reactor_free(all->reactor);
  for (uint32_t i = 0; i < all->count; i++)
    model_request_clear(&all->items[i].request);
}

static int run(const Cli *cli, const ModelOptions *options, Trials *all) {
  Error error = {0};
  int code = EXIT_CODE_DONE;
  Status status = start(options, all, &error);
  if (status == STATUS_OK) status = call_all(all, &error);
  code = status == STATUS_OK ? report(cli, all) : cli_fail_error(cli, &error);
  stop(all);
  return code;
}

int backend_trials_run(const Cli *cli, const BackendTrials *trials) {
  ModelOptions options = {.config = trials->config,
                          .model = cli->options.value[OPTION_MODEL]};
  Trials all = {.count = trials->names.length};
  if (options.model && all.count > 1)
    return cli_fail(cli, EXIT_CODE_USAGE,
                    "--model is for one backend; name it: `apxm backends test "
                    "NAME --model %s`",
                    options.model);
  if (options.model) options.backend = trials->names.data[0];
  all.items = mem_alloc_zero(all.count, sizeof *all.items);
  mutex_init(&all.mutex);
  cond_init(&all.changed);
  for (uint32_t i = 0; i < all.count; i++) {
    all.items[i].all = &all;
    all.items[i].name = trials->names.data[i];
  }
  int code = run(cli, &options, &all);
  cond_destroy(&all.changed);
  mutex_destroy(&all.mutex);
  mem_free(all.items);
  return code;
}
