/* SPDX-License-Identifier: MIT
 *
 * A libFuzzer target: any bytes, sealed as an object file, are refused or can
 * be dumped and counted. The shapes of object_shapes.h are written into the
 * first corpus folder at the start, so the fuzzer begins with files of today's
 * format; tests/fuzz/load/ holds the one that docs/object-format.md explains.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/object_shapes.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_seed(const char *folder, Shape shape) {
  char path[1024];
  Error error = {0};
  size_t size;
  uint8_t *bytes = shape_make(shape, &size);
  snprintf(path, sizeof path, "%s/%s.apxmobj", folder, shape_name(shape));
  if (file_write(path, slice_from((const char *)bytes, size), &error) !=
      STATUS_OK)
    fprintf(stderr, "fuzz_load: %s\n", error.message);
  mem_free(bytes);
}

/* The first argument that is no option is the corpus folder; a file there is
 * an input to be tried again. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  for (int i = 1; i < *argc; i++) {
    const char *name = (*argv)[i];
    char probe[1024];
    if (name[0] == '-') continue;
    snprintf(probe, sizeof probe, "%s/.", name);
    if (!file_exists(probe)) break;
    for (Shape shape = 0; shape < SHAPE_COUNT; shape++) write_seed(name, shape);
    break;
  }
  return 0;
}

static void look_at(const Object *object) {
  ObjStatistics statistics;
  Buf dump = {0};
  object_dump(object, &dump);
  buf_free(&dump);
  for (uint32_t row = 0; row < object->graph_count; row++)
    object_graph_statistics(object, row, &statistics);
  (void)object_entry_flow(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *bytes = mem_alloc(size);
  if (size > 0) memcpy(bytes, data, size);
  if (size >= sizeof(ObjHeader)) object_seal(bytes, size);
  Object *object = object_load(bytes, size, NULL);
  if (object != NULL) look_at(object);
  object_free(object);
  return 0;
}
