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

/* `root` is NULL when the text holds no document. The tree is in `arena`; the
 * text need not stay. STATUS_FORMAT: "NAME:LINE:COLUMN: ..."; STATUS_NOT_FOUND:
 * libfyaml is not installed. */
Status yaml_parse(const char *name, Slice text, Arena *arena, YamlNode **root,
                  Error *error) MUST_USE;

#endif
