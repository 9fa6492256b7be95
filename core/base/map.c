/* SPDX-License-Identifier: MIT
 *
 * The hash map and the intern table. An entry lies in the first free place at
 * or after hash % capacity; nothing is ever removed, so a probe ends at the
 * first free place. At least half of the places are free.
 */
#include "core/base/map.h"

#include <assert.h>

#include "core/base/mem.h"

enum { FIRST_CAPACITY = 16 }; /* places, a power of two */

void map_free(Map *map) {
  mem_free(map->entries);
  *map = (Map){0};
}

/* The place of `key`, or the free place where it belongs. */
static MapEntry *probe(const Map *map, Slice key, uint64_t hash) {
  uint32_t mask = map->capacity - 1;
  uint32_t at = (uint32_t)hash & mask;
  while (map->entries[at].used) {
    MapEntry *entry = &map->entries[at];
    if (entry->hash == hash && slice_equal(entry->key, key)) return entry;
    at = (at + 1) & mask;
  }
  return &map->entries[at];
}

static void grow(Map *map) {
  assert(map->capacity <= UINT32_MAX / 4);
  Map bigger = {.capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY,
                .count = map->count};
  bigger.entries = mem_alloc_zero(bigger.capacity, sizeof(MapEntry));
  for (uint32_t i = 0; i < map->capacity; i++) {
    const MapEntry *entry = &map->entries[i];
    if (entry->used) *probe(&bigger, entry->key, entry->hash) = *entry;
  }
  mem_free(map->entries);
  *map = bigger;
}

bool map_get(const Map *map, Slice key, uint32_t *value) {
  if (map->count == 0) return false;
  const MapEntry *entry = probe(map, key, slice_hash(key));
  if (entry->used) *value = entry->value;
  return entry->used;
}

void map_set(Map *map, Slice key, uint32_t value) {
  uint64_t hash = slice_hash(key);
  if (map->count >= map->capacity / 2) grow(map);
  MapEntry *entry = probe(map, key, hash);
  if (!entry->used) {
    map->count++;
    *entry = (MapEntry){.key = key, .hash = hash, .used = true};
  }
  entry->value = value;
}
