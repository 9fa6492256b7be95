/* SPDX-License-Identifier: MIT
 *
 * Which files there are, and what they say together. The user's file is read
 * first and the project's over it, so that the nearer value wins; then every
 * backend is looked at as a whole and gets the defaults.
 */
#include "core/config/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/config/config_int.h"

#define CONFIG_NAME ".apxm/config.yaml"

/* ---- where the files are ------------------------------------------------- */

/* A path of the arena: `folder` as it is, then `name`. */
static const char *join(Config *config, Slice folder, const char *name) {
  Buf path = {0};
  buf_add_slice(&path, folder);
  buf_add_text(&path, name);
  const char *copy = arena_copy(&config->arena, path.data, path.length);
  buf_free(&path);
  return copy;
}

/* "a/b" is "a/" in front of its name; "" for a name alone. */
static Slice folder_of(Slice path) {
  while (path.length > 0 && path.data[path.length - 1] != '/') path.length--;
  return path;
}

/* The nearest parent that has a configuration. */
static const char *find_above(Config *config, const char *folder) {
  char *whole = realpath(folder, NULL);
  if (!whole) return NULL;
  const char *found = NULL;
  Slice at = slice_of(whole);
  while (at.length > 1 && !found) {
    at = folder_of(slice_from(at.data, at.length - 1));
    const char *path = join(config, at, CONFIG_NAME);
    if (file_exists(path)) found = path;
  }
  free(whole);
  return found;
}

/* Of the project; NULL when there is none. As it is written where it lies in
 * the working folder, for messages. */
static const char *find_project(Config *config, const char *folder) {
  const char *path = CONFIG_NAME;
  if (folder) path = join(config, slice_of(folder), "/" CONFIG_NAME);
  if (file_exists(path)) return path;
  return find_above(config, folder ? folder : ".");
}

static const char *find_user(Config *config) {
  const char *folder = getenv("APXM_HOME");
  const char *name = "/config.yaml";
  if (!folder || !folder[0]) {
    folder = getenv("HOME");
    name = "/" CONFIG_NAME;
  }
  if (!folder || !folder[0]) return NULL;
  const char *path = join(config, slice_of(folder), name);
  return file_exists(path) ? path : NULL;
}

static bool is_same_file(const char *a, const char *b) {
  struct stat one;
  struct stat other;
  return stat(a, &one) == 0 && stat(b, &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* ---- one file ------------------------------------------------------------ */

static Slice without_mark(Slice text) {
  if (!slice_starts_with(text, SLICE("\xEF\xBB\xBF"))) return text;
  return slice_from(text.data + 3, text.length - 3);
}

Status config_read_text(Reader *r, Slice text) {
  YamlNode *root = NULL;
  Status status = yaml_parse(r->file, without_mark(text), &r->config->arena,
                             &root, r->error);
  return status == STATUS_OK ? config_read_tree(r, root) : status;
}

/* A pipe in the file's place would be waited for. */
static Status check_kind(const char *path, Error *error) {
  struct stat info;
  if (stat(path, &info) != 0 || S_ISREG(info.st_mode)) return STATUS_OK;
  return error_set(error, STATUS_IO, "%s is not a regular file", path);
}

/* `base`: what its relative paths start from. */
static Status read_file(Reader *r, const char *path, Slice base) {
  Buf text = {0};
  r->file = path;
  r->base = arena_copy(&r->config->arena, base.data, base.length);
  Status status = check_kind(path, r->error);
  if (status == STATUS_OK)
    status = file_read(path, LIMIT_CONFIG_FILE_BYTES, &text, r->error);
  if (status == STATUS_OK) status = config_read_text(r, buf_slice(&text));
  buf_free(&text);
  return status;
}

/* The folder that holds the `.apxm` of a project's file. */
static Slice project_folder(Slice path) {
  return slice_from(path.data, path.length - strlen(CONFIG_NAME));
}

/* ---- all of it ----------------------------------------------------------- */

static bool has_authorization(const BackendConfig *backend) {
  for (uint32_t i = 0; i < backend->header_count; i++) {
    if (config_header_is_authorization(slice_of(backend->headers[i].name)))
      return true;
  }
  return false;
}

/* A project's file may move a backend of the user's, but must name itself what
 * is sent there from the environment. */
static Status check_lure(Reader *r, const Draft *draft) {
  const char *nearest =
      r->config->files.length > 0 ? r->config->files.data[0] : NULL;
  bool has_far_key = draft->key_file && draft->key_file != nearest;
  bool has_far_header = draft->headers_file && draft->headers_file != nearest;
  if (!nearest || draft->url_file != nearest) return STATUS_OK;
  if (!has_far_key && !has_far_header) return STATUS_OK;
  const char *what = has_far_key ? "key" : "headers";
  return config_fail(r, draft->url_place,
                     "the backend `%s` would send the `%s` of %s to another "
                     "`url`; write `%s` here, too, or take another name",
                     draft->backend.name, what,
                     has_far_key ? draft->key_file : draft->headers_file, what);
}

/* What only all files together can tell. */
static Status check_draft(Reader *r, const Draft *draft) {
  const BackendConfig *backend = &draft->backend;
  const ProviderInfo *named = config_provider(slice_of(backend->name));
  r->file = backend->file;
  if (!backend->provider)
    return config_fail(r, draft->place, "the backend `%s` needs a `provider`",
                       backend->name);
  const ProviderInfo *info = config_provider(slice_of(backend->provider));
  if (named && named != info)
    return config_fail(r, draft->place,
                       "`%s` is the name of a provider, and this backend has "
                       "another one; give it another name",
                       backend->name);
  if (!info->url && (backend->url || backend->key_env || backend->header_count))
    return config_fail(r, draft->place,
                       "the backend `%s` is not reached over a network: it has "
                       "no `url`, `key` or `headers`",
                       backend->name);
  if (backend->key_env && has_authorization(backend))
    return config_fail(r, draft->place,
                       "the backend `%s` has a `key` and a header "
                       "Authorization, which are the same thing; leave one out",
                       backend->name);
  return check_lure(r, draft);
}

/* `backend:` must be one that there is. */
static Status check_default(Reader *r) {
  BackendConfig found;
  Error error = {0};
  Config *config = r->config;
  if (!config->backend || r->is_alone) return STATUS_OK;
  r->file = r->backend_file;
  if (config_find_backend(config, config->backend, &config->arena, &found,
                          &error) == STATUS_OK)
    return STATUS_OK;
  return config_fail(r, r->backend_place, "%s", error.message);
}

Status config_finish(Reader *r) {
  for (uint32_t i = 0; i < r->drafts.length; i++) {
    Draft *draft = &r->drafts.data[i];
    if (r->is_alone && !draft->backend.provider) continue;
    Status status = check_draft(r, draft);
    if (status != STATUS_OK) return status;
    config_fill_defaults(&draft->backend, false);
    vec_push(&r->config->backends, draft->backend);
  }
  return check_default(r);
}

static Status read_all(Reader *r, const char *project, const char *user) {
  Status status = STATUS_OK;
  Config *config = r->config;
  if (user && project && is_same_file(project, user)) user = NULL;
  if (project) vec_push(&config->files, project);
  if (user) vec_push(&config->files, user);
  if (user) status = read_file(r, user, folder_of(slice_of(user)));
  if (status == STATUS_OK && project)
    status = read_file(r, project, project_folder(slice_of(project)));
  return status == STATUS_OK ? config_finish(r) : status;
}

static Status load(const char *folder, bool is_alone, Config *config,
                   Error *error) {
  *config = (Config){0};
  arena_init(&config->arena);
  Reader r = {.config = config, .error = error, .is_alone = is_alone};
  const char *project = find_project(config, folder);
  const char *user = find_user(config);
  if (is_alone && project && user && is_same_file(project, user))
    project = NULL;
  Status status = read_all(&r, project, is_alone ? NULL : user);
  vec_free(&r.drafts);
  return status;
}

Status config_load(const char *folder, Config *config, Error *error) {
  return load(folder, false, config, error);
}

Status config_load_project(const char *folder, Config *config, Error *error) {
  return load(folder, true, config, error);
}

void config_free(Config *config) {
  vec_free(&config->files);
  vec_free(&config->backends);
  vec_free(&config->tools);
  vec_free(&config->instructions);
  arena_free(&config->arena);
}
