/* SPDX-License-Identifier: MIT
 *
 * The two machines that decide how much goes to a server: rate.h and
 * concurrency.h, fed with the attempts of one backend. The embedded model, to
 * which nobody has set a rate, is spared both: its calls may cost less than
 * asking would.
 */
#include "runtime/model/permits.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "runtime/model/attempts.h"

/* A server's word on when to come back holds for the call that got it however
 * long it is; for all others no longer than this. */
static const uint64_t longest_quiet = 3600 * NS_PER_S;

/* ---- for those who watch ------------------------------------------------- */

/* I/O thread. */
static void fill_row(BoardSource *source, BoardRow *row) {
  ModelBackend *backend =
      (ModelBackend *)((char *)source - offsetof(ModelBackend, source));
  uint64_t now = clock_now();
  snprintf(row->name, sizeof row->name, "%s", backend->config.name);
  snprintf(row->provider, sizeof row->provider, "%s", backend->config.provider);
  mutex_lock(&backend->mutex);
  const Rate *rate = &backend->rate;
  board_fill(&backend->counts, now, row);
  row->open = backend->open;
  row->waiting = queue_length(&backend->queue);
  row->limit = concurrency_limit(&backend->concurrency);
  row->is_adaptive = !backend->concurrency.is_fixed;
  row->rpm = rate->requests.per_minute;
  row->tpm = rate->tokens.per_minute;
  row->quiet_ns = rate->quiet_until > now ? rate->quiet_until - now : 0;
  mutex_unlock(&backend->mutex);
}

/* ---- slots -------------------------------------------------------------- */

static uint32_t smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* What was asked for, as far as the descriptors go. */
static uint32_t fixed_limit(const ProviderSetup *setup) {
  const BackendConfig *config = setup->config;
  uint32_t limit = setup->options->max_in_flight;
  if (limit == 0) limit = config->max_in_flight;
  limit = smaller(limit, LIMIT_IN_FLIGHT);
  if (!setup->http || limit <= setup->connections) return limit;
  log_warning(
      "backend %s: %u calls in flight instead of %u: this process may "
      "not open more descriptors (see `ulimit -n`)",
      config->name, setup->connections, limit);
  return setup->connections;
}

/* Leaves half of the descriptors to other backends. */
static uint32_t adaptive_most(const ProviderSetup *setup) {
  uint32_t half = setup->connections / 2;
  return smaller(half ? half : 1, LIMIT_IN_FLIGHT_ADAPTIVE);
}

void permits_init(ModelBackend *backend, const ProviderSetup *setup) {
  const BackendConfig *config = setup->config;
  bool is_fixed = !setup->http || !config->is_adaptive ||
                  setup->options->max_in_flight != 0;
  backend->most = is_fixed ? fixed_limit(setup) : adaptive_most(setup);
  uint32_t start =
      is_fixed ? backend->most : smaller(config->max_in_flight, backend->most);
  backend->is_metered =
      !setup->tape && (setup->http || config->rpm || config->tpm);
  concurrency_init(&backend->concurrency, start, backend->most, is_fixed);
  rate_init(&backend->rate, config->rpm, config->tpm, clock_now());
  store_relaxed(&backend->limit, start);
  backend->source.fill = fill_row;
  backend->board = backend->is_metered ? setup->board : NULL;
  board_add(backend->board, &backend->source);
}

/* ---- an attempt wants to begin ------------------------------------------- */

uint64_t permit_ask(ModelBackend *backend, ModelRequest *request) {
  if (!backend->is_metered) return 0;
  uint64_t now = clock_now();
  uint32_t input = model_estimate_tokens(request->system) +
                   model_estimate_tokens(buf_slice(&request->prompt));
  uint32_t tokens = rate_estimate(&backend->rate, input, request->max_tokens);
  uint64_t until = rate_take(&backend->rate, now, tokens);
  if (until == 0) {
    request->reserved_tokens = tokens;
    board_count_start(&backend->counts, now, request->attempt == 0);
  }
  board_touch(backend->board);
  return until < attempts_end(backend, request, now) ? until : UINT64_MAX;
}

void permit_unwanted(ModelBackend *backend) {
  if (backend->is_metered) rate_leave(&backend->rate, clock_now());
}

/* ---- an attempt is over -------------------------------------------------- */

static void settle(Rate *rate, const ModelRequest *request) {
  bool is_ok = request->status == STATUS_OK;
  uint32_t output = is_ok ? request->output_tokens : 0;
  uint32_t used = is_ok ? request->input_tokens + output : 0;
  rate_settle(rate, request->completed_at, request->reserved_tokens, used,
              output);
}

/* What stops the others, too. */
static void obey(Rate *rate, const ModelRequest *request) {
  bool is_about_all = request->code == 429 || request->code == 503;
  uint64_t wait = request->retry_after_ns;
  if (request->status != STATUS_MODEL || !request->has_retry_after ||
      !is_about_all)
    return;
  rate_quiet(rate, request->completed_at +
                       (wait < longest_quiet ? wait : longest_quiet));
}

static void adapt(ModelBackend *backend, const ModelRequest *request) {
  bool is_ok = request->status == STATUS_OK;
  ConcurrencySample sample = {
      .now = request->completed_at,
      .started_at = request->attempted_at,
      .open = backend->open,
      .waiting = queue_length(&backend->queue),
      .tokens = is_ok ? request->output_tokens : 0,
      .is_ok = is_ok,
      .is_load = request->status == STATUS_MODEL &&
                 model_problem_is_load(request->problem)};
  concurrency_ended(&backend->concurrency, &sample);
  store_relaxed(&backend->limit, concurrency_limit(&backend->concurrency));
}

static void count(ModelBackend *backend, const ModelRequest *request) {
  if (request->status == STATUS_OK)
    board_count_reply(&backend->counts,
                      request->completed_at - request->attempted_at);
  if (request->status == STATUS_MODEL &&
      model_problem_is_load(request->problem))
    backend->counts.refused++;
  board_touch(backend->board);
}

void permit_end(ModelBackend *backend, const ModelRequest *request) {
  if (backend->is_metered) {
    settle(&backend->rate, request);
    obey(&backend->rate, request);
    adapt(backend, request);
    count(backend, request);
  }
  backend->open--;
}

/* ---- questions ---------------------------------------------------------- */

void provider_saw(ModelRequest *request, const RateSeen *seen) {
  ModelBackend *backend = request->backend;
  mutex_lock(&backend->mutex);
  rate_learn(&backend->rate, clock_now(), seen);
  mutex_unlock(&backend->mutex);
}

uint32_t model_backend_limit(const ModelBackend *backend) {
  return load_relaxed(&backend->limit);
}

void model_backend_limits(ModelBackend *backend, ModelLimits *limits) {
  mutex_lock(&backend->mutex);
  *limits = (ModelLimits){.most = backend->concurrency.most_seen,
                          .least = backend->concurrency.least_seen,
                          .bound = backend->most,
                          .held_ns = rate_held(&backend->rate, clock_now())};
  mutex_unlock(&backend->mutex);
}
