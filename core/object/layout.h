/* SPDX-License-Identifier: MIT
 *
 * What the writer and the loader must agree on beside format.h: the sections'
 * names and record sizes, and the hash. Private to core/object.
 */
#ifndef APXM_CORE_OBJECT_LAYOUT_H
#define APXM_CORE_OBJECT_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "core/object/format.h"

enum { OBJ_SECTION_COUNT = OBJ_SECTION_END - OBJ_STRINGS };

typedef struct SectionInfo {
  const char *text; /* for messages and dumps */
  uint32_t record;  /* bytes a record; 1 for STRINGS */
} SectionInfo;

/* By ObjSectionKind; row 0 is no section. */
extern const SectionInfo section_table[OBJ_SECTION_END];

/* Where the first section begins: header and section table are before it. */
enum {
  OBJ_FIRST_OFFSET =
      (int)(sizeof(ObjHeader) + OBJ_SECTION_COUNT * sizeof(ObjSection))
};

static inline uint64_t layout_align(uint64_t offset) {
  return (offset + (OBJ_ALIGN - 1)) & ~(uint64_t)(OBJ_ALIGN - 1);
}

/* Bytes of a text object that holds `length` bytes of text. */
static inline uint64_t layout_text_size(uint64_t length) {
  return layout_align(sizeof(ObjText) + length + 1);
}

/* The hash of a file of at least sizeof(ObjHeader) bytes. */
void layout_hash(const uint8_t *bytes, size_t size, uint64_t hash[2]);

#endif
