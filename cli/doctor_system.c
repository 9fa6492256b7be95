/* SPDX-License-Identifier: MIT
 *
 * This build and this machine. Libraries that are loaded on first use are
 * asked for their version only here, whether or not a run would load them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xxhash.h>

#include "cli/cli.h"
#include "cli/doctor.h"
#include "core/base/file.h"
#include "core/base/library.h"
#include "core/base/thread.h"
#include "core/object/format.h"
#include "runtime/engine/engine.h"
#include "runtime/io/http.h"

/* ---- the build ----------------------------------------------------------- */

static void check_build(Doctor *doctor) {
  doctor_add(doctor, "apxm", HEALTH_OK,
             doctor_text(doctor, "version %s, object format %d, made with %s",
                         APXM_VERSION, OBJ_VERSION, APXM_BUILD),
             NULL);
}

/* ---- libraries ----------------------------------------------------------- */

typedef struct Loaded {
  const char *name; /* for people; NULL: the version begins with it */
  const char *file;
  const char *package;
  const char *version; /* a function that returns it */
  const char *purpose;
} Loaded;

static const Loaded loaded[] = {
    {NULL, "libcurl.so.4", "libcurl4", "curl_version", "backends over HTTP"},
    {"libfyaml", "libfyaml.so.0", "libfyaml0", "fy_library_version",
     "configuration files"},
    {"libmicrohttpd", "libmicrohttpd.so.12", "libmicrohttpd12",
     "MHD_get_version", "`apxm sim`"},
};

/* libcurl names everything it is made of; itself and its TLS are enough. */
static int two_words(const char *text) {
  size_t first = strcspn(text, " ");
  size_t gap = strspn(text + first, " ");
  return (int)(first + gap + strcspn(text + first + gap, " "));
}

static void check_loaded(Doctor *doctor, const Loaded *library,
                         bool is_needed) {
  const char *(*version)(void) = NULL;
  Error error = {0};
  Status status = library_load(library->file, library->package,
                               &library->version, &version, 1, &error);
  if (status == STATUS_OK) {
    const char *text = version();
    doctor_add(
        doctor, "libraries", HEALTH_OK,
        doctor_text(doctor, "%s%s%.*s", library->name ? library->name : "",
                    library->name ? " " : "", two_words(text), text),
        NULL);
    return;
  }
  doctor_add(doctor, "libraries", is_needed ? HEALTH_PROBLEM : HEALTH_WARNING,
             doctor_text(doctor, "%s cannot be loaded; %s need it",
                         library->file, library->purpose),
             doctor_text(doctor, "install the package %s", library->package));
}

static void check_libraries(Doctor *doctor) {
  unsigned hash = XXH_versionNumber();
  doctor_add(doctor, "libraries", HEALTH_OK,
             doctor_text(doctor, "cJSON %s, xxHash %u.%u.%u", cJSON_Version(),
                         hash / 10000, hash / 100 % 100, hash % 100),
             NULL);
  check_loaded(doctor, &loaded[0], doctor_needs_network(doctor));
  check_loaded(doctor, &loaded[1], doctor->has_file);
  check_loaded(doctor, &loaded[2], false);
}

/* ---- the machine --------------------------------------------------------- */

static void check_processors(Doctor *doctor) {
  uint32_t processors = thread_cpu_count();
  uint32_t workers = engine_default_workers();
  doctor_add(doctor, "processors", HEALTH_OK,
             doctor_text(doctor,
                         "%u; a run has %u worker%s unless --workers "
                         "says otherwise",
                         processors, workers, workers == 1 ? "" : "s"),
             NULL);
}

/* The most calls that a backend behind HTTP may have open. */
static uint32_t most_in_flight(const Doctor *doctor) {
  uint32_t most = LIMIT_IN_FLIGHT_HTTP;
  for (uint32_t i = 0; doctor->rows && i < doctor->rows->items.length; i++) {
    const BackendConfig *backend = &doctor->rows->items.data[i].config;
    if (backend->url && backend->max_in_flight > most)
      most = backend->max_in_flight;
  }
  return most;
}

static const char *limit_text(Doctor *doctor, rlim_t limit) {
  if (limit == RLIM_INFINITY) return "unlimited";
  return doctor_text(doctor, "%llu", (unsigned long long)limit);
}

static void check_descriptors(Doctor *doctor) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  uint32_t fitting = http_connections_max();
  uint32_t wanted = most_in_flight(doctor);
  const char *text =
      doctor_text(doctor, "%s, at most %s: room for %u calls over HTTP at once",
                  limit_text(doctor, limit.rlim_cur),
                  limit_text(doctor, limit.rlim_max), fitting);
  if (fitting >= wanted)
    doctor_add(doctor, "descriptors", HEALTH_OK, text, NULL);
  else
    doctor_add(doctor, "descriptors", HEALTH_WARNING, text,
               doctor_text(doctor,
                           "%u may be asked for; raise the limit (`ulimit -n "
                           "%u`) or set max_in_flight lower",
                           wanted, wanted + 256));
}

/* MemAvailable of /proc/meminfo, in MiB; 0: it is not told. */
static uint64_t available_memory(void) {
  Buf text = {0};
  uint64_t available = 0;
  if (file_read("/proc/meminfo", 1 << 16, &text, NULL) == STATUS_OK) {
    const char *line = strstr(text.data, "MemAvailable:");
    if (line) available = strtoull(line + 13, NULL, 10) / 1024;
  }
  buf_free(&text);
  return available;
}

static void check_memory(Doctor *doctor) {
  enum { LITTLE_MIB = 256 };
  uint64_t available = available_memory();
  if (available == 0) return;
  const char *text = doctor_text(doctor, "%llu MiB are available",
                                 (unsigned long long)available);
  if (available >= LITTLE_MIB)
    doctor_add(doctor, "memory", HEALTH_OK, text, NULL);
  else
    doctor_add(doctor, "memory", HEALTH_WARNING, text,
               "ten thousand calls at once need 200 MiB; keep fewer in flight");
}

/* ---- the store ----------------------------------------------------------- */

/* Takes the last name off a path; "." is left of a name alone. */
static void go_up(Buf *path) {
  size_t length = path->length;
  while (length > 0 && path->data[length - 1] == '/') length--;
  while (length > 0 && path->data[length - 1] != '/') length--;
  while (length > 1 && path->data[length - 1] == '/') length--;
  path->length = length;
  path->data[length] = '\0';
  if (length == 0) buf_add_char(path, '.');
}

/* The folder itself or, while it is not there, the nearest above it. */
static void nearest_folder(const char *store, Buf *path) {
  buf_add_text(path, store);
  while (!file_exists(path->data) && strcmp(path->data, ".") != 0) go_up(path);
}

/* Whether something can be put into it; sets errno. */
static bool can_write_in(const char *folder) {
  Buf inside = {0};
  buf_addf(&inside, "%s/.", folder);
  bool can = access(inside.data, W_OK | X_OK) == 0;
  int code = errno;
  buf_free(&inside);
  errno = code;
  return can;
}

static void check_store(Doctor *doctor) {
  const char *set = doctor->config ? doctor->config->store : NULL;
  const char *store = set ? set : ".apxm/store";
  Buf folder = {0};
  nearest_folder(store, &folder);
  if (can_write_in(folder.data))
    doctor_add(doctor, "store", HEALTH_OK,
               doctor_text(doctor, "%s can be written", store), NULL);
  else
    doctor_add(doctor, "store", set ? HEALTH_PROBLEM : HEALTH_WARNING,
               doctor_text(doctor, "%s cannot be written: %s: %s", store,
                           folder.data, strerror(errno)),
               "memory, journal and cache go there; change its rights, or set "
               "`store` to another folder");
  buf_free(&folder);
}

void doctor_check_system(Doctor *doctor) {
  check_build(doctor);
  check_libraries(doctor);
  check_processors(doctor);
  check_descriptors(doctor);
  check_memory(doctor);
  check_store(doctor);
}
