/* SPDX-License-Identifier: MIT
 *
 * A hash map from text to a 32-bit number, and the intern table built on it.
 * Keys are borrowed: they must outlive the map (an arena, the source). Open
 * addressing with linear probing, load at most 1/2. One thread at a time.
 */
#ifndef APXM_CORE_BASE_MAP_H
#define APXM_CORE_BASE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/slice.h"
#include "core/base/vec.h"

typedef struct MapEntry {
  Slice key;      /* borrowed */
  uint64_t hash;  /* of key */
  uint32_t value; /* the caller's */
  bool used;
} MapEntry;

typedef struct Map {
  MapEntry *entries; /* `capacity` of them, a power of two, or NULL */
  uint32_t capacity;
  uint32_t count;
} Map;

void map_free(Map *map);
bool map_get(const Map *map, Slice key, uint32_t *value);
void map_set(Map *map, Slice key, uint32_t value); /* replaces */

/* Text to small consecutive numbers and back; equal text, equal number. */
typedef struct Intern {
  Map map;
  VEC(Slice) names; /* by number; copies in `arena` */
  Arena *arena;     /* borrowed */
} Intern;

void intern_init(Intern *intern, Arena *arena);
void intern_free(Intern *intern);
uint32_t intern_put(Intern *intern, Slice text);
Slice intern_text(const Intern *intern, uint32_t number);

#endif
