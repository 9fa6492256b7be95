/* SPDX-License-Identifier: MIT
 *
 * Finding and reading workloads. workload.json comes from outside like any
 * file: each field is checked, and a message names the file and the field.
 */
#include "cli/workload.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"

static char *join(const char *folder, const char *name) {
  Buf path = {0};
  buf_addf(&path, "%s/%s", folder, name);
  return buf_take(&path);
}

/* ---- one description ----------------------------------------------------- */

/* Reads fields; the first one that is wrong is kept in `error`. */
typedef struct Reader {
  const char *path; /* of workload.json, for messages */
  Error *error;
} Reader;

static void fail_field(Reader *reader, const char *name, const char *what) {
  error_set(reader->error, STATUS_FORMAT, "%s: `%s` must be %s", reader->path,
            name, what);
}

static const char *read_text(Reader *reader, const cJSON *object,
                             const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (cJSON_IsString(item)) return item->valuestring;
  fail_field(reader, name, "a text");
  return "";
}

static double read_number(Reader *reader, const cJSON *object,
                          const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (cJSON_IsNumber(item) && item->valuedouble >= 0) return item->valuedouble;
  fail_field(reader, name, "a number, not negative");
  return 0;
}

static uint32_t read_count(Reader *reader, const cJSON *object,
                           const char *name) {
  double number = read_number(reader, object, name);
  if (number <= 1e6 && number == floor(number)) return (uint32_t)number;
  fail_field(reader, name, "a whole number");
  return 0;
}

static void read_flows(Reader *reader, Workload *workload) {
  const cJSON *list =
      cJSON_GetObjectItemCaseSensitive(workload->document, "flows");
  const cJSON *item;
  if (!cJSON_IsArray(list)) fail_field(reader, "flows", "a list");
  cJSON_ArrayForEach(item, list) {
    WorkloadFlow flow = {read_text(reader, item, "flow"),
                         read_count(reader, item, "n")};
    if (flow.n == 0) fail_field(reader, "n", "at least 1");
    vec_push(&workload->flows, flow);
  }
}

static void read_peers(Reader *reader, Workload *workload) {
  const cJSON *peer =
      cJSON_GetObjectItemCaseSensitive(workload->document, "reference");
  const cJSON *item;
  if (!peer) return;
  workload->peer = read_text(reader, peer, "name");
  workload->peer_note = read_text(reader, peer, "note");
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(peer, "series")) {
    WorkloadPeer row = {
        .n = read_count(reader, item, "n"),
        .duration_ms = read_number(reader, item, "duration_ms"),
        .avg_latency_ms = read_number(reader, item, "avg_latency_ms"),
        .speedup = read_number(reader, item, "speedup"),
        .efficiency = read_number(reader, item, "efficiency"),
        .max_parallelism = read_count(reader, item, "max_parallelism")};
    vec_push(&workload->peers, row);
  }
}

static Status read_document(const char *path, Workload *workload,
                            Error *error) {
  enum { DESCRIPTION_BYTES = 1 << 20 };
  Buf text = {0};
  Error cause = {0};
  Status status = file_read(path, DESCRIPTION_BYTES, &text, error);
  if (status == STATUS_OK) {
    workload->document = json_parse(buf_slice(&text), &cause);
    if (!workload->document)
      status = error_set(error, STATUS_FORMAT, "%s: %s", path, cause.message);
  }
  buf_free(&text);
  return status;
}

static Status read_fields(const char *path, Workload *workload, Error *error) {
  Error cause = {0};
  Reader reader = {path, &cause};
  const cJSON *document = workload->document;
  workload->number = read_count(&reader, document, "number");
  workload->name = read_text(&reader, document, "name");
  workload->description = read_text(&reader, document, "description");
  workload->type = read_text(&reader, document, "type");
  workload->program =
      join(workload->folder, read_text(&reader, document, "program"));
  read_flows(&reader, workload);
  read_peers(&reader, workload);
  if (cause.status == STATUS_OK) return STATUS_OK;
  return error_set(error, cause.status, "%s", cause.message);
}

/* Reads one folder. STATUS_NOT_FOUND: it holds no workload. */
static Status read_folder(const char *folder, Workload *workload,
                          Error *error) {
  Buf own = {0};
  *workload = (Workload){0};
  buf_add_text(&own, folder);
  while (own.length > 1 && own.data[own.length - 1] == '/')
    own.data[--own.length] = '\0';
  workload->folder = buf_take(&own);
  const char *slash = strrchr(workload->folder, '/');
  workload->directory = slash && slash[1] ? slash + 1 : workload->folder;
  char *path = join(workload->folder, "workload.json");
  Status status = read_document(path, workload, error);
  if (status == STATUS_OK) status = read_fields(path, workload, error);
  mem_free(path);
  return status;
}

void workload_free(Workload *workload) {
  vec_free(&workload->flows);
  vec_free(&workload->peers);
  cJSON_Delete(workload->document);
  mem_free(workload->program);
  mem_free(workload->folder);
  *workload = (Workload){0};
}

const WorkloadPeer *workload_peer(const Workload *workload, uint32_t n) {
  for (uint32_t i = 0; i < workload->peers.length; i++) {
    if (workload->peers.data[i].n == n) return &workload->peers.data[i];
  }
  return NULL;
}

/* ---- where they are ------------------------------------------------------ */

enum { ROOTS = 3 };

/* "../share/apxm/workloads" from the folder of the running program. */
static char *beside_program(void) {
  char *path = mem_alloc(PATH_MAX);
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
  path[length > 0 ? length : 0] = '\0';
  char *slash = strrchr(path, '/');
  if (slash) *slash = '\0';
  char *root = join(path, "../share/apxm/workloads");
  mem_free(path);
  return root;
}

/* Where to look, nearest first; all are to be freed. */
static void find_roots(char *roots[ROOTS]) {
  Buf here = {0};
  buf_add_text(&here, "workloads");
  roots[0] = buf_take(&here);
  roots[1] = beside_program();
  roots[2] = join(APXM_SHARE_DIR, "workloads");
}

static void free_roots(char *roots[ROOTS]) {
  for (int i = 0; i < ROOTS; i++) mem_free(roots[i]);
}

static bool is_listed(const WorkloadList *list, const char *directory) {
  for (uint32_t i = 0; i < list->items.length; i++) {
    if (strcmp(list->items.data[i].directory, directory) == 0) return true;
  }
  return false;
}

static void add_folder(WorkloadList *list, const char *folder) {
  Workload workload;
  Error error = {0};
  Status status = read_folder(folder, &workload, &error);
  if (status == STATUS_OK) {
    vec_push(&list->items, workload);
    return;
  }
  log_warning("%s", error.message);
  list->broken++;
  workload_free(&workload);
}

static void add_root(WorkloadList *list, const char *root) {
  DIR *folder = opendir(root);
  if (!folder) return;
  const struct dirent *entry;
  while ((entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] == '.' || is_listed(list, entry->d_name)) continue;
    char *path = join(root, entry->d_name);
    char *description = join(path, "workload.json");
    if (file_exists(description)) add_folder(list, path);
    mem_free(description);
    mem_free(path);
  }
  closedir(folder);
}

static int compare(const void *left, const void *right) {
  const Workload *a = left, *b = right;
  if (a->number != b->number) return a->number < b->number ? -1 : 1;
  return strcmp(a->directory, b->directory);
}

void workload_list(WorkloadList *list) {
  char *roots[ROOTS];
  *list = (WorkloadList){0};
  find_roots(roots);
  for (int i = 0; i < ROOTS; i++) add_root(list, roots[i]);
  free_roots(roots);
  if (list->items.length > 0)
    qsort(list->items.data, list->items.length, sizeof *list->items.data,
          compare);
}

void workload_list_free(WorkloadList *list) {
  for (uint32_t i = 0; i < list->items.length; i++)
    workload_free(&list->items.data[i]);
  vec_free(&list->items);
}

/* ---- by name ------------------------------------------------------------- */

static bool is_called(const Workload *workload, const char *name) {
  char *end = NULL;
  unsigned long number = strtoul(name, &end, 10);
  if (*name && *end == '\0' && number == workload->number) return true;
  return strcmp(name, workload->directory) == 0 ||
         strcmp(name, workload->name) == 0;
}

static Status fail_unknown(const WorkloadList *list, const char *name,
                           Error *error) {
  Buf text = {0};
  char *roots[ROOTS];
  find_roots(roots);
  for (uint32_t i = 0; i < list->items.length; i++)
    buf_addf(&text, "%s%s", i > 0 ? ", " : "", list->items.data[i].directory);
  if (list->items.length > 0)
    error_set(error, STATUS_USAGE, "there is no workload `%s`; there are: %s",
              name, text.data);
  else
    error_set(error, STATUS_NOT_FOUND,
              "there is no workload; looked in %s, %s and %s", roots[0],
              roots[1], roots[2]);
  free_roots(roots);
  buf_free(&text);
  return error->status;
}

/* One that is there but broken says why. */
static Status fail_find(const WorkloadList *list, const char *name,
                        Workload *workload, Error *error) {
  char *roots[ROOTS];
  Status status = STATUS_OK;
  find_roots(roots);
  for (int i = 0; *name && i < ROOTS && status == STATUS_OK; i++) {
    char *folder = join(roots[i], name);
    char *description = join(folder, "workload.json");
    if (file_exists(description)) status = read_folder(folder, workload, error);
    mem_free(description);
    mem_free(folder);
  }
  free_roots(roots);
  return status != STATUS_OK ? status : fail_unknown(list, name, error);
}

Status workload_find(const char *name, Workload *workload, Error *error) {
  WorkloadList list;
  if (strchr(name, '/')) return read_folder(name, workload, error);
  workload_list(&list);
  *workload = (Workload){0};
  Status status = STATUS_OK;
  for (uint32_t i = 0; i < list.items.length && !workload->folder; i++) {
    if (!is_called(&list.items.data[i], name)) continue;
    *workload = list.items.data[i];
    list.items.data[i] = (Workload){0};
  }
  if (!workload->folder) status = fail_find(&list, name, workload, error);
  workload_list_free(&list);
  return status;
}
