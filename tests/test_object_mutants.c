/* SPDX-License-Identifier: MIT
 *
 * Spoilt object files meet the loader: refused with words, or taken and then
 * sound enough to be dumped and counted; never a signal.
 *
 *   test_object_mutants [COUNT [FIRST]]
 *
 * A mutant is made from its number alone: when one of them kills the process,
 * halve the range to find it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/mutants.h"

enum { DEFAULT_COUNT = 20000 };

/* Reads everything that the loader has vouched for. */
static int look_at(const Object *object) {
  ObjStatistics statistics;
  Buf dump = {0};
  object_dump(object, &dump);
  bool sound = slice_valid_utf8(buf_slice(&dump)) == dump.length;
  buf_free(&dump);
  for (uint32_t row = 0; row < object->graph_count; row++) {
    object_graph_statistics(object, row, &statistics);
    sound = sound && statistics.exit_nodes <= statistics.total_nodes &&
            statistics.entry_nodes <= statistics.total_nodes;
  }
  return object_entry_flow(object) < (int)object->flow_count && sound ? 0 : 1;
}

static uint32_t number_argument(int argc, char **argv, int index,
                                uint32_t otherwise) {
  if (index >= argc) return otherwise;
  return (uint32_t)strtoul(argv[index], NULL, 10);
}

int main(int argc, char **argv) {
  uint32_t count = number_argument(argc, argv, 1, DEFAULT_COUNT);
  uint32_t first = number_argument(argc, argv, 2, 0);
  MutantCounts cut = mutants_truncate(look_at);
  MutantCounts all = mutants_run_from(first, count, look_at);
  bool past_hash = (uint64_t)all.sealed * 2 >= all.made;
  bool some_taken = count < 1000 || all.accepted * 50 >= all.made;
  printf("truncations: %u made, %u accepted, %u failed\n", cut.made,
         cut.accepted, cut.failed);
  printf("mutants: %u made, %u past the hash, %u accepted, %u failed\n",
         all.made, all.sealed, all.accepted, all.failed);
  return cut.accepted == 0 && cut.failed == 0 && all.failed == 0 && past_hash &&
                 some_taken
             ? EXIT_SUCCESS
             : EXIT_FAILURE;
}
