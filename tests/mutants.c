/* SPDX-License-Identifier: MIT
 *
 * The changes: bits and bytes anywhere; words copied from one place to
 * another; fields of records set to the numbers that break programs (0, -1, a
 * count, one beside what was there); records exchanged, doubled or taken out,
 * with the section table put right; the end cut off. One to three of them a
 * mutant.
 */
#include "tests/mutants.h"

#include <string.h>

#include "core/object/layout.h"
#include "tests/object_shapes.h"

/* A file being changed. */
typedef struct Mutant {
  uint8_t *bytes;
  size_t size;
  uint64_t state; /* of the random numbers */
} Mutant;

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(Mutant *m) {
  uint64_t z = m->state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static size_t below(Mutant *m, size_t bound) {
  return bound == 0 ? 0 : (size_t)(next_random(m) % bound);
}

/* ---- the changes --------------------------------------------------------- */

/* Most changes hit what follows the section table; that is what varies. */
static size_t any_offset(Mutant *m) {
  if (m->size <= OBJ_FIRST_OFFSET || below(m, 20) == 0)
    return below(m, m->size);
  return OBJ_FIRST_OFFSET + below(m, m->size - OBJ_FIRST_OFFSET);
}

static void flip_bit(Mutant *m) {
  m->bytes[any_offset(m)] ^= (uint8_t)(1u << below(m, 8));
}

static void set_byte(Mutant *m) {
  static const uint8_t values[] = {0, 1, 2, 0x7F, 0x80, 0xC0, 0xFE, 0xFF};
  m->bytes[any_offset(m)] = values[below(m, sizeof values)];
}

static void splice_word(Mutant *m) {
  size_t to = any_offset(m) & ~(size_t)3, from = any_offset(m) & ~(size_t)3;
  size_t length = below(m, 2) == 0 ? 4 : 8;
  if (to + length <= m->size && from + length <= m->size)
    memmove(m->bytes + to, m->bytes + from, length);
}

static ObjSection *any_section(Mutant *m) {
  ObjSection *table = (void *)(m->bytes + sizeof(ObjHeader));
  return &table[below(m, OBJ_SECTION_COUNT)];
}

/* Whether an earlier change has left the section inside the file. */
static bool is_usable(const Mutant *m, const ObjSection *section) {
  return section->record > 0 && section->record <= sizeof(ObjFlow) &&
         section->offset <= m->size &&
         section->size <= m->size - section->offset &&
         section->size >= section->record;
}

static uint64_t odd_number(Mutant *m, uint64_t old, const ObjSection *section) {
  switch (below(m, 8)) {
    case 0:
      return 0;
    case 1:
      return old + 1;
    case 2:
      return old - 1;
    case 3:
      return UINT64_MAX;
    case 4:
      return section->size / section->record;
    case 5:
      return UINT64_C(1) << below(m, 64);
    case 6:
      return below(m, 16);
    default:
      return next_random(m);
  }
}

/* Sets a field of 1, 2, 4 or 8 bytes of some record. */
static void set_field(Mutant *m) {
  static const size_t widths[] = {1, 2, 4, 4, 4, 8};
  const ObjSection *section = any_section(m);
  size_t width = widths[below(m, 6)];
  uint64_t value = 0;
  if (!is_usable(m, section) || section->size < width) return;
  size_t at = below(m, (size_t)section->size / width) * width;
  uint8_t *field = m->bytes + section->offset + at;
  memcpy(&value, field, width);
  value = odd_number(m, value, section);
  memcpy(field, &value, width);
}

static uint8_t *any_record(Mutant *m, const ObjSection *section) {
  size_t count = (size_t)(section->size / section->record);
  return m->bytes + section->offset + below(m, count) * section->record;
}

static void exchange_records(Mutant *m) {
  uint8_t kept[sizeof(ObjFlow)];
  const ObjSection *section = any_section(m);
  if (!is_usable(m, section)) return;
  uint8_t *one = any_record(m, section), *two = any_record(m, section);
  memcpy(kept, one, section->record);
  memmove(one, two, section->record);
  memcpy(two, kept, section->record);
}

/* Moves what follows `end` by `by` bytes, a multiple of 8. */
static void move_rest(Mutant *m, size_t end, ptrdiff_t by) {
  ObjSection *table = (void *)(m->bytes + sizeof(ObjHeader));
  memmove(m->bytes + end + by, m->bytes + end, m->size - end);
  for (int i = 0; i < OBJ_SECTION_COUNT; i++)
    if (table[i].offset >= end) table[i].offset += (uint64_t)by;
  m->size += (size_t)by;
}

/* Takes a record out of its section, or doubles it; the rest moves up or down
 * and the section table is put right. */
static void resize_section(Mutant *m) {
  ObjSection *section = any_section(m);
  if (!is_usable(m, section) || section->offset % OBJ_ALIGN != 0) return;
  size_t old_end = (size_t)layout_align(section->offset + section->size);
  bool grows = below(m, 2) == 0;
  uint8_t *record = any_record(m, section);
  uint64_t size =
      grows ? section->size + section->record : section->size - section->record;
  size_t end = (size_t)layout_align(section->offset + size);
  size_t tail = (size_t)(m->bytes + section->offset + section->size - record);
  if (old_end > m->size) return;
  if (grows) {
    move_rest(m, old_end, (ptrdiff_t)(end - old_end));
    memmove(record + section->record, record, tail);
  } else {
    memmove(record, record + section->record, tail - section->record);
    memset(record + tail - section->record, 0, section->record);
    move_rest(m, old_end, (ptrdiff_t)(end - old_end));
  }
  section->size = size;
}

static void cut(Mutant *m) {
  m->size = 1 + below(m, m->size);
}

static void change(Mutant *m) {
  static void (*const changes[])(Mutant *) = {
      flip_bit,       set_byte,  splice_word, set_field, set_field,
      resize_section, flip_bit,  set_field,   set_field, exchange_records,
      set_byte,       set_field, flip_bit,    set_field, set_byte};
  size_t choice = below(m, 40);
  if (m->size < OBJ_FIRST_OFFSET) return;
  if (choice == 0)
    cut(m);
  else
    changes[choice % (sizeof changes / sizeof changes[0])](m);
}

/* ---- mutants ------------------------------------------------------------- */

enum { ROOM = 256 }; /* bytes that a mutant may grow by */

/* The shapes, made once. */
typedef struct Seeds {
  uint8_t *bytes[SHAPE_COUNT];
  size_t sizes[SHAPE_COUNT];
} Seeds;

static Seeds make_seeds(void) {
  Seeds seeds;
  for (Shape shape = 0; shape < SHAPE_COUNT; shape++)
    seeds.bytes[shape] = shape_make(shape, &seeds.sizes[shape]);
  return seeds;
}

static void free_seeds(Seeds *seeds) {
  for (Shape shape = 0; shape < SHAPE_COUNT; shape++)
    mem_free(seeds->bytes[shape]);
}

static Mutant make_mutant(const Seeds *seeds, uint32_t number) {
  Mutant m = {.state = number};
  size_t shape = below(&m, SHAPE_COUNT);
  m.size = seeds->sizes[shape];
  m.bytes = mem_alloc_zero(m.size + ROOM, 1);
  memcpy(m.bytes, seeds->bytes[shape], m.size);
  for (size_t changes = 1 + below(&m, 3); changes > 0; changes--) change(&m);
  if (m.size >= sizeof(ObjHeader)) object_seal(m.bytes, m.size);
  return m;
}

/* Whether nothing but what the sections hold can be wrong with it. */
static bool is_sealed(const uint8_t *bytes, size_t size) {
  const ObjHeader *header = (const void *)bytes;
  uint64_t hash[2];
  if (size < OBJ_FIRST_OFFSET) return false;
  layout_hash(bytes, size, hash);
  return memcmp(header->magic, OBJ_MAGIC, sizeof header->magic) == 0 &&
         header->version == OBJ_VERSION && header->size == size &&
         header->section_count == OBJ_SECTION_COUNT &&
         memcmp(hash, header->hash, sizeof hash) == 0;
}

/* A copy of exactly `size` bytes, so that a sanitizer sees a step too far. */
static uint8_t *prefix_of(const uint8_t *bytes, size_t size) {
  uint8_t *copy = mem_alloc(size);
  memcpy(copy, bytes, size);
  return copy;
}

/* Takes the bytes. */
static void offer(uint8_t *bytes, size_t size, MutantRun *run,
                  MutantCounts *counts) {
  Error error = {0};
  counts->made++;
  counts->sealed += is_sealed(bytes, size);
  Object *object = object_load(bytes, size, &error);
  if (object == NULL) {
    counts->failed += error.message[0] == '\0';
    return;
  }
  counts->accepted++;
  counts->failed += run(object) != 0;
  object_free(object);
}

MutantCounts mutants_run_from(uint32_t first, uint32_t count, MutantRun *run) {
  MutantCounts counts = {0};
  Seeds seeds = make_seeds();
  for (uint32_t i = 0; i < count; i++) {
    Mutant m = make_mutant(&seeds, first + i);
    offer(prefix_of(m.bytes, m.size), m.size, run, &counts);
    mem_free(m.bytes);
  }
  free_seeds(&seeds);
  return counts;
}

MutantCounts mutants_truncate(MutantRun *run) {
  MutantCounts counts = {0};
  size_t size;
  uint8_t *bytes = shape_make(SHAPE_CALLS, &size);
  for (size_t length = 0; length < size; length++) {
    offer(prefix_of(bytes, length), length, run, &counts);
    uint8_t *copy = prefix_of(bytes, length);
    if (length >= sizeof(ObjHeader)) object_seal(copy, length);
    offer(copy, length, run, &counts);
  }
  mem_free(bytes);
  return counts;
}
