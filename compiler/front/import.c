/* SPDX-License-Identifier: MIT
 *
 * A program of several files. Each is read and parsed once, however many
 * import it and by whatever path, in the order in which they are met: first
 * the source itself, then what it imports, then what those import. Their trees
 * join one list, and their offsets one space. That no file imports itself by
 * way of others is looked at when all are there, with the chain in hand.
 */
#include "compiler/front/parse.h"
#include "compiler/front/parse_int.h"
#include "core/base/map.h"

/* Where the search for cycles is with a file. */
typedef enum Visit { VISIT_NOT_YET, VISIT_OPEN, VISIT_DONE } Visit;

typedef struct ImportFile {
  const Source *source;
  AstImport *imports;
  Visit visit;
} ImportFile;

typedef struct Importer {
  Parser *p;
  const SourceReader *reader;
  SourceFiles *files;
  VEC(ImportFile) list; /* as files->all */
  Map by_identity;      /* to the row in list */
  VEC(uint32_t) chain;  /* of files that are open */
} Importer;

/* ---- reading ------------------------------------------------------------- */

static Slice identity_of(const Importer *m, const char *path) {
  Buf name = {0};
  m->reader->identify(m->reader->context, path, &name);
  Slice kept = slice_from(arena_copy(m->p->arena, name.data, name.length),
                          name.length);
  buf_free(&name);
  return kept;
}

static void add_file(Importer *m, const char *name, Slice text,
                     Slice identity) {
  const Source *last = NULL;
  uint32_t count = m->list.length;
  if (count > 0) last = m->list.data[count - 1].source;
  Source *source = ARENA_NEW(m->p->arena, Source);
  source->name = name;
  source->text = text;
  source->all = &m->files->all;
  if (last != NULL) {
    source->base = last->base + (uint32_t)last->text.length + 1;
  }
  vec_push(&m->files->all.list, source);
  vec_push(&m->list, ((ImportFile){.source = source}));
  map_set(&m->by_identity, identity, count);
}

static uint32_t bytes_left(const Importer *m) {
  const Source *last = m->list.data[m->list.length - 1].source;
  uint32_t used = last->base + (uint32_t)last->text.length + 1;
  uint32_t left = used < LIMIT_PROGRAM_BYTES ? LIMIT_PROGRAM_BYTES - used : 0;
  return left < LIMIT_SOURCE_BYTES ? left : LIMIT_SOURCE_BYTES;
}

static void report_unread(const Importer *m, const AstImport *import,
                          const char *cause) {
  DiagSink *sink = m->p->sink;
  Diag *diag = diag_report(sink, DIAG_IMPORT_READ, import->span,
                           "cannot import `%.*s`", SLICE_ARG(import->path));
  diag->label = diag_text(sink, "%s", cause);
  diag->help = "the path is relative to the file that has the import";
}

static void report_limit(const Importer *m, const AstImport *import) {
  Diag *diag = diag_report(m->p->sink, DIAG_IMPORT_LIMIT, import->span,
                           "more than %d files", LIMIT_SOURCES);
  diag->label = "one file too many";
}

/* A file that is met for the first time. */
static bool read_file(Importer *m, const AstImport *import, const char *path,
                      Slice identity) {
  if (m->list.length == LIMIT_SOURCES) {
    report_limit(m, import);
    return false;
  }
  Buf text = {0};
  Error error = {0};
  Status status = m->reader->read(m->reader->context, path, bytes_left(m),
                                  &text, &error);
  if (status != STATUS_OK) {
    report_unread(m, import, error.message);
    buf_free(&text);
    return false;
  }
  const char *name = arena_copy(m->p->arena, path, strlen(path));
  add_file(m, name, buf_slice(&text), identity);
  vec_push(&m->files->texts, buf_take(&text));
  return true;
}

static void follow(Importer *m, const Source *from, AstImport *import) {
  if (import->path.length == 0) {
    report_unread(m, import, "an empty path");
    return;
  }
  Buf path = {0};
  reader_beside(from->name, import->path, &path);
  Slice identity = identity_of(m, path.data);
  uint32_t row = m->list.length;
  if (map_get(&m->by_identity, identity, &row) ||
      read_file(m, import, path.data, identity)) {
    import->source = m->list.data[row].source;
  }
  buf_free(&path);
}

/* ---- cycles -------------------------------------------------------------- */

enum { CHAIN_SHOWN = 8 }; /* files of a cycle that a message names at most */

static void report_cycle(const Importer *m, const AstImport *import,
                         uint32_t first) {
  Buf chain = {0};
  uint32_t count = m->chain.length - first;
  for (uint32_t i = 0; i < count; i++) {
    bool shown = i < CHAIN_SHOWN / 2 || count - i <= CHAIN_SHOWN / 2;
    uint32_t row = m->chain.data[first + i];
    if (shown) buf_addf(&chain, "%s -> ", m->list.data[row].source->name);
    if (!shown && i == CHAIN_SHOWN / 2) buf_add_text(&chain, "... -> ");
  }
  Diag *diag = diag_report(m->p->sink, DIAG_IMPORT_CYCLE, import->span,
                           "%s: %s%s",
                           count == 1 ? "a file that imports itself"
                                      : "files that import each other",
                           chain.data, import->source->name);
  diag->label = "leads back to where it came from";
  diag->help = "move what both need into a file of its own";
  buf_free(&chain);
}

static uint32_t row_of(const Importer *m, const Source *source) {
  uint32_t low = 0;
  uint32_t high = m->list.length;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (m->list.data[middle].source->base <= source->base) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

static uint32_t place_in_chain(const Importer *m, uint32_t row) {
  uint32_t at = 0;
  while (m->chain.data[at] != row) at++;
  return at;
}

/* At most LIMIT_SOURCES deep. */
static void visit(Importer *m, uint32_t row) {
  m->list.data[row].visit = VISIT_OPEN;
  vec_push(&m->chain, row);
  AstImport *import = m->list.data[row].imports;
  for (; import != NULL; import = import->next) {
    if (import->source == NULL) continue;
    uint32_t next = row_of(m, import->source);
    Visit state = m->list.data[next].visit;
    if (state == VISIT_NOT_YET) visit(m, next);
    if (state == VISIT_OPEN) report_cycle(m, import, place_in_chain(m, next));
  }
  (void)vec_pop(&m->chain);
  m->list.data[row].visit = VISIT_DONE;
}

/* ---- the program --------------------------------------------------------- */

static void parse_files(Importer *m) {
  for (uint32_t i = 0; i < m->list.length; i++) {
    const Source *source = m->list.data[i].source;
    AstImport *imports = parse_one(m->p, source);
    m->list.data[i].imports = imports;
    if (i == 0) m->p->program->imports = imports;
    for (; imports != NULL; imports = imports->next) {
      follow(m, source, imports);
    }
  }
}

AstProgram *parse_program(const Source *source, const SourceReader *reader,
                          Arena *arena, DiagSink *sink) {
  Parser p = {.arena = arena, .sink = sink};
  Importer m = {.p = &p, .reader = reader};
  m.files = ARENA_NEW(arena, SourceFiles);
  p.program = ARENA_NEW(arena, AstProgram);
  add_file(&m, source->name, source->text, identity_of(&m, source->name));
  p.program->source = m.list.data[0].source;
  p.program->files = m.files;
  p.program->reader = reader;
  sink->source = p.program->source;
  parse_files(&m);
  legacy_settle(&p);
  visit(&m, 0);
  vec_free(&m.list);
  vec_free(&m.chain);
  map_free(&m.by_identity);
  return p.program;
}

void parse_files_free(SourceFiles *files) {
  if (files == NULL) return;
  for (uint32_t i = 0; i < files->texts.length; i++) {
    mem_free(files->texts.data[i]);
  }
  vec_free(&files->texts);
  vec_free(&files->all.list);
}
