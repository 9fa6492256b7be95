/* SPDX-License-Identifier: MIT
 *
 * The file of a tape, written and read. Writing is by hand, so that the same
 * call gives the same bytes and a change shows well in a diff; reading is by
 * tables of keys, and what they lack is an error: a key that is overlooked
 * might have been what mattered.
 */
#include "runtime/model/tape.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/limits.h"

TapeRequest tape_request(const ModelRequest *request, const char *model) {
  return (TapeRequest){
      .operation = request->operation,
      .model = request->model.length ? request->model : slice_of(model),
      .system = request->system,
      .prompt = buf_slice(&request->prompt),
      .temperature = request->temperature,
      .max_tokens = request->max_tokens,
      .budget_tokens = request->budget_tokens};
}

void tape_add_run(const ModelRequest *request, Buf *out) {
  if (request->name)
    buf_add_text(out, request->name);
  else
    buf_addf(out, "%llu", (unsigned long long)request->run);
}

/* ---- writing ------------------------------------------------------------- */

/* An object under way: on one line, or each key on a line of its own. */
typedef struct Writer {
  Buf *out;
  const char *indent; /* before a key; NULL: one line */
  bool has_keys;
} Writer;

static void add_key(Writer *w, const char *name) {
  if (w->has_keys) buf_add_char(w->out, ',');
  w->has_keys = true;
  if (w->indent) buf_addf(w->out, "\n%s", w->indent);
  buf_addf(w->out, "\"%s\":", name);
  if (w->indent) buf_add_char(w->out, ' ');
}

static void add_text(Writer *w, const char *name, Slice text) {
  add_key(w, name);
  json_add_text(w->out, text);
}

static void add_number(Writer *w, const char *name, double number) {
  add_key(w, name);
  json_add_number(w->out, number);
}

static void add_true(Writer *w, const char *name, bool is_so) {
  if (!is_so) return;
  add_key(w, name);
  buf_add_text(w->out, "true");
}

static void add_request(Writer *w, const TapeRequest *request) {
  buf_add_char(w->out, '{');
  add_text(w, "op", request->operation);
  if (request->model.length) add_text(w, "model", request->model);
  if (request->system.length) add_text(w, "system", request->system);
  add_text(w, "prompt", request->prompt);
  if (isfinite(request->temperature))
    add_number(w, "temperature", request->temperature);
  if (request->max_tokens) add_number(w, "max_tokens", request->max_tokens);
  if (request->budget_tokens)
    add_number(w, "budget_tokens", request->budget_tokens);
}

void tape_digest(const TapeRequest *request, char digest[SLICE_DIGEST_SIZE]) {
  Buf text = {0};
  Writer w = {.out = &text};
  add_request(&w, request);
  buf_add_char(&text, '}');
  slice_digest(buf_slice(&text), digest);
  buf_free(&text);
}

void tape_add_request(const TapeRequest *request, Buf *out) {
  Writer w = {.out = out, .indent = "    "};
  add_request(&w, request);
  buf_add_text(out, "\n  }");
}

void tape_add_reply(const TapeReply *reply, Buf *out) {
  Writer w = {.out = out, .indent = "      "};
  bool has_failed = reply->problem != MODEL_PROBLEM_NONE;
  buf_add_char(out, '{');
  if (!slice_equal_text(reply->run, "1")) add_text(&w, "run", reply->run);
  add_text(&w, has_failed ? "error" : "reply", reply->text);
  if (has_failed)
    add_text(&w, "problem", slice_of(model_problem_text(reply->problem)));
  if (reply->code) add_number(&w, "code", reply->code);
  add_true(&w, "cut", reply->is_cut);
  add_number(&w, "input_tokens", reply->input_tokens);
  add_number(&w, "output_tokens", reply->output_tokens);
  add_true(&w, "tokens_estimated", reply->is_estimated);
  add_text(&w, "backend", reply->backend);
  buf_add_text(out, "\n    }");
}

void tape_add_sited(Slice reply, Slice site, Buf *out) {
  Writer w = {.out = out, .indent = "      "};
  buf_add_char(out, '{');
  add_text(&w, "site", site);
  buf_add_char(out, ',');
  buf_add(out, reply.data + 1, reply.length - 1);
}

void tape_add_file(Slice request, Slice replies, Buf *out) {
  buf_add_text(out, "{\n  \"request\": ");
  buf_add_slice(out, request);
  buf_add_text(out, ",\n  \"replies\": [\n    ");
  buf_add_slice(out, replies);
  buf_add_text(out, "\n  ]\n}\n");
}

/* ---- reading ------------------------------------------------------------- */

typedef struct Reader {
  const char *path;
  Arena *arena;
  Error *error;
} Reader;

typedef Status ReadKey(const Reader *r, const cJSON *item, void *target);

typedef struct Key {
  const char *name;
  ReadKey *read;
  size_t offset; /* of the field in what is read */
} Key;

#define KEY_COUNT(keys) (sizeof(keys) / sizeof *(keys))

static Status complain(const Reader *r, const char *key, const char *what) {
  return error_set(r->error, STATUS_FORMAT, "%s: \"%s\" %s", r->path, key,
                   what);
}

static Status read_text(const Reader *r, const cJSON *item, void *target) {
  if (!cJSON_IsString(item)) return complain(r, item->string, "must be a text");
  size_t length = strlen(item->valuestring);
  *(Slice *)target =
      slice_from(arena_copy(r->arena, item->valuestring, length), length);
  return STATUS_OK;
}

static Status read_count(const Reader *r, const cJSON *item, void *target) {
  double number = item->valuedouble;
  if (!cJSON_IsNumber(item) || !(number >= 0 && number <= UINT32_MAX) ||
      number != floor(number))
    return complain(r, item->string, "must be a whole number");
  *(uint32_t *)target = (uint32_t)number;
  return STATUS_OK;
}

static Status read_number(const Reader *r, const cJSON *item, void *target) {
  if (!cJSON_IsNumber(item))
    return complain(r, item->string, "must be a number");
  *(double *)target = item->valuedouble;
  return STATUS_OK;
}

static Status read_truth(const Reader *r, const cJSON *item, void *target) {
  if (!cJSON_IsBool(item))
    return complain(r, item->string, "must be true or false");
  *(bool *)target = cJSON_IsTrue(item);
  return STATUS_OK;
}

static Status read_problem(const Reader *r, const cJSON *item, void *target) {
  for (int i = MODEL_PROBLEM_NONE + 1;
       cJSON_IsString(item) && i < MODEL_PROBLEM_COUNT; i++) {
    if (strcmp(item->valuestring, model_problem_text((ModelProblem)i)) != 0)
      continue;
    *(ModelProblem *)target = (ModelProblem)i;
    return STATUS_OK;
  }
  return complain(r, item->string, "is no kind of problem");
}

static Status read_key(const Reader *r, const cJSON *object, const cJSON *item,
                       const Key *keys, size_t count, void *target) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(item->string, keys[i].name) != 0) continue;
    if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item)
      return complain(r, item->string, "is there twice");
    return keys[i].read(r, item, (char *)target + keys[i].offset);
  }
  return complain(r, item->string, "is no key that this version knows");
}

static Status read_object(const Reader *r, const cJSON *object,
                          const char *name, const Key *keys, size_t count,
                          void *target) {
  const cJSON *item;
  if (!cJSON_IsObject(object)) return complain(r, name, "must be an object");
  cJSON_ArrayForEach(item, object) {
    Status status = read_key(r, object, item, keys, count, target);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

static const Key request_keys[] = {
    {"op", read_text, offsetof(TapeRequest, operation)},
    {"model", read_text, offsetof(TapeRequest, model)},
    {"system", read_text, offsetof(TapeRequest, system)},
    {"prompt", read_text, offsetof(TapeRequest, prompt)},
    {"temperature", read_number, offsetof(TapeRequest, temperature)},
    {"max_tokens", read_count, offsetof(TapeRequest, max_tokens)},
    {"budget_tokens", read_count, offsetof(TapeRequest, budget_tokens)},
};

/* "reply" and "error" are one field; which it was says `problem`. */
static const Key reply_keys[] = {
    {"site", read_text, offsetof(TapeReply, site)},
    {"run", read_text, offsetof(TapeReply, run)},
    {"reply", read_text, offsetof(TapeReply, text)},
    {"error", read_text, offsetof(TapeReply, text)},
    {"problem", read_problem, offsetof(TapeReply, problem)},
    {"code", read_count, offsetof(TapeReply, code)},
    {"cut", read_truth, offsetof(TapeReply, is_cut)},
    {"input_tokens", read_count, offsetof(TapeReply, input_tokens)},
    {"output_tokens", read_count, offsetof(TapeReply, output_tokens)},
    {"tokens_estimated", read_truth, offsetof(TapeReply, is_estimated)},
    {"backend", read_text, offsetof(TapeReply, backend)},
};

static Status read_request(const Reader *r, const cJSON *object,
                           TapeRequest *request) {
  *request = (TapeRequest){.temperature = NAN};
  Status status = read_object(r, object, "request", request_keys,
                              KEY_COUNT(request_keys), request);
  if (status != STATUS_OK) return status;
  if (!request->operation.data) return complain(r, "op", "is missing");
  if (!request->prompt.data) return complain(r, "prompt", "is missing");
  return STATUS_OK;
}

static Status read_reply(const Reader *r, const cJSON *object,
                         TapeEntry *entry) {
  TapeReply reply = {.run = SLICE("1"), .problem = MODEL_PROBLEM_NONE};
  Status status = read_object(r, object, "replies", reply_keys,
                              KEY_COUNT(reply_keys), &reply);
  if (status != STATUS_OK) return status;
  bool has_failed = reply.problem != MODEL_PROBLEM_NONE;
  bool has_reply = cJSON_HasObjectItem(object, "reply");
  if (has_reply == cJSON_HasObjectItem(object, "error"))
    return complain(r, "reply", "or \"error\" is needed, one of the two");
  if (has_reply == has_failed)
    return complain(r, "problem", "goes with an \"error\", and only with one");
  vec_push(&entry->replies, reply);
  return STATUS_OK;
}

static Status read_replies(const Reader *r, const cJSON *list,
                           TapeEntry *entry) {
  const cJSON *item;
  if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) == 0)
    return complain(r, "replies", "must be a list of at least one");
  cJSON_ArrayForEach(item, list) {
    Status status = read_reply(r, item, entry);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

static Status read_root(const Reader *r, const cJSON *root, TapeEntry *entry) {
  const cJSON *request = cJSON_GetObjectItemCaseSensitive(root, "request");
  const cJSON *replies = cJSON_GetObjectItemCaseSensitive(root, "replies");
  if (!request) return complain(r, "request", "is missing");
  if (!replies) return complain(r, "replies", "is missing");
  if (cJSON_GetArraySize(root) != 2)
    return error_set(r->error, STATUS_FORMAT,
                     "%s: there is more than \"request\" and \"replies\"",
                     r->path);
  Status status = read_request(r, request, &entry->request);
  return status == STATUS_OK ? read_replies(r, replies, entry) : status;
}

Status tape_read(const char *path, Slice text, Arena *arena, TapeEntry *entry,
                 Error *error) {
  Reader reader = {.path = path, .arena = arena, .error = error};
  Error cause = {0};
  *entry = (TapeEntry){0};
  cJSON *root = json_parse(text, &cause);
  if (!root)
    return error_set(error, cause.status, "%s: %s", path, cause.message);
  Status status = read_root(&reader, root, entry);
  cJSON_Delete(root);
  return status;
}
