/* SPDX-License-Identifier: MIT
 *
 * The provider that answers from a tape (tape.h): at once, in whatever thread
 * asks, with what was recorded. Nobody chooses it by name; with --replay it is
 * what every backend of the client is.
 */
#include "core/base/mem.h"
#include "runtime/model/provider.h"
#include "runtime/model/tape.h"

typedef struct Replay {
  Provider provider; /* first: the provider is the replay */
  Tape *tape;        /* the client's */
  const char *model; /* of requests that name none; "" when nobody does */
} Replay;

static void fill_miss(ModelRequest *request, Buf *miss) {
  request->status = STATUS_MODEL;
  request->problem = MODEL_PROBLEM_NOT_RECORDED;
  buf_free(&request->reply);
  request->reply = *miss;
  *miss = (Buf){0};
}

static void fill_reply(ModelRequest *request, const TapeReply *reply) {
  bool has_failed = reply->problem != MODEL_PROBLEM_NONE;
  request->status = has_failed ? STATUS_MODEL : STATUS_OK;
  request->problem = reply->problem;
  request->code = reply->code;
  request->is_cut = reply->is_cut;
  request->input_tokens = reply->input_tokens;
  request->output_tokens = reply->output_tokens;
  request->tokens_estimated = reply->is_estimated;
  buf_clear(&request->reply);
  buf_add_slice(&request->reply, reply->text);
}

static bool start(Provider *provider, ModelRequest *request) {
  Replay *replay = (Replay *)provider;
  Buf miss = {0};
  const TapeReply *reply =
      tape_take(replay->tape, request, replay->model, &miss);
  if (reply)
    fill_reply(request, reply);
  else
    fill_miss(request, &miss);
  buf_free(&miss);
  return true;
}

/* There is nothing to give up: `start` is about to return true. */
static bool cancel(Provider *provider, ModelRequest *request) {
  (void)provider;
  (void)request;
  return false;
}

static void destroy(Provider *provider) {
  mem_free(provider);
}

static const ProviderClass replay_class = {
    .start = start, .cancel = cancel, .free = destroy};

Provider *replay_new(const ProviderSetup *setup) {
  Replay *replay = MEM_NEW(Replay);
  replay->provider.class = &replay_class;
  replay->provider.detail = setup->options->replay;
  replay->tape = setup->tape;
  replay->model = setup->model ? setup->model : "";
  return &replay->provider;
}
