/* SPDX-License-Identifier: MIT
 *
 * libfyaml is used for its event stream alone; the tree is ours, so that every
 * limit is met before memory is. Its own messages are taken without the source
 * line that it would show: a secret may stand in there. What it lets pass and
 * we do not (control characters, broken UTF-8) is found before it is called.
 */
#include "core/config/yaml.h"

#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/library.h"
#include "core/base/limits.h"
#include "core/base/nearest.h"

#define FYAML_FUNCTIONS(X)      \
  X(fy_diag_cfg_default)        \
  X(fy_diag_create)             \
  X(fy_diag_destroy)            \
  X(fy_diag_set_collect_errors) \
  X(fy_diag_errors_iterate)     \
  X(fy_parser_create)           \
  X(fy_parser_destroy)          \
  X(fy_parser_set_string)       \
  X(fy_parser_parse)            \
  X(fy_parser_event_free)       \
  X(fy_parser_get_stream_error) \
  X(fy_event_get_token)         \
  X(fy_event_get_anchor_token)  \
  X(fy_event_get_tag_token)     \
  X(fy_event_start_mark)        \
  X(fy_token_get_text)          \
  X(fy_token_scalar_style)

typedef struct FyamlApi {
#define X(name) __typeof__(name) *name;
  FYAML_FUNCTIONS(X)
#undef X
} FyamlApi;

/* A list or map that is being filled. */
typedef struct Level {
  YamlNode *node;
  YamlNode *key; /* of a map: one that waits for its value, or NULL */
} Level;

typedef struct Reading {
  FyamlApi api;
  Source source;
  Arena *arena;
  Error *error;
  struct fy_diag *diag;
  struct fy_parser *parser;
  YamlNode *root;
  uint32_t offset; /* up to which `place` has counted */
  Place place;
  bool is_over; /* the document has ended */
  uint32_t nodes;
  Level levels[LIMIT_CONFIG_DEPTH];
  uint32_t depth;
} Reading;

static Status fail(Reading *r, Place place, const char *format, ...)
    PRINTF_LIKE(3, 4);

static Status fail(Reading *r, Place place, const char *format, ...) {
  char cause[256];
  va_list args;
  va_start(args, format);
  vsnprintf(cause, sizeof cause, format, args);
  va_end(args);
  return error_set(r->error, STATUS_FORMAT, "%s:%u:%u: %s", r->source.name,
                   place.line, place.column, cause);
}

bool yaml_is_null(const YamlNode *node) {
  return node->kind == YAML_SCALAR && node->is_plain &&
         (node->text.length == 0 || slice_equal_text(node->text, "~") ||
          slice_equal_text(node->text, "null"));
}

Slice yaml_shown(Slice name) {
  enum { SHOWN_MAX = 64 };
  if (name.length > SHOWN_MAX) name.length = SHOWN_MAX;
  name.length = slice_valid_utf8(name);
  return name;
}

/* ---- what readers of a tree need ----------------------------------------- */

Status yaml_fail_key(const char *file, const YamlNode *key, const char *what,
                     const char *const *names, size_t stride, size_t count,
                     Error *error) {
  Nearest nearest = nearest_new(key->text, NULL);
  Buf known = {0};
  for (size_t i = 0; i < count; i++) {
    const char *name =
        *(const char *const *)(const void *)((const char *)names + i * stride);
    nearest_offer(&nearest, slice_of(name));
    buf_addf(&known, "%s%s", i > 0 ? ", " : "", name);
  }
  Slice near = nearest_found(&nearest);
  Buf hint = {0};
  if (near.length > 0)
    buf_addf(&hint, "did you mean `%.*s`?", SLICE_ARG(near));
  else
    buf_addf(&hint, "the keys of %s are %s", what, known.data);
  (void)error_set(error, STATUS_FORMAT, "%s:%u:%u: unknown key `%.*s`; %s",
                  file, key->place.line, key->place.column,
                  SLICE_ARG(yaml_shown(key->text)), hint.data);
  buf_free(&hint);
  buf_free(&known);
  return STATUS_FORMAT;
}

static bool is_json_word(Slice text) {
  JsonFault fault;
  char first = text.length > 0 ? text.data[0] : '"';
  return first != '"' && first != '[' && first != '{' &&
         json_check(text, &fault);
}

static void add_json_items(const YamlNode *node, Buf *out) {
  bool is_map = node->kind == YAML_MAP;
  buf_add_char(out, is_map ? '{' : '[');
  for (const YamlNode *item = node->first; item; item = item->next) {
    if (item != node->first) buf_add_char(out, ',');
    if (is_map) json_add_text(out, item->key->text);
    if (is_map) buf_add_char(out, ':');
    yaml_add_json(item, out);
  }
  buf_add_char(out, is_map ? '}' : ']');
}

void yaml_add_json(const YamlNode *node, Buf *out) {
  if (node->kind != YAML_SCALAR)
    add_json_items(node, out);
  else if (yaml_is_null(node))
    buf_add_text(out, "null");
  else if (node->is_plain && is_json_word(node->text))
    buf_add_slice(out, node->text);
  else
    json_add_text(out, node->text);
}

/* ---- before libfyaml ----------------------------------------------------- */

static bool is_control(unsigned char c) {
  return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

static Status check_bytes(Reading *r) {
  Slice text = r->source.text;
  size_t valid = slice_valid_utf8(text);
  if (valid < text.length)
    return fail(r, source_place(&r->source, (uint32_t)valid),
                "this is not UTF-8");
  for (size_t i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (is_control(c))
      return fail(r, source_place(&r->source, (uint32_t)i),
                  "a control character (0x%02x); in quotes it is written "
                  "\"\\x%02x\"",
                  c, c);
  }
  return STATUS_OK;
}

/* ---- the tree ------------------------------------------------------------ */

/* Events come in the order of the text, so no byte is counted twice. */
static Place place_at(Reading *r, uint32_t offset) {
  if (offset < r->offset || offset > r->source.text.length)
    return source_place(&r->source, offset);
  for (; r->offset < offset; r->offset++) {
    unsigned char c = (unsigned char)r->source.text.data[r->offset];
    if (c == '\n')
      r->place = (Place){r->place.line + 1, 1};
    else
      r->place.column += (c & 0xC0) != 0x80;
  }
  return r->place;
}

/* A mark stands behind the opening quote, or the star of an alias. */
static uint32_t start_of(const Reading *r, const struct fy_mark *mark) {
  uint32_t offset = (uint32_t)mark->input_pos;
  bool is_inside = offset > 0 && offset <= r->source.text.length &&
                   strchr("\"'*", r->source.text.data[offset - 1]);
  return is_inside ? offset - 1 : offset;
}

static Place place_of(Reading *r, struct fy_event *event) {
  const struct fy_mark *mark = r->api.fy_event_start_mark(event);
  if (mark) return place_at(r, start_of(r, mark));
  if (r->depth == 0) return (Place){1, 1};
  const Level *level = &r->levels[r->depth - 1];
  return level->key ? level->key->place : level->node->place;
}

static const YamlNode *find_key(const YamlNode *map, Slice name) {
  for (const YamlNode *value = map->first; value; value = value->next) {
    if (slice_equal(value->key->text, name)) return value->key;
  }
  return NULL;
}

static Status take_key(Reading *r, Level *level, YamlNode *node) {
  if (node->kind != YAML_SCALAR)
    return fail(r, node->place, "a key must be a word");
  const YamlNode *twin = find_key(level->node, node->text);
  if (twin)
    return fail(r, node->place, "the key `%.*s` is there already, in line %u",
                SLICE_ARG(yaml_shown(node->text)), twin->place.line);
  level->key = node;
  return STATUS_OK;
}

static void append(Level *level, YamlNode *node) {
  YamlNode *parent = level->node;
  node->key = level->key;
  level->key = NULL;
  if (parent->last)
    parent->last->next = node;
  else
    parent->first = node;
  parent->last = node;
  parent->count++;
}

/* Puts a node where it belongs: the root, a key, a value, an item. */
static Status put(Reading *r, YamlNode *node) {
  if (r->depth == 0) {
    r->root = node;
    return STATUS_OK;
  }
  Level *level = &r->levels[r->depth - 1];
  if (level->node->kind == YAML_MAP && !level->key)
    return take_key(r, level, node);
  append(level, node);
  return STATUS_OK;
}

static Status new_node(Reading *r, struct fy_event *event, YamlKind kind,
                       YamlNode **node) {
  Place place = place_of(r, event);
  if (r->api.fy_event_get_anchor_token(event))
    return fail(r, place, "anchors (`&name`) are not taken; write it out");
  if (r->api.fy_event_get_tag_token(event))
    return fail(r, place, "tags (`!name`) are not taken; leave it out");
  if (++r->nodes > LIMIT_CONFIG_NODES)
    return fail(r, place, "more than %d keys and values", LIMIT_CONFIG_NODES);
  *node = ARENA_NEW(r->arena, YamlNode);
  (*node)->kind = kind;
  (*node)->place = place;
  return STATUS_OK;
}

static Status open_level(Reading *r, struct fy_event *event, YamlKind kind) {
  YamlNode *node = NULL;
  Status status = new_node(r, event, kind, &node);
  if (status == STATUS_OK) status = put(r, node);
  if (status != STATUS_OK) return status;
  if (r->depth == LIMIT_CONFIG_DEPTH)
    return fail(r, node->place, "nested deeper than %d", LIMIT_CONFIG_DEPTH);
  r->levels[r->depth++] = (Level){.node = node};
  return STATUS_OK;
}

static Status add_scalar(Reading *r, struct fy_event *event) {
  YamlNode *node = NULL;
  size_t length = 0;
  struct fy_token *token = r->api.fy_event_get_token(event);
  const char *text = token ? r->api.fy_token_get_text(token, &length) : NULL;
  Status status = new_node(r, event, YAML_SCALAR, &node);
  if (status != STATUS_OK) return status;
  if (token && !text)
    return fail(r, node->place, "this text cannot be read; write it otherwise");
  if (length > 0 && memchr(text, '\0', length))
    return fail(r, node->place, "a text must not hold a NUL");
  node->text =
      slice_from(arena_copy(r->arena, text ? text : "", length), length);
  node->is_plain = !token || r->api.fy_token_scalar_style(token) == FYSS_PLAIN;
  return put(r, node);
}

static Status start_document(Reading *r, struct fy_event *event) {
  if (r->is_over)
    return fail(r, place_of(r, event),
                "a second document begins here; the file holds one");
  return STATUS_OK;
}

static Status take_event(Reading *r, struct fy_event *event) {
  switch (event->type) {
    case FYET_DOCUMENT_START:
      return start_document(r, event);
    case FYET_DOCUMENT_END:
      r->is_over = true;
      return STATUS_OK;
    case FYET_MAPPING_START:
      return open_level(r, event, YAML_MAP);
    case FYET_SEQUENCE_START:
      return open_level(r, event, YAML_LIST);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
      r->depth--;
      return STATUS_OK;
    case FYET_SCALAR:
      return add_scalar(r, event);
    case FYET_ALIAS:
      return fail(r, place_of(r, event),
                  "aliases (`*name`) are not taken; write it out");
    default:
      return STATUS_OK;
  }
}

/* ---- libfyaml ------------------------------------------------------------ */

/* Where its messages would go. */
static void drop(struct fy_diag *diag, void *user, const char *text,
                 size_t length) {
  (void)diag;
  (void)user;
  (void)text;
  (void)length;
}

static Status load_api(FyamlApi *api, Error *error) {
  static const char *const names[] = {
#define X(name) #name,
      FYAML_FUNCTIONS(X)
#undef X
  };
  return library_load("libfyaml.so.0", "libfyaml0", names, api,
                      sizeof names / sizeof *names, error);
}

static Status start(Reading *r) {
  struct fy_diag_cfg config;
  Slice text = r->source.text;
  r->api.fy_diag_cfg_default(&config);
  config.fp = NULL;
  config.output_fn = drop;
  config.level = FYET_ERROR;
  r->diag = r->api.fy_diag_create(&config);
  if (r->diag) {
    r->api.fy_diag_set_collect_errors(r->diag, true);
    struct fy_parse_cfg parse = {.flags = FYPCF_JSON_NONE |
                                          FYPCF_DEFAULT_VERSION_1_2 |
                                          FYPCF_SLOPPY_FLOW_INDENTATION,
                                 .diag = r->diag};
    r->parser = r->api.fy_parser_create(&parse);
  }
  if (r->parser &&
      r->api.fy_parser_set_string(r->parser, text.data, text.length) == 0)
    return STATUS_OK;
  return error_set(r->error, STATUS_NO_MEMORY, "%s: libfyaml cannot be started",
                   r->source.name);
}

static void stop(Reading *r) {
  if (r->parser) r->api.fy_parser_destroy(r->parser);
  if (r->diag) r->api.fy_diag_destroy(r->diag);
}

/* The first of its messages. */
static Status fail_syntax(Reading *r) {
  void *at = NULL;
  struct fy_diag_error *first = r->api.fy_diag_errors_iterate(r->diag, &at);
  Place place = source_place(&r->source, (uint32_t)r->source.text.length);
  if (first && first->line > 0)
    place = (Place){(uint32_t)first->line,
                    first->column > 0 ? (uint32_t)first->column : 1};
  return fail(r, place, "this is not YAML: %s",
              first && first->msg ? first->msg : "it cannot be read");
}

static Status read_events(Reading *r) {
  struct fy_event *event;
  while ((event = r->api.fy_parser_parse(r->parser)) != NULL) {
    Status status = take_event(r, event);
    r->api.fy_parser_event_free(r->parser, event);
    if (status != STATUS_OK) return status;
  }
  if (r->api.fy_parser_get_stream_error(r->parser)) return fail_syntax(r);
  return STATUS_OK;
}

Status yaml_parse(const char *name, Slice text, Arena *arena, YamlNode **root,
                  Error *error) {
  Reading r = {.source = {.name = name, .text = text},
               .arena = arena,
               .error = error,
               .place = {1, 1}};
  *root = NULL;
  if (slice_trim(text).length == 0) return STATUS_OK;
  Status status = check_bytes(&r);
  if (status == STATUS_OK) status = load_api(&r.api, error);
  if (status != STATUS_OK) return status;
  status = start(&r);
  if (status == STATUS_OK) status = read_events(&r);
  stop(&r);
  if (status == STATUS_OK) *root = r.root;
  return status;
}
