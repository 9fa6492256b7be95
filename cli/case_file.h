/* SPDX-License-Identifier: MIT
 *
 * A file of cases, NAME.test.yaml: which program, what it is given, what its
 * model says, and what must come of it. docs/testing-flows.md describes it.
 * Whatever stands beside `cases` holds for all of them; without `cases` the
 * file is one case.
 */
#ifndef APXM_CLI_CASE_FILE_H
#define APXM_CLI_CASE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/config/yaml.h"

typedef enum ExpectId {
#define X(id, key, kind, text) EXPECT_##id,
#include "cli/expectations.def"
#undef X
  EXPECT_COUNT
} ExpectId;

extern const char *const case_expect_keys[EXPECT_COUNT];

typedef struct Case {
  const char *name; /* unique in its file */
  Place place;
  const char *flow;     /* NULL: the entry */
  const YamlNode *args; /* NULL: none */
  const char *script;   /* scripted replies, JSON Lines; NULL: the tape's */
  uint64_t timeout_ns;  /* of the run */
  const char *skip;     /* why it is not run; NULL: it is */
  const YamlNode *expect[EXPECT_COUNT]; /* NULL: not said */
} Case;

/* Texts live in the arena. */
typedef struct CaseFile {
  const char *path;
  const char *folder; /* that its paths start from: "" or with a final slash */
  const char *program, *tape; /* paths */
  VEC(Case) cases;
  Arena arena;
} CaseFile;

#define CASE_FILE_ENDING ".test.yaml"

/* STATUS_FORMAT: "FILE:LINE:COLUMN: ...". Free with case_file_free in any
 * case. */
Status case_file_read(const char *path, CaseFile *file, Error *error) MUST_USE;
void case_file_free(CaseFile *file);

/* The names of such files at `path`: itself when it is a file, else all below
 * it, sorted; what begins with a dot is passed over. Texts go to `arena`. */
typedef VEC(const char *) CasePaths;
Status case_paths_find(const char *path, Arena *arena, CasePaths *paths,
                       Error *error) MUST_USE;

#endif
