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
#include "runtime/model/secrets.h"
#include "runtime/model/sim.h"

enum { LACK_BYTES = 300 }; /* of a prompt that no rule fits */

/* A request's provider_state. */
typedef enum SimState {
  SIM_STATE_NEW,      /* `start` has not come to waiting, or never will */
  SIM_STATE_TIMED,    /* waits for its own timer, or that has fired */
  SIM_STATE_ENDING,   /* the same, and its time is over before the reply */
  SIM_STATE_SHARED,   /* went to the shared server; its timer is for its end */
  SIM_STATE_CANCELLED /* a cancel came before any of that */
} SimState;

typedef struct Sim {
  Provider provider; /* first: the provider is the sim */
  Reactor *reactor;
  SimProfile profile; /* immutable */
  bool is_strict;     /* immutable: nothing is made up */
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

/* A scripted error is what a server's answer with that code would be. */
static void fill_error(ModelRequest *request, const SimRule *rule) {
  request->status = STATUS_MODEL;
  request->code = rule->code;
  request->problem =
      rule->code ? model_problem_of_code(rule->code) : MODEL_PROBLEM_REFUSED;
  request->has_retry_after = rule->has_retry_after;
  request->retry_after_ns = rule->retry_after_ns;
}

/* A script that is to answer everything lacks this. */
static void fill_lack(ModelRequest *request) {
  static const Secrets none = {0};
  Buf *out = &request->reply;
  request->status = STATUS_MODEL;
  request->code = 0;
  request->problem = MODEL_PROBLEM_NOT_RECORDED;
  buf_addf(out, "no scripted reply fits this %.*s: \"",
           SLICE_ARG(request->operation));
  secrets_quote(&none, buf_slice(&request->prompt), LACK_BYTES, out);
  buf_add_char(out, '"');
}

static void fill_reply(const Sim *sim, ModelRequest *request,
                       const SimRule *rule) {
  bool is_error = rule && rule->is_error;
  request->status = STATUS_OK;
  if (is_error) fill_error(request, rule);
  request->is_cut = false;
  buf_clear(&request->reply);
  if (rule)
    buf_add_slice(&request->reply, rule->reply);
  else if (sim->is_strict)
    fill_lack(request);
  else
    request->is_cut = sim_text_add(request, &request->reply);
  request->tokens_estimated = true;
  request->input_tokens = model_estimate_tokens(request->system) +
                          model_estimate_tokens(buf_slice(&request->prompt));
  request->output_tokens =
      request->status != STATUS_OK
          ? 0
          : model_estimate_tokens(buf_slice(&request->reply));
}

/* ---- waiting ------------------------------------------------------------ */

/* The mutex is held. */
static void set_server_timer(Sim *sim) {
  uint64_t next = sim_share_next(&sim->share);
  if (next != UINT64_MAX)
    reactor_timer_set(sim->reactor, &sim->timer, next);
  else
    reactor_timer_cancel(sim->reactor, &sim->timer);
}

/* The mutex is held. False: it is not there any more. */
static bool call_back(Sim *sim, ModelRequest *request) {
  if (!sim_share_leave(&sim->share, request, clock_now())) return false;
  set_server_timer(sim);
  return true;
}

/* Its time is over. False: a cancel came first. */
static bool leave_server(ModelRequest *request) {
  Sim *sim = request->provider_data;
  mutex_lock(&sim->mutex);
  bool is_mine = call_back(sim, request);
  mutex_unlock(&sim->mutex);
  return is_mine;
}

/* I/O thread: the reply is due, or the time of the call is over. */
static void time_over(Timer *timer) {
  ModelRequest *request =
      (ModelRequest *)((char *)timer - offsetof(ModelRequest, timer));
  if (request->provider_state == SIM_STATE_SHARED && !leave_server(request))
    return;
  if (request->provider_state != SIM_STATE_TIMED)
    provider_fill_expired(request);
  provider_finish(request);
}

/* The mutex is held. */
static void set_timer(Sim *sim, ModelRequest *request, uint64_t deadline) {
  request->timer.fire = time_over;
  reactor_timer_set(sim->reactor, &request->timer, deadline);
}

/* The mutex is held. */
static void wait_time(Sim *sim, ModelRequest *request, uint64_t ns) {
  uint64_t due = request->attempted_at + ns;
  bool is_late = due > request->ends_at;
  request->provider_state = is_late ? SIM_STATE_ENDING : SIM_STATE_TIMED;
  set_timer(sim, request, is_late ? request->ends_at : due);
}

/* The mutex is held. */
static void wait_server(Sim *sim, ModelRequest *request) {
  uint32_t position = sim_share_position(&sim->share);
  request->provider_state = SIM_STATE_SHARED;
  request->provider_data = sim;
  sim_share_arrive(&sim->share, request,
                   sim_profile_work(&sim->profile, request, position),
                   request->attempted_at);
  set_server_timer(sim);
  if (request->ends_at != UINT64_MAX) set_timer(sim, request, request->ends_at);
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
    reactor_timer_cancel(sim->reactor, &request->timer);
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
  fill_reply(sim, request, rule);
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
    case SIM_STATE_ENDING:
      return reactor_timer_cancel(sim->reactor, &request->timer);
    case SIM_STATE_SHARED:
      if (!call_back(sim, request)) return false;
      reactor_timer_cancel(sim->reactor, &request->timer);
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

static Status load_rules(const ModelOptions *options, SimRules *rules,
                         Error *error) {
  const char *script = options->script;
  return script ? sim_rules_read("script", slice_of(script), rules, error)
                : sim_rules_load(options->replies, rules, error);
}

Provider *sim_new(const ProviderSetup *setup, Error *error) {
  const ModelOptions *options = setup->options;
  const char *spec = options->sim_profile ? options->sim_profile : "instant";
  Sim *sim = MEM_NEW(Sim);
  Buf detail = {0};
  buf_add_text(&detail, spec);
  sim->provider.class = &sim_class;
  sim->provider.detail = sim->detail = buf_take(&detail);
  sim->reactor = setup->reactor;
  sim->is_strict = options->script != NULL;
  sim->timer.fire = server_due;
  mutex_init(&sim->mutex);
  if (load_rules(options, &sim->rules, error) == STATUS_OK &&
      sim_profile_load(spec, &sim->profile, error) == STATUS_OK) {
    sim->share.rates = sim->profile.rates;
    return &sim->provider;
  }
  destroy(&sim->provider);
  return NULL;
}
