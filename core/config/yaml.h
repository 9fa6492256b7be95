/* SPDX-License-Identifier: MIT
 *
 * The part of YAML that a configuration is written in, as a tree: maps with
 * text keys, lists, scalars, each with its place. Refused with a message:
 * anchors and aliases (a few lines of them stand for gigabytes), tags, several
 * documents, a key that is there twice, control characters, and what is too
 * deep or too much (limits.def).
 */
#ifndef APXM_CORE_CONFIG_YAML_H
#define APXM_CORE_CONFIG_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/source.h"
#include "core/base/status.h"

typedef enum YamlKind { YAML_SCALAR, YAML_LIST, YAML_MAP } YamlKind;

typedef struct YamlNode YamlNode;
struct YamlNode {
  YamlKind kind;
  bool is_plain;   /* of a scalar: without quotes, so it may be a number */
  Place place;     /* of a value that is left out: its key's */
  Slice text;      /* of a scalar; NUL-terminated, no NUL inside */
  YamlNode *key;   /* of a value in a map: a scalar */
  YamlNode *first; /* of a list or map; NULL when empty */
  YamlNode *last;
  YamlNode *next; /* after this one in its list or map */
  uint32_t count; /* of a list or map */
};

/* A scalar without quotes that says nothing: "", "~", "null". */
bool yaml_is_null(const YamlNode *node);

/* As much of a name as a message shows. */
Slice yaml_shown(Slice name);

/* A map has a key that it must not have; `what` is the map for messages. The
 * names of those that it may have are the first of `count` structs of `stride`
 * bytes each. STATUS_FORMAT, with the nearest name. */
Status yaml_fail_key(const char *file, const YamlNode *key, const char *what,
                     const char *const *names, size_t stride, size_t count,
                     Error *error);

/* Appends a value as JSON: scalars without quotes that are JSON as they stand
 * (numbers, true, false, null) stay what they are, all others are texts. */
void yaml_add_json(const YamlNode *node, Buf *out);

/* `root` is NULL when the text holds no document. The tree is in `arena`; the
 * text need not stay. STATUS_FORMAT: "NAME:LINE:COLUMN: ..."; STATUS_NOT_FOUND:
 * libfyaml is not installed. */
Status yaml_parse(const char *name, Slice text, Arena *arena, YamlNode **root,
                  Error *error) MUST_USE;

#endif
