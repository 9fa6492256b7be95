/* SPDX-License-Identifier: MIT
 *
 * A tape that answers. All of it is read at the start, so that a damaged file
 * is found before anything runs, and is immutable from then on; the mutex
 * guards only who has had how many replies.
 *
 * Counted is by run: several runs that share a tape (a batch, the cases of
 * `apxm test`) each begin with the first reply, in whatever order they run. And
 * within a run, replies to equal requests go where they were recorded: a loop
 * that asks the same three times gets the three replies in the order of its
 * list, whichever iteration comes first.
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
  NEAREST_MISSES = 4
};                      /* that are told the nearest request: looking for
                                it may take a while */
#define NONE UINT32_MAX /* no such track */
#define SEVERAL (UINT32_MAX - 1) /* more than one, and which is open */

/* What a run has had of the replies to a request. */
typedef struct Use {
  uint64_t run;
  uint32_t asked;  /* so often */
  uint8_t *is_had; /* owned: a truth value a reply; NULL when there is one */
} Use;

typedef struct Track {
  TapeEntry entry;
  const char *path; /* below the folder, for messages */
  uint32_t alike;   /* another with the same request to another model */
  VEC(Use) uses;    /* the mutex guards it */
} Track;

struct Tape {
  /* Immutable after tape_open. */
  Arena arena; /* all the texts */
  const char *folder;
  VEC(Track) tracks; /* by path; all but their uses */
  Map exact;         /* digest of a request to its track */
  Map loose;         /* the same, the model left out: to the last one */
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

typedef VEC(uint32_t) Numbers;

/* Numbers the runs in the order of their first replies: of each reply its
 * run's, and of each run how many replies it has. */
static void number_runs(const TapeEntry *entry, Numbers *run_of,
                        Numbers *counts) {
  Map runs = {0};
  for (uint32_t i = 0; i < entry->replies.length; i++) {
    uint32_t number = counts->length;
    if (!map_get(&runs, entry->replies.data[i].run, &number)) {
      map_set(&runs, entry->replies.data[i].run, number);
      vec_push(counts, 0);
    }
    counts->data[number]++;
    vec_push(run_of, number);
  }
  map_free(&runs);
}

/* Brings the replies of each run together, so that one look finds them all. */
static void group_replies(TapeEntry *entry) {
  Numbers run_of = {0}, next = {0};
  uint32_t count = entry->replies.length, sum = 0;
  number_runs(entry, &run_of, &next);
  for (uint32_t i = 0; i < next.length; i++) {
    uint32_t own = next.data[i];
    next.data[i] = sum;
    sum += own;
  }
  TapeReply *sorted = mem_alloc_zero(count, sizeof *sorted);
  for (uint32_t i = 0; i < count; i++)
    sorted[next.data[run_of.data[i]]++] = entry->replies.data[i];
  memcpy(entry->replies.data, sorted, count * sizeof *sorted);
  mem_free(sorted);
  vec_free(&run_of);
  vec_free(&next);
}

static void enter(Tape *tape, Track *track, const char *digest) {
  uint32_t at = tape->tracks.length;
  uint32_t other = 0;
  TapeRequest bare = track->entry.request;
  char loose[SLICE_DIGEST_SIZE];
  bare.model = (Slice){0};
  group_replies(&track->entry);
  tape_digest(&bare, loose);
  map_set(&tape->exact,
          slice_of(arena_copy(&tape->arena, digest, strlen(digest))), at);
  track->alike = map_get(&tape->loose, slice_of(loose), &other) ? other : NONE;
  map_set(&tape->loose,
          slice_of(arena_copy(&tape->arena, loose, strlen(loose))), at);
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
    Track *track = &tape->tracks.data[i];
    for (uint32_t k = 0; k < track->uses.length; k++)
      mem_free(track->uses.data[k].is_had);
    vec_free(&track->uses);
    vec_free(&track->entry.replies);
  }
  vec_free(&tape->tracks);
  map_free(&tape->exact);
  map_free(&tape->loose);
  arena_free(&tape->arena);
  mutex_destroy(&tape->mutex);
  mem_free(tape);
}

/* ---- which request ------------------------------------------------------- */

static bool has_backend(const TapeEntry *entry, const char *backend) {
  for (uint32_t i = 0; i < entry->replies.length; i++)
    if (slice_equal_text(entry->replies.data[i].backend, backend)) return true;
  return false;
}

/* Nobody says which model: the only one that was recorded, else the one that
 * the backend of this name had. */
static uint32_t find_loose(const Tape *tape, const char *digest,
                           const char *backend) {
  uint32_t at, found = NONE;
  if (!map_get(&tape->loose, slice_of(digest), &at)) return NONE;
  if (tape->tracks.data[at].alike == NONE) return at;
  for (; at != NONE; at = tape->tracks.data[at].alike) {
    if (!has_backend(&tape->tracks.data[at].entry, backend)) continue;
    found = found == NONE ? at : SEVERAL;
  }
  return found == NONE ? SEVERAL : found;
}

static uint32_t find(const Tape *tape, const TapeRequest *request,
                     const char *backend) {
  char digest[SLICE_DIGEST_SIZE];
  uint32_t at;
  tape_digest(request, digest);
  if (map_get(&tape->exact, slice_of(digest), &at)) return at;
  return request->model.length == 0 ? find_loose(tape, digest, backend) : NONE;
}

/* ---- which reply --------------------------------------------------------- */

/* The replies of one recorded run, which stand together. */
typedef struct Group {
  const TapeReply *replies;
  uint32_t count;
} Group;

/* Of the run that is called `name`; of the first one where there is none. */
static Group find_group(const TapeEntry *entry, Slice name) {
  Group group = {.replies = entry->replies.data};
  const TapeReply *end = entry->replies.data + entry->replies.length;
  for (const TapeReply *reply = group.replies; reply < end; reply++) {
    if (!slice_equal(reply->run, name)) continue;
    group.replies = reply;
    break;
  }
  while (group.replies + group.count < end &&
         slice_equal(group.replies[group.count].run, group.replies->run))
    group.count++;
  return group;
}

/* The mutex is held. */
static Use *find_use(Track *track, uint64_t run, uint32_t count) {
  uint32_t i = track->uses.length; /* the newest runs are the likeliest */
  while (i > 0 && track->uses.data[i - 1].run != run) i--;
  if (i > 0) return &track->uses.data[i - 1];
  Use use = {.run = run};
  if (count > 1) use.is_had = mem_alloc_zero(count, sizeof *use.is_had);
  vec_push(&track->uses, use);
  return &track->uses.data[track->uses.length - 1];
}

/* How well a reply's site fits: 0 not at all, 1 the same iterations of the same
 * loops, which stay what they are when the program is changed, 2 it is it. */
static int fit(Slice site, Slice wanted) {
  size_t i = 0, j = 0;
  if (slice_equal(site, wanted)) return 2;
  for (;;) {
    while (i < site.length && site.data[i] != '[') i++;
    while (j < wanted.length && wanted.data[j] != '[') j++;
    if (i == site.length || j == wanted.length)
      return i == site.length && j == wanted.length;
    while (i < site.length && j < wanted.length && site.data[i] != ']' &&
           site.data[i] == wanted.data[j]) {
      i++;
      j++;
    }
    if (i == site.length || j == wanted.length || site.data[i] != ']' ||
        wanted.data[j] != ']')
      return 0;
  }
}

/* The mutex is held: the reply that fits best, of those that it has not had;
 * `group->count`: it has had all. */
static uint32_t choose(const Group *group, const Use *use, Slice site) {
  uint32_t best = group->count;
  int fits = -1;
  if (!use->is_had) return use->asked;
  for (uint32_t i = 0; i < group->count && fits < 2; i++) {
    int own = use->is_had[i] ? -1 : fit(group->replies[i].site, site);
    if (own <= fits) continue;
    best = i;
    fits = own;
  }
  return best;
}

static const TapeReply *take_reply(Tape *tape, Track *track,
                                   const ModelRequest *request, Buf *miss) {
  Buf name = {0};
  tape_add_run(request, &name);
  Group group = find_group(&track->entry, buf_slice(&name));
  buf_free(&name);
  mutex_lock(&tape->mutex);
  Use *use = find_use(track, request->run, group.count);
  uint32_t chosen = choose(&group, use, buf_slice(&request->site));
  uint32_t asked = ++use->asked;
  if (use->is_had && chosen < group.count) use->is_had[chosen] = 1;
  mutex_unlock(&tape->mutex);
  if (chosen < group.count) return &group.replies[chosen];
  buf_addf(miss,
           "the tape %s holds %u repl%s to this request, and a run asks it "
           "for the %u. time (%s)",
           tape->folder, group.count, group.count == 1 ? "y" : "ies", asked,
           track->path);
  return NULL;
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
  uint32_t at = find(tape, &wanted, model_backend_name(request->backend));
  if (at < SEVERAL)
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
