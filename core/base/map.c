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

static void put(Map *map, Slice key, uint64_t hash, uint32_t value) {
  if (map->count >= map->capacity / 2) grow(map);
  MapEntry *entry = probe(map, key, hash);
  if (!entry->used) {
    map->count++;
    *entry = (MapEntry){.key = key, .hash = hash, .used = true};
  }
  entry->value = value;
}

void map_set(Map *map, Slice key, uint32_t value) {
  put(map, key, slice_hash(key), value);
}

/* ---- intern table -------------------------------------------------------- */

void intern_init(Intern *intern, Arena *arena) {
  *intern = (Intern){.arena = arena};
}

void intern_free(Intern *intern) {
  map_free(&intern->map);
  vec_free(&intern->names);
}

uint32_t intern_put(Intern *intern, Slice text) {
  uint64_t hash = slice_hash(text);
  if (intern->map.count > 0) {
    const MapEntry *entry = probe(&intern->map, text, hash);
    if (entry->used) return entry->value;
  }
  uint32_t number = intern->names.length;
  const char *copy = arena_copy(intern->arena, text.data, text.length);
  Slice name = slice_from(copy, text.length);
  vec_push(&intern->names, name);
  put(&intern->map, name, hash, number);
  return number;
}

Slice intern_text(const Intern *intern, uint32_t number) {
  assert(number < intern->names.length);
  return intern->names.data[number];
}
