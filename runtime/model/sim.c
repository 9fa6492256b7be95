/* SPDX-License-Identifier: MIT
 *
 * The embedded model: a provider that needs no network. The reply is made when
 * the exchange starts, from a script or from the prompt itself; what remains is
 * to wait as long as the latency profile says:
 *
 *     at once        `start` returns true
 *     a fixed time   one timer a request
 *     shared server  sim_share.c says who is next; one timer for that one
 *
 * The mutex guards the use counts of the rules, the shared server and each
 * request's provider_state. A timer is set and cancelled under it (the reactor
 * calls nobody under its own lock), so that a cancel that comes while `start`
 * runs finds either no exchange yet, or one it can call off.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/model/provider.h"
#include "runtime/model/sim.h"

/* A request's provider_state. */
typedef enum SimState {
  SIM_STATE_NEW,      /* `start` has not come to waiting, or never will */
  SIM_STATE_TIMED,    /* waits for its own timer, or that has fired */
  SIM_STATE_SHARED,   /* went to the shared server */
  SIM_STATE_CANCELLED /* a cancel came before any of that */
} SimState;

typedef struct Sim {
  Provider provider; /* first: the provider is the sim */
  Reactor *reactor;
  SimProfile profile; /* immutable */
  char *detail;       /* owned; the profile as it was asked for */
  Mutex mutex;        /* guards what follows, and see above */
  SimRules rules;
  SimShare share;
  Timer timer; /* for the next one of the shared server */
} Sim;

/* ---- the reply ---------------------------------------------------------- */

static const SimRule *take_rule(Sim *sim, const ModelRequest *request) {
  if (sim->rules.rules.length == 0) return NULL;
  mutex_lock(&sim->mutex);
  const SimRule *rule = sim_rules_take(&sim->rules, request);
  mutex_unlock(&sim->mutex);
  return rule;
}

static void fill_reply(ModelRequest *request, const SimRule *rule) {
  bool is_error = rule && rule->is_error;
  request->status = is_error ? STATUS_MODEL : STATUS_OK;
  request->error_code = is_error ? rule->error_code : 0;
  request->is_cut = false;
  buf_clear(&request->reply);
  if (rule)
    buf_add_slice(&request->reply, rule->reply);
  else
    request->is_cut = sim_text_add(request, &request->reply);
  request->tokens_estimated = true;
  request->input_tokens = model_estimate_tokens(request->system) +
                          model_estimate_tokens(buf_slice(&request->prompt));
  request->output_tokens =
      is_error ? 0 : model_estimate_tokens(buf_slice(&request->reply));
}

/* ---- waiting ------------------------------------------------------------ */

static void time_over(Timer *timer) {
  provider_finish(
      (ModelRequest *)((char *)timer - offsetof(ModelRequest, timer)));
}

/* The mutex is held. */
static void wait_time(Sim *sim, ModelRequest *request, uint64_t ns) {
  request->provider_state = SIM_STATE_TIMED;
  request->timer.fire = time_over;
  reactor_timer_set(sim->reactor, &request->timer, request->attempted_at + ns);
}

/* The mutex is held. */
static void set_server_timer(Sim *sim) {
  uint64_t next = sim_share_next(&sim->share);
  if (next != UINT64_MAX)
    reactor_timer_set(sim->reactor, &sim->timer, next);
  else
    reactor_timer_cancel(sim->reactor, &sim->timer);
}

/* The mutex is held. */
static void wait_server(Sim *sim, ModelRequest *request) {
  uint32_t position = sim_share_position(&sim->share);
  request->provider_state = SIM_STATE_SHARED;
  sim_share_arrive(&sim->share, request,
                   sim_profile_work(&sim->profile, request, position),
                   request->attempted_at);
  set_server_timer(sim);
}

static void server_due(Timer *timer) {
  Sim *sim = (Sim *)((char *)timer - offsetof(Sim, timer));
  uint64_t now = clock_now();
  for (;;) {
    mutex_lock(&sim->mutex);
    ModelRequest *request = sim_share_take(&sim->share, now);
    if (!request) set_server_timer(sim);
    mutex_unlock(&sim->mutex);
    if (!request) return;
    provider_finish(request);
  }
}

/* ---- the provider ------------------------------------------------------- */

static bool start(Provider *provider, ModelRequest *request) {
  Sim *sim = (Sim *)provider;
  const SimRule *rule = take_rule(sim, request);
  bool is_timed = !sim->profile.is_shared || (rule && rule->has_latency);
  uint64_t ns =
      rule && rule->has_latency ? rule->latency_ns : sim->profile.latency_ns;
  fill_reply(request, rule);
  if (is_timed && ns == 0) return true;
  mutex_lock(&sim->mutex);
  bool is_cancelled = request->provider_state == SIM_STATE_CANCELLED;
  if (is_cancelled) {
    provider_fill_cancelled(request);
  } else if (is_timed) {
    wait_time(sim, request, ns);
  } else {
    wait_server(sim, request);
  }
  mutex_unlock(&sim->mutex); /* from here on the request may be gone */
  return is_cancelled;
}

/* The mutex is held. */
static bool call_off(Sim *sim, ModelRequest *request) {
  switch ((SimState)request->provider_state) {
    case SIM_STATE_NEW:
      request->provider_state = SIM_STATE_CANCELLED;
      return false;
    case SIM_STATE_TIMED:
      return reactor_timer_cancel(sim->reactor, &request->timer);
    case SIM_STATE_SHARED:
      if (!sim_share_leave(&sim->share, request, clock_now())) return false;
      set_server_timer(sim);
      return true;
    case SIM_STATE_CANCELLED:
      return false;
  }
  return false;
}

static bool cancel(Provider *provider, ModelRequest *request) {
  Sim *sim = (Sim *)provider;
  mutex_lock(&sim->mutex);
  bool is_off = call_off(sim, request);
  mutex_unlock(&sim->mutex);
  return is_off;
}

static void destroy(Provider *provider) {
  Sim *sim = (Sim *)provider;
  sim_rules_free(&sim->rules);
  sim_share_free(&sim->share);
  mutex_destroy(&sim->mutex);
  mem_free(sim->detail);
  mem_free(sim);
}

static const ProviderClass sim_class = {
    .start = start, .cancel = cancel, .free = destroy};

Provider *sim_new(const ProviderSetup *setup, Error *error) {
  const ModelOptions *options = setup->options;
  const char *spec = options->sim_profile ? options->sim_profile : "instant";
  Sim *sim = MEM_NEW(Sim);
  Buf detail = {0};
  buf_add_text(&detail, spec);
  sim->provider.class = &sim_class;
  sim->provider.detail = sim->detail = buf_take(&detail);
  sim->reactor = setup->reactor;
  sim->timer.fire = server_due;
  mutex_init(&sim->mutex);
  if (sim_rules_load(options->replies, &sim->rules, error) == STATUS_OK &&
      sim_profile_load(spec, &sim->profile, error) == STATUS_OK) {
    sim->share.rates = sim->profile.rates;
    return &sim->provider;
  }
  destroy(&sim->provider);
  return NULL;
}
