/* SPDX-License-Identifier: MIT
 *
 * A tape that answers. All of it is read at the start, so that a damaged file
 * is found before anything runs, and is immutable from then on; the mutex
 * guards only who has had how many replies.
 *
 * Counted is by run: several runs that share a tape (a batch, the cases of
 * `apxm test`) each begin with the first reply, in whatever order they run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/model/model.h"
#include "runtime/model/tape.h"

enum {
  NEAREST_MISSES = 4,      /* that are told the nearest request: looking for it
                              may take a while */
  SEVERAL = UINT32_MAX - 1 /* in `loose`: more than one */
};

/* How many replies a run has had. */
typedef struct Use {
  uint64_t run;
  uint32_t count;
} Use;

typedef struct Track {
  TapeEntry entry;
  const char *path; /* below the folder, for messages */
  VEC(Use) uses;    /* the mutex guards it */
} Track;

struct Tape {
  /* Immutable after tape_open. */
  Arena arena; /* all the texts */
  const char *folder;
  VEC(Track) tracks; /* by path; all but their uses */
  Map exact;         /* digest of a request to its track */
  Map loose;         /* the same, the model left out; or SEVERAL */
  size_t bytes;

  Mutex mutex; /* guards the uses and what follows */
  uint32_t misses;
};

/* ---- reading the folder -------------------------------------------------- */

typedef VEC(const char *) Names;

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a folder that do not begin with a dot, sorted. */
static Status list_names(Tape *tape, const char *path, Names *names,
                         Error *error) {
  DIR *folder = opendir(path);
  if (!folder)
    return error_set_errno(error,
                           errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO,
                           errno, "cannot read the tape %s", path);
  const struct dirent *item;
  while ((item = readdir(folder)) != NULL)
    if (item->d_name[0] != '.')
      vec_push(names,
               arena_copy(&tape->arena, item->d_name, strlen(item->d_name)));
  closedir(folder);
  if (names->length > 0)
    qsort(names->data, names->length, sizeof *names->data, by_text);
  return STATUS_OK;
}

static bool is_hexadecimal(const char *name) {
  return name[strspn(name, "0123456789abcdef")] == '\0';
}

/* The file is called by its request. */
static Status check_name(const Track *track, const char *digest,
                         const char *path, Error *error) {
  Buf name = {0};
  buf_addf(&name, "%.2s/%s.json", digest, digest);
  bool is_right = strcmp(name.data, track->path) == 0;
  if (!is_right)
    error_set(error, STATUS_FORMAT,
              "%s: what it says was asked belongs into %s: its request was "
              "changed, or the file was moved",
              path, name.data);
  buf_free(&name);
  return is_right ? STATUS_OK : STATUS_FORMAT;
}

static void enter(Tape *tape, Track *track, const char *digest) {
  uint32_t at = tape->tracks.length;
  uint32_t other = 0;
  TapeRequest bare = track->entry.request;
  char loose[SLICE_DIGEST_SIZE];
  bare.model = (Slice){0};
  tape_digest(&bare, loose);
  map_set(&tape->exact,
          slice_of(arena_copy(&tape->arena, digest, strlen(digest))), at);
  bool is_double = map_get(&tape->loose, slice_of(loose), &other);
  map_set(&tape->loose,
          slice_of(arena_copy(&tape->arena, loose, strlen(loose))),
          is_double ? (uint32_t)SEVERAL : at);
  vec_push(&tape->tracks, *track);
}

static Status read_file(Tape *tape, const char *path, const char *below,
                        Error *error) {
  char digest[SLICE_DIGEST_SIZE];
  Track track = {.path = below};
  Buf text = {0};
  Status status = file_read(path, LIMIT_TAPE_FILE_BYTES, &text, error);
  if (status == STATUS_OK)
    status =
        tape_read(path, buf_slice(&text), &tape->arena, &track.entry, error);
  if (status == STATUS_OK) {
    tape_digest(&track.entry.request, digest);
    status = check_name(&track, digest, path, error);
  }
  tape->bytes += text.length;
  buf_free(&text);
  if (status == STATUS_OK && tape->bytes > LIMIT_TAPE_BYTES)
    status =
        error_set(error, STATUS_LIMIT, "the tape %s holds more than %d bytes",
                  tape->folder, LIMIT_TAPE_BYTES);
  if (status == STATUS_OK)
    enter(tape, &track, digest);
  else
    vec_free(&track.entry.replies);
  return status;
}

static Status read_files(Tape *tape, const char *part, Error *error) {
  Names names = {0};
  Buf path = {0};
  buf_addf(&path, "%s/%s", tape->folder, part);
  Status status = list_names(tape, path.data, &names, error);
  for (uint32_t i = 0; i < names.length && status == STATUS_OK; i++) {
    if (!slice_ends_with(slice_of(names.data[i]), SLICE(".json"))) continue;
    buf_clear(&path);
    buf_addf(&path, "%s/%s/%s", tape->folder, part, names.data[i]);
    const char *copy = arena_copy(&tape->arena, path.data, path.length);
    status = read_file(tape, copy, copy + strlen(tape->folder) + 1, error);
  }
  buf_free(&path);
  vec_free(&names);
  return status;
}

static Status read_folder(Tape *tape, Error *error) {
  Names names = {0};
  Status status = list_names(tape, tape->folder, &names, error);
  for (uint32_t i = 0; i < names.length && status == STATUS_OK; i++) {
    const char *name = names.data[i];
    if (strlen(name) == 2 && is_hexadecimal(name))
      status = read_files(tape, name, error);
  }
  vec_free(&names);
  return status;
}

Tape *tape_open(const char *folder, Error *error) {
  Tape *tape = MEM_NEW(Tape);
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/') length--;
  arena_init(&tape->arena);
  mutex_init(&tape->mutex);
  tape->folder = arena_copy(&tape->arena, folder, length);
  if (read_folder(tape, error) == STATUS_OK) return tape;
  tape_close(tape);
  return NULL;
}

void tape_close(Tape *tape) {
  if (!tape) return;
  for (uint32_t i = 0; i < tape->tracks.length; i++) {
    vec_free(&tape->tracks.data[i].entry.replies);
    vec_free(&tape->tracks.data[i].uses);
  }
  vec_free(&tape->tracks);
  map_free(&tape->exact);
  map_free(&tape->loose);
  arena_free(&tape->arena);
  mutex_destroy(&tape->mutex);
  mem_free(tape);
}

/* ---- which request ------------------------------------------------------- */

/* The row of its track; UINT32_MAX: there is none; SEVERAL. */
static uint32_t find(const Tape *tape, const TapeRequest *request) {
  char digest[SLICE_DIGEST_SIZE];
  uint32_t at = UINT32_MAX;
  tape_digest(request, digest);
  if (!map_get(&tape->exact, slice_of(digest), &at) &&
      request->model.length == 0)
    (void)map_get(&tape->loose, slice_of(digest), &at);
  return at;
}

/* ---- which reply --------------------------------------------------------- */

/* Whether a reply is of the run that is called `name`. */
static bool is_of(const TapeReply *reply, Slice name) {
  return slice_equal(reply->run, name);
}

/* The recorded run that answers for the run: itself, else the first. */
static Slice find_run(const TapeEntry *entry, Slice name) {
  for (uint32_t i = 0; i < entry->replies.length; i++)
    if (is_of(&entry->replies.data[i], name)) return name;
  return entry->replies.data[0].run;
}

/* Reply number `index` of a recorded run, from 0; NULL: it has fewer, `count`
 * of them. */
static const TapeReply *find_reply(const TapeEntry *entry, Slice run,
                                   uint32_t index, uint32_t *count) {
  *count = 0;
  for (uint32_t i = 0; i < entry->replies.length; i++) {
    if (!is_of(&entry->replies.data[i], run)) continue;
    if ((*count)++ == index) return &entry->replies.data[i];
  }
  return NULL;
}

/* How often the run has asked before. */
static uint32_t count_use(Tape *tape, Track *track, uint64_t run) {
  mutex_lock(&tape->mutex);
  uint32_t i = track->uses.length; /* the newest runs are the likeliest */
  while (i > 0 && track->uses.data[i - 1].run != run) i--;
  if (i == 0) {
    vec_push(&track->uses, ((Use){.run = run}));
    i = track->uses.length;
  }
  uint32_t before = track->uses.data[i - 1].count++;
  mutex_unlock(&tape->mutex);
  return before;
}

static const TapeReply *take_reply(Tape *tape, Track *track,
                                   const ModelRequest *request, Buf *miss) {
  uint32_t count = 0;
  Buf name = {0};
  tape_add_run(request, &name);
  Slice run = find_run(&track->entry, buf_slice(&name));
  uint32_t before = count_use(tape, track, request->run);
  const TapeReply *reply = find_reply(&track->entry, run, before, &count);
  if (!reply)
    buf_addf(miss,
             "the tape %s holds %u repl%s to this request, and a run asks it "
             "for the %u. time (%s)",
             tape->folder, count, count == 1 ? "y" : "ies", before + 1,
             track->path);
  buf_free(&name);
  return reply;
}

/* ---- misses -------------------------------------------------------------- */

static void add_nearest(const Tape *tape, const TapeRequest *wanted,
                        Buf *miss) {
  VEC(const TapeEntry *) entries = {0};
  vec_reserve(&entries, tape->tracks.length);
  for (uint32_t i = 0; i < tape->tracks.length; i++)
    vec_push(&entries, &tape->tracks.data[i].entry);
  tape_add_nearest(entries.data, entries.length, wanted, miss);
  vec_free(&entries);
}

static void tell_miss(Tape *tape, const TapeRequest *wanted, Buf *miss) {
  mutex_lock(&tape->mutex);
  bool may_search = tape->misses++ < NEAREST_MISSES;
  mutex_unlock(&tape->mutex);
  buf_addf(miss, "the tape %s has no such request", tape->folder);
  if (tape->tracks.length == 0)
    buf_add_text(miss, ": it is empty");
  else if (may_search)
    add_nearest(tape, wanted, miss);
}

const TapeReply *tape_take(Tape *tape, const ModelRequest *request,
                           const char *model, Buf *miss) {
  TapeRequest wanted = tape_request(request, model);
  uint32_t at = find(tape, &wanted);
  if (at < tape->tracks.length)
    return take_reply(tape, &tape->tracks.data[at], request, miss);
  if (at == SEVERAL)
    buf_addf(miss,
             "the tape %s has replies of several models to this request, and "
             "nobody says which one is meant",
             tape->folder);
  else
    tell_miss(tape, &wanted, miss);
  return NULL;
}
