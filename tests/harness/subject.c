/* SPDX-License-Identifier: MIT
 *
 * From text to checked tree, and to an object file.
 */
#include "tests/harness/subject.h"

#include "compiler/check/check.h"
#include "compiler/emit/compile.h"
#include "compiler/front/format.h"
#include "compiler/front/parse.h"
#include "core/base/json.h"

static const char args_mark[] = "// args: ";
static const char file_mark[] = "\n//// ";

/* ---- files -------------------------------------------------------------- */

/* Where the mark of the next file begins at or after `at`; the length when
 * there is none. */
static size_t find_mark(Slice text, size_t at) {
  Slice mark = SLICE(file_mark);
  for (; at + mark.length <= text.length; at++)
    if (memcmp(text.data + at, mark.data, mark.length) == 0) return at;
  return text.length;
}

/* The file called `name`; false when there is none. */
static bool find_file(Slice text, Slice name, Slice *file) {
  size_t at = find_mark(text, 0);
  while (at < text.length) {
    size_t start = at + sizeof file_mark - 1;
    size_t next = find_mark(text, start);
    Slice rest = slice_from(text.data + start, next - start);
    const char *end = memchr(rest.data, '\n', rest.length);
    size_t length = end == NULL ? rest.length : (size_t)(end - rest.data);
    *file = slice_from(rest.data + length, rest.length - length);
    if (slice_equal(slice_from(rest.data, length), name)) return true;
    at = next;
  }
  return false;
}

static Status read_file(void *context, const char *path, size_t limit, Buf *out,
                        Error *error) {
  const Subject *subject = context;
  Slice file;
  (void)limit;
  if (!find_file(subject->text, slice_of(path), &file))
    return error_set(error, STATUS_IO, "no file %s", path);
  buf_add_slice(out, file);
  return STATUS_OK;
}

static void identify(void *context, const char *path, Buf *out) {
  (void)context;
  buf_add_text(out, path);
}

static SourceReader reader_of(const Subject *subject) {
  return (SourceReader){
      .read = read_file, .identify = identify, .context = (void *)subject};
}

/* ---- the tree ------------------------------------------------------------ */

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
  Slice first = slice_from(text.data, find_mark(text, 0));
  *subject =
      (Subject){.text = text, .source = {.name = "program.ais", .text = first}};
  SourceReader reader = reader_of(subject);
  arena_init(&subject->arena);
  type_table_init(&subject->types);
  diag_init(&subject->diags, &subject->source, &subject->arena);
  AstProgram *tree = parse_program(&subject->source, &reader, &subject->arena,
                                   &subject->diags);
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
  parse_files_free(subject->tree->files);
  vec_free(&subject->args);
  diag_free(&subject->diags);
  type_table_free(&subject->types);
  arena_free(&subject->arena);
}

static bool format(Slice text, Buf *out, Buf *why) {
  Source source = {.name = "program.ais", .text = text};
  Arena arena;
  DiagSink diags;
  arena_init(&arena);
  diag_init(&diags, &source, &arena);
  FormatResult result = format_source(&source, &arena, &diags, out);
  if (result != FORMAT_DONE) buf_add_text(why, "the formatter refuses it\n");
  diag_free(&diags);
  arena_free(&arena);
  return result == FORMAT_DONE;
}

bool subject_formats(const Subject *subject, Buf *why) {
  Buf once = {0}, twice = {0};
  bool formats = format(subject->source.text, &once, why) &&
                 format(buf_slice(&once), &twice, why);
  if (formats && !slice_equal(buf_slice(&once), buf_slice(&twice))) {
    buf_addf(why, "formatted:\n%s\nformatted again:\n%s\n", once.data,
             twice.data);
    formats = false;
  }
  buf_free(&once);
  buf_free(&twice);
  return formats;
}

Object *subject_compile(const Subject *subject, uint32_t level, Buf *why) {
  CompileResult result;
  Error error = {0};
  Object *object = NULL;
  SourceReader reader = reader_of(subject);
  compile_source(&subject->source,
                 &(CompileOptions){.optimization = level, .reader = &reader},
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
