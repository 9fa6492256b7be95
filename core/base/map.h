/* SPDX-License-Identifier: MIT
 *
 * A hash map from text to a 32-bit number. Keys are borrowed: they must outlive
 * the map (an arena, the source). Open addressing with linear probing, load at
 * most 1/2. One thread at a time.
 */
#ifndef APXM_CORE_BASE_MAP_H
#define APXM_CORE_BASE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/slice.h"

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

#endif
