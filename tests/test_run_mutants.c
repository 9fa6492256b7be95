/* SPDX-License-Identifier: MIT
 *
 * Spoilt object files that the loader takes are run, every flow of them, on
 * two workers: each run comes to rest, whatever it yields, and never a signal.
 * Those that run longer than their share are cancelled, and must come to rest
 * all the same.
 *
 *   test_run_mutants [COUNT [FIRST]]
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/engine/engine.h"
#include "tests/mutants.h"

enum { DEFAULT_COUNT = 20000, SHARE_MS = 200 };

static Engine *engine;
static uint64_t runs, succeeded, cut_short;
static uint64_t refused; /* before they began: of a backend that nobody knows */

/* Tells a run that takes long from one that has ended. */
typedef struct Watchdog {
  Mutex lock; /* guards ended */
  Cond changed;
  bool ended;
} Watchdog;

static void note_end(void *user) {
  Watchdog *dog = user;
  mutex_lock(&dog->lock);
  dog->ended = true;
  cond_signal(&dog->changed);
  mutex_unlock(&dog->lock);
}

static bool ends_in_time(Watchdog *dog) {
  uint64_t deadline = clock_now() + SHARE_MS * NS_PER_MS;
  bool in_time = true;
  mutex_lock(&dog->lock);
  while (!dog->ended && in_time)
    in_time = cond_wait_until(&dog->changed, &dog->lock, deadline);
  in_time = dog->ended;
  mutex_unlock(&dog->lock);
  return in_time;
}

static Value argument(const Object *object, TypeId type, uint32_t depth);

/* Records may be made of themselves: at some depth that ends. */
static Value record_argument(const Object *object, uint32_t row,
                             uint32_t depth) {
  enum { SHOWN_FIELDS = 8 };
  const TypeRecord *record = &object->types.records[row];
  Value entries[2 * SHOWN_FIELDS];
  uint32_t count = record->field_count;
  if (count > SHOWN_FIELDS) count = SHOWN_FIELDS;
  for (uint32_t i = 0; i < count; i++) {
    const TypeField *field = &object->types.fields[record->first_field + i];
    entries[2 * i] = value_text(field->name);
    entries[2 * i + 1] = argument(object, field->type, depth + 1);
  }
  return value_map(entries, count);
}

static Value argument(const Object *object, TypeId type, uint32_t depth) {
  static const char *const texts[TYPE_KIND_COUNT] = {
      "", "a text", "7", "true", "{\"a\": [1, null]}", "[]", ""};
  TypeRow row = object->types.rows[type];
  Value value = VALUE_UNIT;
  Error error = {0};
  if (row.kind == TYPE_KIND_RECORD)
    return depth < 3 ? record_argument(object, row.element, depth) : VALUE_NULL;
  Status status = value_parse(slice_of(texts[row.kind]), object->types, type,
                              &value, &error);
  return status == STATUS_OK ? value : VALUE_UNIT;
}

static void await(Run *run, Watchdog *dog) {
  if (!ends_in_time(dog)) {
    run_cancel(run);
    cut_short++;
  }
  run_wait(run);
  succeeded += run_status(run) == RUN_SUCCESS;
  run_free(run);
}

static void run_flow(const Object *object, uint32_t row) {
  const ObjFlow *flow = &object->flows[row];
  Value *args = mem_alloc_zero(flow->param_count + 1, sizeof *args);
  for (uint32_t i = 0; i < flow->param_count; i++)
    args[i] =
        argument(object, (TypeId)object->params[flow->first_param + i].type, 0);
  Watchdog dog = {0};
  mutex_init(&dog.lock);
  cond_init(&dog.changed);
  Run *run = run_start(engine, object,
                       &(RunOptions){.flow = row,
                                     .args = args,
                                     .keep_output = true,
                                     .finished = note_end,
                                     .user = &dog},
                       &(Error){0});
  runs++;
  if (run == NULL)
    refused++;
  else
    await(run, &dog);
  cond_destroy(&dog.changed);
  mutex_destroy(&dog.lock);
  mem_free(args);
}

static int run_all_flows(const Object *object) {
  for (uint32_t i = 0; i < object->flow_count; i++) run_flow(object, i);
  return 0;
}

static uint32_t number_argument(int argc, char **argv, int index,
                                uint32_t otherwise) {
  if (index >= argc) return otherwise;
  return (uint32_t)strtoul(argv[index], NULL, 10);
}

int main(int argc, char **argv) {
  uint32_t count = number_argument(argc, argv, 1, DEFAULT_COUNT);
  uint32_t first = number_argument(argc, argv, 2, 0);
  Error error = {0};
  engine = engine_new(&(EngineOptions){.workers = 2}, &error);
  if (engine == NULL) {
    fprintf(stderr, "%s\n", error.message);
    return EXIT_FAILURE;
  }
  MutantCounts all = mutants_run_from(first, count, run_all_flows);
  engine_free(engine);
  printf("mutants: %u made, %u past the hash, %u accepted\n", all.made,
         all.sealed, all.accepted);
  printf("runs: %llu, %llu refused, %llu succeeded, %llu cut short\n",
         (unsigned long long)runs, (unsigned long long)refused,
         (unsigned long long)succeeded, (unsigned long long)cut_short);
  bool past_hash = (uint64_t)all.sealed * 2 >= all.made;
  bool some_run = runs > 0 && succeeded > 0;
  return past_hash && some_run ? EXIT_SUCCESS : EXIT_FAILURE;
}
