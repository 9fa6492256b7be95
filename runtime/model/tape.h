/* SPDX-License-Identifier: MIT
 *
 * Model calls on a tape: what was asked and what came of it, in a folder with
 * one file for each request. A file is called by a hash of what was asked, so
 * equal requests meet in it, and whoever asks the same again finds it.
 *
 *     DIR/8f/8f0c...d2.json   {"request": {...}, "replies": [{...}, ...]}
 *
 * A recorder writes such a folder, a player answers from one. The files are
 * described in docs/testing-flows.md. Prompts and replies are in them; headers
 * and keys are not.
 */
#ifndef APXM_RUNTIME_MODEL_TAPE_H
#define APXM_RUNTIME_MODEL_TAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"
#include "core/base/vec.h"
#include "runtime/model/request.h"

/* All that decides what a model says. */
typedef struct TapeRequest {
  Slice operation;
  Slice model;  /* as it was resolved; empty: nobody names one */
  Slice system; /* empty: none */
  Slice prompt;
  double temperature;     /* NaN: not said */
  uint32_t max_tokens;    /* 0: not said */
  uint32_t budget_tokens; /* 0: not said */
} TapeRequest;

/* One call's end. */
typedef struct TapeReply {
  Slice run;            /* which run asked: its name, or its number */
  Slice site;           /* where in it; empty: not said */
  Slice text;           /* the reply, or why there is none */
  Slice backend;        /* that gave it; for people */
  ModelProblem problem; /* MODEL_PROBLEM_NONE: there is a reply */
  uint32_t code;        /* of the HTTP reply; 0: none came */
  bool is_cut;
  bool is_estimated; /* the tokens */
  uint32_t input_tokens, output_tokens;
} TapeReply;

/* What a file holds. */
typedef struct TapeEntry {
  TapeRequest request;
  VEC(TapeReply) replies; /* in the order of arrival of their calls */
} TapeEntry;

/* `model`: of requests that name none. The texts are the request's. */
TapeRequest tape_request(const ModelRequest *request, const char *model);

/* Appends what its run is called. */
void tape_add_run(const ModelRequest *request, Buf *out);

/* The name of its file: a hash of the request as JSON on one line, keys in a
 * fixed order, what is not said left out. */
void tape_digest(const TapeRequest *request, char digest[SLICE_DIGEST_SIZE]);

/* Appends the two halves of a file, as they stand in it. */
void tape_add_request(const TapeRequest *request, Buf *out);
void tape_add_reply(const TapeReply *reply, Buf *out);
/* The latter with where in its run the call was made: that tells equal requests
 * of one run apart, and is left out where there is only one. */
void tape_add_sited(Slice reply, Slice site, Buf *out);

/* A file from these halves; `replies` are separated already. */
void tape_add_file(Slice request, Slice replies, Buf *out);

/* Reads one; `path` for messages, texts go to `arena`. STATUS_FORMAT. Free
 * entry->replies in any case. */
Status tape_read(const char *path, Slice text, Arena *arena, TapeEntry *entry,
                 Error *error) MUST_USE;

/* ---- recording (tape_record.c) ------------------------------------------- */

typedef struct Recorder Recorder;

/* Makes the folder if it is not there. STATUS_IO, STATUS_NOT_FOUND: nothing
 * can be written there. `is_whole`: what is recorded takes the place of all
 * that is there, when the recorder is closed, unless a call has failed: then
 * the tape stays as it was. */
Recorder *recorder_open(const char *folder, bool is_whole, Error *error);
/* Waits for nobody: no call may be open. */
void recorder_close(Recorder *recorder);

/* Any thread: a call is over, all that it fills is filled. What was cancelled
 * is left out. What is recorded of a request first takes the place of what
 * earlier processes recorded of it. A file that cannot be written costs the run
 * nothing but a warning. */
void recorder_add(Recorder *recorder, const ModelRequest *request);

/* ---- playing (tape_play.c, tape_near.c) ---------------------------------- */

typedef struct Tape Tape;

/* Reads the whole folder. STATUS_NOT_FOUND: there is none; STATUS_FORMAT: a
 * file is damaged, or is not where its request belongs. */
Tape *tape_open(const char *folder, Error *error);
void tape_close(Tape *tape);

/* Any thread. Of equal requests of a run each gets the reply that was recorded
 * of that run at its site, else the next in the order of recording; of the
 * first recorded run where there is none of its name or number. An empty model
 * in the request is any that was recorded. NULL: the tape has no such reply,
 * and `miss` says so, with the nearest request that it has. */
const TapeReply *tape_take(Tape *tape, const ModelRequest *request,
                           const char *model, Buf *miss);

/* Appends how the nearest recorded request differs. */
void tape_add_nearest(const TapeEntry *const *entries, uint32_t count,
                      const TapeRequest *wanted, Buf *out);

#endif
