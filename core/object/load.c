/* SPDX-License-Identifier: MIT
 *
 * Bytes in, Object out. The bytes are kept and pointed into, nothing is
 * copied: header, hash and section table are checked here, what the sections
 * hold in verify.c and its neighbours, and link.c derives the lists. All
 * arithmetic on numbers of the file is overflow-checked; memory is a small
 * multiple of the file's size and time is linear in it, whatever it says.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/object/layout.h"
#include "core/object/loader.h"

bool refuse(Loader *loader, const char *format, ...) {
  char reason[ERROR_MESSAGE_SIZE / 2];
  va_list args;
  va_start(args, format);
  vsnprintf(reason, sizeof reason, format, args);
  va_end(args);
  error_set(loader->error, STATUS_FORMAT, "not a sound object file: %s",
            reason);
  return false;
}

bool refuse_memory(Loader *loader) {
  error_set(loader->error, STATUS_NO_MEMORY,
            "out of memory for an object file of %zu bytes",
            loader->object->size);
  return false;
}

/* ---- header and sections ------------------------------------------------- */

static bool check_header(Loader *loader) {
  const Object *o = loader->object;
  const ObjHeader *header = (const void *)o->bytes;
  if (!object_has_magic(slice_from((const char *)o->bytes, o->size)))
    return refuse(loader, "it does not begin with the magic bytes");
  if (o->size < OBJ_FIRST_OFFSET)
    return refuse(loader, "%zu bytes do not hold the header", o->size);
  if (header->version != OBJ_VERSION) {
    error_set(loader->error, STATUS_VERSION,
              "object file of version %u; this program reads version %d",
              header->version, OBJ_VERSION);
    return false;
  }
  if (header->size != o->size)
    return refuse(loader, "%zu bytes, but the header says %llu", o->size,
                  (unsigned long long)header->size);
  if (header->section_count != OBJ_SECTION_COUNT)
    return refuse(loader, "%u sections instead of %d", header->section_count,
                  OBJ_SECTION_COUNT);
  return true;
}

static bool check_seal(Loader *loader) {
  static const uint32_t zeros[5] = {0};
  const Object *o = loader->object;
  const ObjHeader *header = (const void *)o->bytes;
  uint64_t hash[2];
  layout_hash(o->bytes, o->size, hash);
  if (hash[0] != header->hash[0] || hash[1] != header->hash[1])
    return refuse(loader, "its hash is not that of its bytes (damaged?)");
  if (header->flags != 0 ||
      memcmp(header->reserved, zeros, sizeof header->reserved) != 0)
    return refuse(loader, "a reserved field of the header is set");
  return true;
}

/* Checks section `kind` and that it follows what ends at `*end`; moves `*end`
 * behind it. */
static bool check_section(Loader *loader, const ObjSection *section,
                          uint32_t kind, uint64_t *end) {
  const Object *o = loader->object;
  const SectionInfo *info = &section_table[kind];
  uint64_t next;
  if (section->kind != kind)
    return refuse(loader, "section %u stands where `%s` belongs", section->kind,
                  info->text);
  if (section->record != info->record)
    return refuse(loader, "section `%s` has records of %u bytes, not %u",
                  info->text, section->record, info->record);
  if (section->offset != layout_align(*end))
    return refuse(loader, "section `%s` begins at %llu, not at %llu",
                  info->text, (unsigned long long)section->offset,
                  (unsigned long long)layout_align(*end));
  if (__builtin_add_overflow(section->offset, section->size, &next) ||
      next > o->size)
    return refuse(loader, "section `%s` ends outside the file", info->text);
  if (section->size % info->record != 0)
    return refuse(loader, "section `%s` ends within a record", info->text);
  for (uint64_t i = *end; i < section->offset; i++)
    if (o->bytes[i] != 0)
      return refuse(loader, "byte %llu of padding is set",
                    (unsigned long long)i);
  *end = next;
  return true;
}

/* Points `count` and the result to the records of a section. */
static const void *section_at(const Object *object, ObjSectionKind kind,
                              uint32_t *count) {
  const ObjSection *table = (const void *)(object->bytes + sizeof(ObjHeader));
  const ObjSection *section = &table[kind - OBJ_STRINGS];
  *count = (uint32_t)(section->size / section->record);
  return object->bytes + section->offset;
}

static bool find_sections(Loader *loader) {
  Object *o = loader->object;
  const ObjSection *table = (const void *)(o->bytes + sizeof(ObjHeader));
  uint64_t end = OBJ_FIRST_OFFSET;
  uint32_t key_count, meta_count;
  for (uint32_t kind = OBJ_STRINGS; kind < OBJ_SECTION_END; kind++)
    if (!check_section(loader, &table[kind - OBJ_STRINGS], kind, &end))
      return false;
  if (end != o->size) return refuse(loader, "bytes follow the last section");
  o->strings = section_at(o, OBJ_STRINGS, &o->string_bytes);
  o->consts = section_at(o, OBJ_CONSTS, &o->const_count);
  o->types.rows = section_at(o, OBJ_TYPES, &o->type_count);
  o->records = section_at(o, OBJ_RECORDS, &o->record_count);
  o->fields = section_at(o, OBJ_FIELDS, &o->field_count);
  o->places = section_at(o, OBJ_PLACES, &o->place_count);
  o->flows = section_at(o, OBJ_FLOWS, &o->flow_count);
  o->params = section_at(o, OBJ_PARAMS, &o->param_count);
  o->graphs = section_at(o, OBJ_GRAPHS, &o->graph_count);
  o->nodes = section_at(o, OBJ_NODES, &o->node_count);
  o->keys = section_at(o, OBJ_KEYS, &key_count);
  o->inputs = section_at(o, OBJ_INPUTS, &o->input_count);
  o->attrs = section_at(o, OBJ_ATTRS, &o->attr_count);
  o->arms = section_at(o, OBJ_ARMS, &o->arm_count);
  o->meta = section_at(o, OBJ_META, &meta_count);
  if (o->node_count-- == 0) return refuse(loader, "no sentinel in `nodes`");
  if (key_count != o->node_count)
    return refuse(loader, "%u keys for %u nodes", key_count, o->node_count);
  if (meta_count != 1) return refuse(loader, "%u meta records", meta_count);
  return true;
}

/* ---- the load ------------------------------------------------------------ */

static bool take_derived(Loader *loader) {
  Object *o = loader->object;
  loader->counts =
      mem_try_zero((size_t)o->node_count + 1, sizeof *loader->counts);
  o->ops = mem_try(o->node_count, sizeof *o->ops);
  o->spans = mem_try((size_t)o->node_count + 1, sizeof *o->spans);
  o->pending = mem_try((size_t)o->node_count + 1, sizeof *o->pending);
  o->links = mem_try_zero((size_t)o->graph_count + 1, sizeof *o->links);
  loader->twins = mem_try((size_t)o->graph_count + 1, sizeof *loader->twins);
  if (loader->counts == NULL || loader->twins == NULL || o->ops == NULL ||
      o->spans == NULL || o->pending == NULL || o->links == NULL)
    return refuse_memory(loader);
  return true;
}

static bool load(Loader *loader) {
  return check_header(loader) && check_seal(loader) && find_sections(loader) &&
         verify_strings(loader) && verify_types(loader) &&
         verify_tables(loader) && verify_graphs(loader) &&
         take_derived(loader) &&
         verify_nodes(loader) && verify_nests(loader) && verify_flows(loader) &&
         link_object(loader);
}

Object *object_load(uint8_t *bytes, size_t size, Error *error) {
  Error local = {0};
  Object *object = MEM_NEW(Object);
  Loader loader = {.object = object, .error = error ? error : &local};
  bool loaded = false;
  assert((uintptr_t)bytes % OBJ_ALIGN == 0);
  object->bytes = bytes;
  object->size = size;
  if (size > LIMIT_OBJECT_BYTES)
    error_set(error, STATUS_LIMIT, "an object file is at most %d bytes",
              LIMIT_OBJECT_BYTES);
  else
    loaded = load(&loader);
  mem_free(loader.text_starts);
  mem_free(loader.counts);
  mem_free(loader.twins);
  if (loaded) return object;
  object_free(object);
  return NULL;
}

Object *object_load_file(const char *path, Error *error) {
  Buf bytes = {0};
  Error inner = {0};
  Object *object;
  size_t size;
  if (file_read(path, LIMIT_OBJECT_BYTES, &bytes, error) != STATUS_OK) {
    buf_free(&bytes);
    return NULL;
  }
  size = bytes.length;
  object = object_load((uint8_t *)buf_take(&bytes), size, &inner);
  if (object == NULL)
    error_set(error, inner.status, "%s: %s", path, inner.message);
  return object;
}

void object_free(Object *object) {
  if (object == NULL) return;
  mem_free(object->bytes);
  mem_free((void *)object->types.records);
  mem_free((void *)object->types.fields);
  mem_free(object->ops);
  mem_free(object->spans);
  mem_free(object->consumers);
  mem_free(object->pending);
  mem_free(object->links);
  mem_free(object);
}
