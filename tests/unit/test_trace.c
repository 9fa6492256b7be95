/* SPDX-License-Identifier: MIT
 *
 * The recorder of traces by itself: lanes that several threads fill at once,
 * the bound, and the events that known records become. What real runs record
 * is tests/trace_test.py's.
 */
#include "runtime/metrics/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "core/object/build.h"
#include "runtime/metrics/trace_lanes.h"
#include "tests/unit/unit.h"

enum { THREADS = 4, EACH = 5000, ASK = 0 };

static char path[] = "/tmp/apxm-trace-XXXXXX";

/* A.main with the node 0, `say "hi" (ask)`, in line 7, column 3. */
static Object *one_ask(void) {
  Builder *b = build_new(SLICE("t.ais"), 1);
  ObjAttr name = {ATTR_NAME, build_text(b, SLICE("say \"hi\""))};
  ObjRef prompt = OBJ_REF_CONST | build_text(b, SLICE("secret"));
  build_begin_graph(b, &(BuildGraph){.name = SLICE("A.main")});
  ObjRef ask = build_node(
      b, &(BuildNode){.op = OP_ASK,
                      .type = TYPE_TEXT,
                      .inputs = &prompt,
                      .input_count = 1,
                      .attrs = &name,
                      .attr_count = 1,
                      .place = build_place(b, SLICE("t.ais"), 7, 3, 1)});
  ask |= OBJ_REF_ORDER;
  build_node(
      b,
      &(BuildNode){
          .op = OP_END, .type = TYPE_VOID, .inputs = &ask, .input_count = 1});
  build_end_graph(b);
  build_flow(b, &(BuildFlow){.agent = SLICE("A"),
                             .name = SLICE("main"),
                             .result = TYPE_VOID,
                             .entry = true});
  Buf bytes = {0};
  Error error = {0};
  if (build_finish(b, &bytes, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  build_free(b);
  size_t size = bytes.length;
  Object *object = object_load((uint8_t *)buf_take(&bytes), size, &error);
  if (object == NULL) fail_msg("%s", error.message);
  return object;
}

/* The file of one trace, as text; every line between the brackets is an
 * event. */
static char *written(const Trace *trace) {
  TraceFile file;
  Buf text = {0};
  Error error = {0};
  Object *object = one_ask();
  trace_file_open(&file, path);
  trace_file_add(&file, trace,
                 &(TraceHead){.object = object, "A.main of t.ais", "success"});
  if (trace_file_close(&file, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  if (file_read(path, 1 << 30, &text, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  cJSON *document = json_parse(buf_slice(&text), &error);
  if (document == NULL) fail_msg("%s", error.message);
  cJSON_Delete(document);
  object_free(object);
  return buf_take(&text);
}

/* By strchr, since the address sanitizer makes strstr look at all that is left
 * of the text each time. */
static uint32_t count_of(const char *text, const char *what) {
  uint32_t count = 0;
  size_t length = strlen(what);
  for (; (text = strchr(text, what[0])) != NULL; text++)
    count += strncmp(text, what, length) == 0;
  return count;
}

static void expect_line(const char *text, const char *line) {
  if (strstr(text, line) == NULL) fail_msg("no %s in\n%s", line, text);
}

/* ---- lanes --------------------------------------------------------------- */

typedef struct Filler {
  Trace *trace;
  uint32_t lane;
} Filler;

static void fill(void *data) {
  const Filler *filler = data;
  Trace *trace = filler->trace;
  for (uint32_t i = 0; i < EACH; i++) {
    TraceFrame frame = {.frame = trace_new_frame(trace), .begin = i, .end = i};
    TraceSpot spot = {.frame = frame.frame, .node = ASK};
    trace_node(trace, filler->lane, TRACE_FIRED, spot, i, i + 1);
    trace_frame(trace, filler->lane, &frame);
  }
}

CASE(lanes_are_filled_at_once) {
  (void)state;
  Trace *trace = trace_new(THREADS - 1);
  Filler fillers[THREADS];
  Thread *threads[THREADS];
  assert_int_equal(trace_io_lane(trace), THREADS - 1);
  trace_begin(trace, 1, 0);
  for (uint32_t i = 0; i < THREADS; i++) {
    fillers[i] = (Filler){trace, i};
    assert_int_equal(thread_start(&threads[i], "fill", fill, &fillers[i], NULL),
                     STATUS_OK);
  }
  for (uint32_t i = 0; i < THREADS; i++) thread_join(threads[i]);
  char *text = written(trace);
  assert_int_equal(trace_dropped(trace), 0);
  assert_int_equal(count_of(text, "\"ph\":\"X\""), THREADS * EACH);
  assert_int_equal(count_of(text, "\"ph\":\"b\""), THREADS * EACH);
  assert_int_equal(count_of(text, "\"ph\":\"e\""), THREADS * EACH);
  assert_int_equal(count_of(text, "\"tid\":2,\"ts\":1.234,\"dur\":0.001"), 1);
  assert_int_equal(trace_new_frame(trace), THREADS * EACH + 1);
  mem_free(text);
  trace_free(trace);
}

CASE(what_finds_no_room_is_counted) {
  (void)state;
  enum { MORE = LIMIT_TRACE_EVENTS + 3 * CHUNK_EVENTS };
  Trace *trace = trace_new(1);
  TraceCall call = {.spot = {.frame = 1}};
  for (uint32_t i = 0; i < MORE; i++)
    trace_node(trace, 0, TRACE_FIRED, (TraceSpot){.frame = 1}, i, i);
  assert_int_equal(trace_dropped(trace), MORE - LIMIT_TRACE_EVENTS);
  trace_call(trace, 1, &call);
  assert_int_equal(trace_dropped(trace),
                   MORE - LIMIT_TRACE_EVENTS + CALL_EVENTS);
  trace_free(trace);
}

/* ---- events -------------------------------------------------------------- */

CASE(nodes_become_events_of_their_lane) {
  (void)state;
  Trace *trace = trace_new(2);
  TraceSpot spot = {.frame = 9, .node = ASK};
  trace_begin(trace, 3, 1000);
  trace_node(trace, 1, TRACE_FIRED, spot, 3500, 1003501);
  trace_node(trace, 2, TRACE_REPLY, spot, 2000, 2000);
  char *text = written(trace);
#define ARGS                                                      \
  "\"name\":\"say \\\"hi\\\"\",\"args\":{\"frame\":9,\"node\":0," \
  "\"flow\":\"A.main\",\"op\":\"ask\",\"source\":\"t.ais:7:3\"}}"
  expect_line(text,
              "{\"ph\":\"X\",\"pid\":3,\"tid\":1,\"ts\":2.500,"
              "\"dur\":1000.001,\"cat\":\"node\"," ARGS);
  expect_line(text,
              "{\"ph\":\"i\",\"pid\":3,\"tid\":2,\"ts\":1.000,"
              "\"s\":\"t\",\"cat\":\"reply\"," ARGS);
  expect_line(text,
              "\"name\":\"thread_name\",\"args\":{\"name\":\"worker 1\"}");
  expect_line(text,
              "\"tid\":2,\"name\":\"thread_name\","
              "\"args\":{\"name\":\"I/O\"}");
  expect_line(text,
              "\"name\":\"process_name\","
              "\"args\":{\"name\":\"A.main of t.ais\"}");
  assert_null(strstr(text, "secret"));
  mem_free(text);
  trace_free(trace);
}

/* The phases of `call`, as "queue 0.000 1.000, wait ...". */
static char *phases_of(const TraceCall *call) {
  Trace *trace = trace_new(1);
  trace_begin(trace, 1, 0);
  trace_call(trace, 0, call);
  char *text = written(trace);
  Buf phases = {0};
  cJSON *document = cJSON_Parse(text), *event;
  double begin = 0;
  cJSON_ArrayForEach(event, cJSON_GetObjectItem(document, "traceEvents")) {
    const char *phase = cJSON_GetObjectItem(event, "ph")->valuestring;
    const char *name = cJSON_GetObjectItem(event, "name")->valuestring;
    const cJSON *at = cJSON_GetObjectItem(event, "ts");
    if (strcmp(phase, "b") == 0) begin = at->valuedouble;
    if (strcmp(phase, "e") == 0)
      buf_addf(&phases, "%s %.0f-%.0f ", name, begin, at->valuedouble);
  }
  cJSON_Delete(document);
  mem_free(text);
  trace_free(trace);
  return buf_take(&phases);
}

static void expect_phases(TraceCall call, const char *expected) {
  call.spot.node = ASK;
  char *phases = phases_of(&call);
  /* The names of the call and of the node close last, in one go. */
  assert_memory_equal(phases, expected, strlen(expected));
  assert_string_equal(strstr(phases, "say"), strstr(expected, "say"));
  mem_free(phases);
}

CASE(calls_have_phases_without_gaps) {
  (void)state;
  expect_phases((TraceCall){.queued_at = 1000,
                            .dispatched_at = 2000,
                            .connected_at = 3000,
                            .first_byte_at = 5000,
                            .completed_at = 9000},
                "queue 1-2 connect 2-3 wait 3-5 receive 5-9 "
                "say \"hi\" 5-9 ask 5-9 ");
  expect_phases(
      (TraceCall){
          .queued_at = 1000, .dispatched_at = 2000, .completed_at = 9000},
      "queue 1-2 wait 2-9 say \"hi\" 2-9 ask 2-9 ");
  expect_phases((TraceCall){.queued_at = 1000, .completed_at = 4000},
                "queue 1-4 say \"hi\" 1-4 ask 1-4 ");
}

CASE(strange_time_stamps_are_put_in_order) {
  (void)state;
  expect_phases((TraceCall){.queued_at = 5000,
                            .dispatched_at = 6000,
                            .connected_at = 1000,
                            .first_byte_at = 99000,
                            .completed_at = 9000},
                "queue 5-6 connect 6-6 wait 6-9 receive 9-9 "
                "say \"hi\" 9-9 ask 9-9 ");
  expect_phases((TraceCall){.queued_at = 5000, .completed_at = 0},
                "queue 5-5 say \"hi\" 5-5 ask 5-5 ");
}

CASE(failure_to_write_is_told) {
  (void)state;
  TraceFile file;
  Error error = {0};
  trace_file_open(&file, "/tmp/no/such/folder/trace.json");
  assert_int_equal(trace_file_close(&file, &error), STATUS_NOT_FOUND);
  assert_non_null(strstr(error.message, "/tmp/no/such/folder/trace.json"));
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(lanes_are_filled_at_once),
      cmocka_unit_test(what_finds_no_room_is_counted),
      cmocka_unit_test(nodes_become_events_of_their_lane),
      cmocka_unit_test(calls_have_phases_without_gaps),
      cmocka_unit_test(strange_time_stamps_are_put_in_order),
      cmocka_unit_test(failure_to_write_is_told),
  };
  int fd = mkstemp(path);
  if (fd < 0) return 1;
  close(fd);
  int failed = RUN(cases);
  unlink(path);
  return failed;
}
