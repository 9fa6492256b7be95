/* SPDX-License-Identifier: MIT
 *
 * From text to checked tree, and to an object file.
 */
#include "tests/harness/subject.h"

#include "compiler/check/check.h"
#include "compiler/emit/compile.h"
#include "compiler/front/parse.h"
#include "core/base/json.h"

static const char args_mark[] = "// args: ";

/* The JSON list in the comment that the text begins with. */
static bool read_args(Subject *subject, Buf *why) {
  Slice text = subject->source.text;
  if (!slice_starts_with(text, SLICE(args_mark))) return true;
  const char *end = memchr(text.data, '\n', text.length);
  if (end == NULL) return true;
  Slice list = slice_from(text.data + sizeof args_mark - 1,
                          (size_t)(end - text.data) - sizeof args_mark + 1);
  Error error = {0};
  cJSON *json = json_parse(list, &error);
  if (json == NULL) {
    buf_addf(why, "%s: %s\n", args_mark, error.message);
    return false;
  }
  const cJSON *item;
  cJSON_ArrayForEach(item, json) {
    size_t length = strlen(item->valuestring);
    char *copy = arena_copy(&subject->arena, item->valuestring, length);
    vec_push(&subject->args, slice_from(copy, length));
  }
  cJSON_Delete(json);
  return true;
}

static const AstFlow *find_entry(const AstProgram *tree) {
  const AstFlow *only = NULL;
  for (const AstAgent *agent = tree->agents; agent; agent = agent->next)
    for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
      if (flow->entry) return flow;
      only = flow;
    }
  return tree->flow_count == 1 ? only : NULL;
}

bool subject_open(Subject *subject, Slice text, Buf *why) {
  *subject = (Subject){.source = {.name = "program.ais", .text = text}};
  arena_init(&subject->arena);
  type_table_init(&subject->types);
  diag_init(&subject->diags, &subject->source, &subject->arena);
  AstProgram *tree =
      parse_source(&subject->source, &subject->arena, &subject->diags);
  check_program(tree, &subject->types, &subject->arena, &subject->diags);
  subject->tree = tree;
  if (subject->diags.error_count > 0) {
    diag_sort(&subject->diags);
    diag_render_text(&subject->diags, false, why);
    return false;
  }
  if (!read_args(subject, why)) return false;
  subject->entry = find_entry(tree);
  bool fits = subject->entry != NULL &&
              subject->entry->param_count == subject->args.length;
  if (!fits) buf_add_text(why, "its entry does not take its arguments\n");
  return fits;
}

void subject_free(Subject *subject) {
  vec_free(&subject->args);
  diag_free(&subject->diags);
  type_table_free(&subject->types);
  arena_free(&subject->arena);
}

Object *subject_compile(const Subject *subject, uint32_t level, Buf *why) {
  CompileResult result;
  Error error = {0};
  Object *object = NULL;
  compile_source(&subject->source, &(CompileOptions){.optimization = level},
                 &result);
  if (!result.ok) {
    diag_render_text(&result.diags, false, why);
    buf_addf(why, "%s\n", result.error.message);
  } else {
    size_t size = result.object.length;
    object = object_load((uint8_t *)buf_take(&result.object), size, &error);
    if (object == NULL) buf_addf(why, "%s\n", error.message);
  }
  compile_result_free(&result);
  return object;
}
