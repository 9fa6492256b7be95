/* SPDX-License-Identifier: MIT
 *
 * What is recorded of a request so far is kept in memory as it stands in its
 * file, and the file is written anew, whole, when a reply is added: at once
 * while it is short, else when it has doubled and at the end, so that ten
 * thousand equal requests cost no square. A process that is killed loses little
 * and leaves no half file. Several processes may record into one folder: of a
 * request that more than one of them makes, the last to write is what stays.
 *
 * A whole tape is written at the end, when it is known that there is one.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/model/model.h"
#include "runtime/model/tape.h"

enum { WRITE_THROUGH = 16 }; /* replies of a request that are written at once */

/* A reply as it stands in the file. */
typedef struct Take {
  uint64_t age;
  Slice text; /* without its site; in the arena */
  Slice site; /* the same */
} Take;

/* One request. */
typedef struct Track {
  const char *digest; /* in the arena */
  Slice request;      /* as in the file; in the arena; empty while all that was
                         recorded is written */
  VEC(Take) takes;    /* by age */
  uint32_t written;   /* takes that the file holds */
} Track;

struct Recorder {
  Mutex mutex; /* guards what follows, and the writing of files */
  Arena arena;
  char *folder; /* in the arena */
  Map map;      /* digest to place in `tracks` */
  VEC(Track) tracks;
  bool has_failed; /* and that was said */
  bool is_whole;
  uint32_t failures; /* calls */
};

/* ---- folders and files --------------------------------------------------- */

/* Makes `path` and the folders above it. 0 or an errno value. */
static int make_folders(const char *path) {
  Buf part = {0};
  int code = 0;
  for (size_t i = 1; code == 0 && i <= strlen(path); i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    buf_clear(&part);
    buf_add(&part, path, i);
    if (mkdir(part.data, 0777) != 0 && errno != EEXIST) code = errno;
  }
  struct stat info;
  if (code == 0 && stat(path, &info) == 0 && !S_ISDIR(info.st_mode))
    code = ENOTDIR;
  buf_free(&part);
  return code;
}

/* "DIR/8f/8f0c...d2.json"; with its folder. */
static Status write_file(Recorder *recorder, const Track *track, Slice text,
                         Error *error) {
  Buf path = {0};
  buf_addf(&path, "%s/%.2s", recorder->folder, track->digest);
  if (mkdir(path.data, 0777) != 0 && errno != EEXIST) {
    error_set_errno(error, STATUS_IO, errno, "cannot make %s", path.data);
    buf_free(&path);
    return STATUS_IO;
  }
  buf_addf(&path, "/%s.json", track->digest);
  Status status = file_write(path.data, text, error);
  buf_free(&path);
  return status;
}

/* The lock is held. */
static void say_lost(Recorder *recorder, const char *why) {
  if (recorder->has_failed) return;
  recorder->has_failed = true;
  log_warning("the tape %s lacks a call, the run goes on: %s", recorder->folder,
              why);
}

/* The lock is held. */
static void write_track(Recorder *recorder, Track *track, Slice request) {
  Buf replies = {0}, text = {0};
  Error error = {0};
  for (uint32_t i = 0; i < track->takes.length; i++) {
    const Take *take = &track->takes.data[i];
    if (i > 0) buf_add_text(&replies, ",\n    ");
    if (track->takes.length > 1 && take->site.length > 0)
      tape_add_sited(take->text, take->site, &replies);
    else
      buf_add_slice(&replies, take->text);
  }
  tape_add_file(request, buf_slice(&replies), &text);
  track->written = track->takes.length;
  if (text.length > LIMIT_TAPE_FILE_BYTES)
    say_lost(recorder, "one request and its replies are too long");
  else if (write_file(recorder, track, buf_slice(&text), &error) != STATUS_OK)
    say_lost(recorder, error.message);
  buf_free(&text);
  buf_free(&replies);
}

/* ---- calls; the lock is held --------------------------------------------- */

static Slice keep(Recorder *recorder, const Buf *text) {
  if (text->length == 0) return (Slice){0};
  char *copy = arena_copy(&recorder->arena, text->data, text->length);
  return slice_from(copy, text->length);
}

static Track *find_track(Recorder *recorder, const char *digest) {
  uint32_t at = recorder->tracks.length;
  if (map_get(&recorder->map, slice_of(digest), &at))
    return &recorder->tracks.data[at];
  Track track = {.digest =
                     arena_copy(&recorder->arena, digest, strlen(digest))};
  map_set(&recorder->map, slice_of(track.digest), at);
  vec_push(&recorder->tracks, track);
  return &recorder->tracks.data[at];
}

static void insert(Track *track, Take take) {
  vec_push(&track->takes, take);
  uint32_t at = track->takes.length - 1;
  for (; at > 0 && track->takes.data[at - 1].age > take.age; at--)
    track->takes.data[at] = track->takes.data[at - 1];
  track->takes.data[at] = take;
}

static bool is_due(const Recorder *recorder, const Track *track) {
  uint32_t count = track->takes.length;
  if (recorder->is_whole) return false;
  return count <= WRITE_THROUGH || count >= 2 * track->written;
}

static void add_take(Recorder *recorder, const TapeRequest *request,
                     const Buf *reply, const ModelRequest *from) {
  char digest[SLICE_DIGEST_SIZE];
  Buf text = {0};
  tape_digest(request, digest);
  tape_add_request(request, &text);
  Track *track = find_track(recorder, digest);
  insert(track, (Take){.age = from->age,
                       .text = keep(recorder, reply),
                       .site = keep(recorder, &from->site)});
  if (is_due(recorder, track))
    write_track(recorder, track, buf_slice(&text));
  else if (track->request.length == 0)
    track->request = keep(recorder, &text);
  buf_free(&text);
}

/* ---- the recorder -------------------------------------------------------- */

static bool has_nul(Slice text) {
  return text.length > 0 && memchr(text.data, '\0', text.length) != NULL;
}

static void fill_reply(const ModelRequest *request, const Buf *run, Buf *out) {
  bool is_ok = request->status == STATUS_OK;
  TapeReply reply = {.run = buf_slice(run),
                     .text = buf_slice(&request->reply),
                     .backend = slice_of(model_backend_name(request->backend)),
                     .problem = is_ok ? MODEL_PROBLEM_NONE : request->problem,
                     .code = is_ok ? 0 : request->code,
                     .is_cut = is_ok && request->is_cut,
                     .is_estimated = request->tokens_estimated,
                     .input_tokens = request->input_tokens,
                     .output_tokens = request->output_tokens};
  if (!is_ok && reply.problem == MODEL_PROBLEM_NONE)
    reply.problem = MODEL_PROBLEM_REFUSED; /* nobody said why */
  tape_add_reply(&reply, out);
}

void recorder_add(Recorder *recorder, const ModelRequest *request) {
  TapeRequest asked =
      tape_request(request, model_backend_model(request->backend));
  Buf run = {0}, reply = {0};
  if (request->status == STATUS_CANCELLED) return;
  tape_add_run(request, &run);
  fill_reply(request, &run, &reply);
  bool is_binary = has_nul(asked.prompt) || has_nul(asked.system) ||
                   has_nul(buf_slice(&request->reply));
  mutex_lock(&recorder->mutex);
  recorder->failures += request->status != STATUS_OK;
  if (is_binary)
    say_lost(recorder, "a text with a NUL cannot be recorded");
  else
    add_take(recorder, &asked, &reply, request);
  mutex_unlock(&recorder->mutex);
  buf_free(&reply);
  buf_free(&run);
}

/* ---- a whole tape -------------------------------------------------------- */

static bool is_digest(const char *name, size_t length) {
  return strspn(name, "0123456789abcdef") == length;
}

/* Removes what this recorder has not written from one folder of the tape. */
static void prune(const Recorder *recorder, const char *path) {
  const size_t digits = SLICE_DIGEST_SIZE - 1;
  DIR *folder = opendir(path);
  const struct dirent *item;
  uint32_t at;
  if (!folder) return;
  while ((item = readdir(folder)) != NULL) {
    const char *name = item->d_name;
    bool is_ours =
        is_digest(name, digits) && strcmp(name + digits, ".json") == 0;
    if (is_ours && !map_get(&recorder->map, slice_from(name, digits), &at))
      (void)unlinkat(dirfd(folder), name, 0);
  }
  closedir(folder);
  (void)rmdir(path); /* where nothing is left */
}

static void prune_all(const Recorder *recorder) {
  DIR *folder = opendir(recorder->folder);
  const struct dirent *item;
  Buf path = {0};
  if (!folder) return;
  while ((item = readdir(folder)) != NULL) {
    if (!is_digest(item->d_name, 2)) continue;
    buf_clear(&path);
    buf_addf(&path, "%s/%s", recorder->folder, item->d_name);
    prune(recorder, path.data);
  }
  closedir(folder);
  buf_free(&path);
}

/* ---- life ---------------------------------------------------------------- */

Recorder *recorder_open(const char *folder, bool is_whole, Error *error) {
  int code = folder[0] ? make_folders(folder) : ENOENT;
  if (code != 0) {
    error_set_errno(error, STATUS_IO, code, "cannot record into %s",
                    folder[0] ? folder : "a folder without a name");
    return NULL;
  }
  if (access(folder, W_OK | X_OK) != 0) {
    error_set_errno(error, STATUS_IO, errno, "cannot record into %s", folder);
    return NULL;
  }
  Recorder *recorder = MEM_NEW(Recorder);
  mutex_init(&recorder->mutex);
  arena_init(&recorder->arena);
  recorder->is_whole = is_whole;
  recorder->folder = arena_copy(&recorder->arena, folder, strlen(folder));
  return recorder;
}

static void write_rest(Recorder *recorder) {
  for (uint32_t i = 0; i < recorder->tracks.length; i++) {
    Track *track = &recorder->tracks.data[i];
    if (track->written < track->takes.length)
      write_track(recorder, track, track->request);
  }
}

void recorder_close(Recorder *recorder) {
  if (!recorder) return;
  if (recorder->is_whole && recorder->failures > 0)
    log_warning("the tape %s stays as it was: model calls failed: %u",
                recorder->folder, recorder->failures);
  else
    write_rest(recorder);
  if (recorder->is_whole && recorder->failures == 0 && !recorder->has_failed)
    prune_all(recorder);
  for (uint32_t i = 0; i < recorder->tracks.length; i++)
    vec_free(&recorder->tracks.data[i].takes);
  vec_free(&recorder->tracks);
  map_free(&recorder->map);
  arena_free(&recorder->arena);
  mutex_destroy(&recorder->mutex);
  mem_free(recorder);
}
