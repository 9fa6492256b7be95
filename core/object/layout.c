/* SPDX-License-Identifier: MIT
 *
 * The table of sections, the magic and the seal. Files are little-endian and
 * used in place, so this program is for little-endian machines.
 */
#include "core/object/layout.h"

#include <string.h>
#include <xxhash.h>

#include "core/object/object.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "used in place");

const SectionInfo section_table[OBJ_SECTION_END] = {
    [OBJ_STRINGS] = {"strings", 1},
    [OBJ_CONSTS] = {"consts", sizeof(ObjConst)},
    [OBJ_TYPES] = {"types", sizeof(TypeRow)},
    [OBJ_RECORDS] = {"records", sizeof(ObjRecord)},
    [OBJ_FIELDS] = {"fields", sizeof(ObjField)},
    [OBJ_PLACES] = {"places", sizeof(ObjPlace)},
    [OBJ_FLOWS] = {"flows", sizeof(ObjFlow)},
    [OBJ_PARAMS] = {"params", sizeof(ObjParam)},
    [OBJ_GRAPHS] = {"graphs", sizeof(ObjGraph)},
    [OBJ_NODES] = {"nodes", sizeof(ObjNode)},
    [OBJ_KEYS] = {"keys", sizeof(uint64_t)},
    [OBJ_INPUTS] = {"inputs", sizeof(ObjRef)},
    [OBJ_ATTRS] = {"attrs", sizeof(ObjAttr)},
    [OBJ_ARMS] = {"arms", sizeof(ObjArm)},
    [OBJ_META] = {"meta", sizeof(ObjMeta)},
};

bool object_has_magic(Slice bytes) {
  return slice_starts_with(bytes, SLICE(OBJ_MAGIC));
}

void layout_hash(const uint8_t *bytes, size_t size, uint64_t hash[2]) {
  XXH128_hash_t h =
      XXH3_128bits(bytes + OBJ_HASHED_FROM, size - OBJ_HASHED_FROM);
  hash[0] = h.low64;
  hash[1] = h.high64;
}

void object_seal(uint8_t *bytes, size_t size) {
  uint64_t hash[2], total = size;
  layout_hash(bytes, size, hash);
  memcpy(bytes + offsetof(ObjHeader, size), &total, sizeof total);
  memcpy(bytes + offsetof(ObjHeader, hash), hash, sizeof hash);
}
