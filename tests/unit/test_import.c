/* SPDX-License-Identifier: MIT
 *
 * Programs of several files, out of a reader that holds them in memory: what
 * is read, how often, in which order, and where messages point.
 */
#include "tests/unit/front.h"

/* Files by path; a path may begin with "./". */
typedef struct Disk {
  const char *const (*files)[2]; /* path, text; ends with NULL */
  uint32_t reads;
} Disk;

static const char *plain(const char *path) {
  while (strncmp(path, "./", 2) == 0) path += 2;
  return path;
}

static Status read_memory(void *context, const char *path, size_t limit,
                          Buf *out, Error *error) {
  Disk *disk = context;
  disk->reads++;
  for (size_t i = 0; disk->files[i][0] != NULL; i++) {
    if (strcmp(disk->files[i][0], plain(path)) != 0) continue;
    if (strlen(disk->files[i][1]) > limit) {
      return error_set(error, STATUS_LIMIT, "too long");
    }
    buf_add_text(out, disk->files[i][1]);
    return STATUS_OK;
  }
  return error_set(error, STATUS_NOT_FOUND, "no such file");
}

static void identify_memory(void *context, const char *path, Buf *out) {
  (void)context;
  buf_add_text(out, plain(path));
}

typedef struct Several {
  Disk disk;
  SourceReader reader;
  Source source;
  Arena arena;
  DiagSink sink;
  AstProgram *program;
} Several;

/* Parses the first of the files. */
static void several(Several *s, const char *const (*files)[2]) {
  s->disk = (Disk){files, 0};
  s->reader = (SourceReader){read_memory, identify_memory, &s->disk};
  s->source = (Source){.name = files[0][0], .text = slice_of(files[0][1])};
  arena_init(&s->arena);
  diag_init(&s->sink, &s->source, &s->arena);
  s->program = parse_program(&s->source, &s->reader, &s->arena, &s->sink);
}

static void several_free(Several *s) {
  parse_files_free(s->program->files);
  diag_free(&s->sink);
  arena_free(&s->arena);
}

/* The dump, then the messages as `code file:line:column message`. */
static void expect_program(const char *const (*files)[2], uint32_t reads,
                           const char *wanted) {
  Several s;
  several(&s, files);
  Buf out = {0};
  ast_dump(s.program, &out);
  diag_sort(&s.sink);
  for (uint32_t i = 0; i < s.sink.diags.length; i++) {
    const Diag *diag = &s.sink.diags.data[i];
    const Source *source = source_at(s.sink.source, diag->span.start);
    Place place = source_place(s.sink.source, diag->span.start);
    buf_addf(&out, "%s %s:%u:%u %s\n", diag_code_text(diag->code),
             source->name, place.line, place.column, diag->message);
  }
  assert_string_equal(out.length ? out.data : "", wanted);
  assert_int_equal(s.disk.reads, reads);
  buf_free(&out);
  several_free(&s);
}

CASE(one_list_of_agents_and_types) {
  (void)state;
  static const char *const files[][2] = {
      {"a.ais", "import \"lib/b.ais\"\nagent A { }\nimport \"c.ais\";"},
      {"lib/b.ais", "type B { x: num }\nimport \"d.ais\"\nagent B { }"},
      {"c.ais", "agent C { }"},
      {"lib/d.ais", "agent D { }\ntype D { y: B }"},
      {NULL, NULL}};
  expect_program(files, 3,
                 "import \"lib/b.ais\"\nimport \"c.ais\"\n"
                 "type B\n  x: num\ntype D\n  y: B\n"
                 "agent A\nagent B\nagent C\nagent D\n");
}

CASE(each_file_once) {
  (void)state;
  static const char *const files[][2] = {
      {"a.ais", "import \"b.ais\" import \"./b.ais\" import \"c.ais\""},
      {"b.ais", "import \"c.ais\" agent B { }"},
      {"c.ais", "agent C { }"},
      {NULL, NULL}};
  expect_program(files, 2,
                 "import \"b.ais\"\nimport \"./b.ais\"\nimport \"c.ais\"\n"
                 "agent B\nagent C\n");
}

CASE(files_that_are_not_there) {
  (void)state;
  static const char *const files[][2] = {
      {"x/a.ais", "\nimport \"b.ais\"\nimport \"\"\nimport \"/c.ais\""},
      {"x/b.ais", "agent B { flow f { let = 1 } }\n  import \"b2.ais\""},
      {NULL, NULL}};
  expect_program(files, 3,
                 "import \"b.ais\"\nimport \"\"\nimport \"/c.ais\"\n"
                 "agent B\n  flow f()\n"
                 "E0020 x/a.ais:3:1 cannot import ``\n"
                 "E0020 x/a.ais:4:1 cannot import `/c.ais`\n"
                 "E0010 x/b.ais:1:24 expected a name, found `=`\n"
                 "E0020 x/b.ais:2:3 cannot import `b2.ais`\n");
}

CASE(cycles) {
  (void)state;
  static const char *const itself[][2] = {{"a.ais", "import \"a.ais\""},
                                          {NULL, NULL}};
  expect_program(itself, 0,
                 "import \"a.ais\"\n"
                 "E0021 a.ais:1:1 a file that imports itself: "
                 "a.ais -> a.ais\n");
  static const char *const round[][2] = {
      {"a.ais", "import \"b.ais\" import \"c.ais\""},
      {"b.ais", "import \"c.ais\""},
      {"c.ais", " import \"b.ais\""},
      {NULL, NULL}};
  expect_program(round, 2,
                 "import \"b.ais\"\nimport \"c.ais\"\n"
                 "E0021 c.ais:1:2 files that import each other: "
                 "b.ais -> c.ais -> b.ais\n");
}

/* The first place of a file is not the last of the one before it. */
CASE(places) {
  (void)state;
  static const char *const files[][2] = {
      {"a.ais", "import \"b.ais\""}, {"b.ais", ""}, {NULL, NULL}};
  Several s;
  several(&s, files);
  const Source *a = s.program->source;
  const Source *b = s.program->imports->source;
  assert_string_equal(b->name, "b.ais");
  assert_int_equal(b->base, a->text.length + 1);
  assert_ptr_equal(source_at(a, b->base - 1), a);
  assert_ptr_equal(source_at(a, b->base), b);
  assert_ptr_equal(source_at(b, 0), a);
  assert_ptr_equal(source_at(b, UINT32_MAX), b);
  several_free(&s);
}

/* A text that is drawn, with its two places in two files; as JSON, the second
 * says which. */
CASE(messages_name_their_file) {
  (void)state;
  static const char *const files[][2] = {
      {"a.ais", "import \"b.ais\"\nagent A { }"},
      {"b.ais", "\n\nagent A { }"},
      {NULL, NULL}};
  Several s;
  several(&s, files);
  const AstAgent *agents = s.program->agents;
  Diag *diag = diag_report(&s.sink, DIAG_SAME_AGENT, agents->next->name.span,
                           "again");
  diag->related = agents->name.span;
  diag->related_label = "first";
  Buf out = {0};
  diag_render_text(&s.sink, false, &out);
  assert_string_equal(out.data,
                      "error[E0107]: again\n"
                      "  --> b.ais:3:7\n"
                      "   |\n"
                      " 3 | agent A { }\n"
                      "   |       ^\n"
                      "  --> a.ais:2:7\n"
                      "   |\n"
                      " 2 | agent A { }\n"
                      "   |       - first\n");
  buf_free(&out);
  diag_render_json(&s.sink, &out);
  assert_string_equal(
      out.data,
      "{\"code\":\"E0107\",\"severity\":\"error\",\"message\":\"again\","
      "\"file\":\"b.ais\",\"line\":3,\"column\":7,\"end_line\":3,"
      "\"end_column\":8,\"related\":{\"label\":\"first\",\"file\":\"a.ais\","
      "\"line\":2,\"column\":7,\"end_line\":2,\"end_column\":8}}\n");
  buf_free(&out);
  several_free(&s);
}

/* A reader that never runs out of files. */
static Status read_endless(void *context, const char *path, size_t limit,
                           Buf *out, Error *error) {
  (void)limit;
  (void)error;
  (void)path;
  uint32_t *next = context;
  buf_addf(out, "import \"%u.ais\"", ++*next);
  return STATUS_OK;
}

CASE(limits) {
  (void)state;
  uint32_t next = 0;
  SourceReader reader = {read_endless, identify_memory, &next};
  Source source = {.name = "a.ais", .text = SLICE("import \"0.ais\"")};
  Arena arena;
  DiagSink sink;
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  AstProgram *program = parse_program(&source, &reader, &arena, &sink);
  assert_int_equal(program->files->all.list.length, LIMIT_SOURCES);
  assert_int_equal(sink.error_count, 1);
  assert_int_equal(sink.diags.data[0].code, DIAG_IMPORT_LIMIT);
  parse_files_free(program->files);
  diag_free(&sink);
  arena_free(&arena);
}

static void expect_beside(const char *name, const char *path,
                          const char *wanted) {
  Buf out = {0};
  reader_beside(name, slice_of(path), &out);
  assert_string_equal(out.data, wanted);
  buf_free(&out);
}

CASE(paths) {
  (void)state;
  expect_beside("a.ais", "b.ais", "b.ais");
  expect_beside("x/y/a.ais", "../b.ais", "x/y/../b.ais");
  expect_beside("x/a.ais", "/b.ais", "/b.ais");
  expect_beside("/a.ais", "b.ais", "/b.ais");
  expect_beside("<stdin>", "-", "./-");
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(one_list_of_agents_and_types),
      cmocka_unit_test(each_file_once),
      cmocka_unit_test(files_that_are_not_there),
      cmocka_unit_test(cycles),
      cmocka_unit_test(places),
      cmocka_unit_test(messages_name_their_file),
      cmocka_unit_test(limits),
      cmocka_unit_test(paths),
  };
  return RUN(cases);
}
