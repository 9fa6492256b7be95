/* SPDX-License-Identifier: MIT
 *
 * The judgement of a run at the edges of its bounds, and the metrics document:
 * its figures, by the names that users rely on.
 */
#include "runtime/metrics/metrics.h"

#include <math.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/unit/unit.h"

/* Eight calls of 100 ms at once, judged at `measured`. */
static WorkSpan eight(uint64_t measured) {
  WorkSpan ws = {.t1_ns = 800 * NS_PER_MS,
                 .t_inf_ns = 100 * NS_PER_MS,
                 .path_nodes = 1,
                 .in_flight_limit = 1024,
                 .in_flight_least = 1024,
                 .peak_demand = 8,
                 .measured_ns = measured,
                 .cpu_ns = 4 * NS_PER_MS,
                 .workers = 2};
  work_span_judge(&ws);
  return ws;
}

CASE(bounds_are_as_defined) {
  (void)state;
  WorkSpan ws = eight(101 * NS_PER_MS);
  assert_int_equal(ws.parallelism_limit, 8);
  assert_int_equal(ws.lower_ns, 100 * NS_PER_MS);
  assert_int_equal(ws.upper_ns, (100 + 100 + 2 + 2) * NS_PER_MS + 50000);
  assert_true(ws.within_bounds);
}

CASE(judgement_turns_at_the_bounds) {
  (void)state;
  uint64_t upper = eight(0).upper_ns;
  assert_true(eight(upper).within_bounds);
  assert_false(eight(upper + 1).within_bounds);
  assert_true(eight(100 * NS_PER_MS - NS_PER_US).within_bounds);
  assert_false(eight(100 * NS_PER_MS - NS_PER_US - 1).within_bounds);
}

CASE(parallelism_is_limited_by_both) {
  (void)state;
  WorkSpan ws = {.t1_ns = 1000,
                 .in_flight_limit = 3,
                 .in_flight_least = 3,
                 .peak_demand = 9};
  work_span_judge(&ws);
  assert_int_equal(ws.parallelism_limit, 3);
  assert_int_equal(ws.lower_ns, 333);
  ws.in_flight_limit = ws.in_flight_least = 12;
  work_span_judge(&ws);
  assert_int_equal(ws.parallelism_limit, 9);
  ws.peak_demand = 0;
  work_span_judge(&ws);
  assert_int_equal(ws.parallelism_limit, 1);
}

/* It began with 8, fell to 2 and rose to 16. */
CASE(a_limit_that_moves_has_two_sides) {
  (void)state;
  WorkSpan ws = {.t1_ns = 800 * NS_PER_MS,
                 .t_inf_ns = 10 * NS_PER_MS,
                 .in_flight_limit = 16,
                 .in_flight_least = 2,
                 .peak_demand = 100,
                 .held_ns = 7 * NS_PER_MS,
                 .measured_ns = 60 * NS_PER_MS,
                 .workers = 1};
  work_span_judge(&ws);
  assert_int_equal(ws.parallelism_limit, 16);
  assert_int_equal(ws.lower_ns, 50 * NS_PER_MS);
  assert_int_equal(ws.upper_ns, (400 + 10 + 7 + 2) * NS_PER_MS);
  assert_true(ws.within_bounds);
}

CASE(run_without_calls_has_a_bound) {
  (void)state;
  WorkSpan ws = {.measured_ns = NS_PER_MS, .workers = 1};
  work_span_judge(&ws);
  assert_int_equal(ws.lower_ns, 0);
  assert_int_equal(ws.upper_ns, LIMIT_BOUND_RUN_NS);
  assert_true(ws.within_bounds);
}

/* ---- the document ------------------------------------------------------- */

static const cJSON *at(const cJSON *root, const char *section,
                       const char *name) {
  const cJSON *object = cJSON_GetObjectItemCaseSensitive(root, section);
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!item) fail_msg("%s.%s is missing", section, name);
  return item;
}

static void expect_number(const cJSON *root, const char *section,
                          const char *name, double wanted) {
  const cJSON *item = at(root, section, name);
  assert_true(cJSON_IsNumber(item));
  if (fabs(item->valuedouble - wanted) > 1e-9 * fmax(1, fabs(wanted)))
    fail_msg("%s.%s is %.12g, not %.12g", section, name, item->valuedouble,
             wanted);
}

static RunMetrics *sample_metrics(void) {
  RunMetrics *m = MEM_NEW(RunMetrics);
  m->status = RUN_SUCCESS;
  m->duration_ns = 101 * NS_PER_MS;
  m->nodes_executed = 10;
  m->nodes_failed = 1;
  m->nodes_skipped = 3;
  m->frames = 2;
  m->stopped_count = 1;
  m->stopped[0] = (StoppedLoop){.label = "Main.main: (while)",
                                .file = SLICE("a.ais"),
                                .line = 7,
                                .column = 5,
                                .steps = 10,
                                .times = 2};
  m->overhead = (OverheadSample){.nodes = 4,
                                 .ready_ns = 400,
                                 .input_ns = 800,
                                 .dispatch_ns = 1200,
                                 .route_ns = 1600,
                                 .body_ns = 40000};
  m->steal_ns = 5000;
  m->idle_ns = 190 * NS_PER_MS;
  m->max_parallelism = 8;
  for (int i = 0; i < 8; i++) histogram_add(&m->latency, 100 * NS_PER_MS);
  m->requests = 8;
  m->requests_failed = 1;
  m->attempts = 11;
  m->retry_wait_ns = 1500 * NS_PER_MS;
  for (int i = 0; i < 7; i++) histogram_add(&m->first_token, 40 * NS_PER_MS);
  m->input_tokens = 80;
  m->output_tokens = 400;
  m->tokens_estimated = true;
  m->work_span = eight(101 * NS_PER_MS);
  m->work_span.held_ns = 3 * NS_PER_MS;
  m->work_span.burden_ns = 30000;
  m->work_span.path_kept = 1;
  m->work_span.path[0] = (PathStep){.label = "Main.main: a (ask)",
                                    .line = 3,
                                    .column = 5,
                                    .service_ns = 100 * NS_PER_MS,
                                    .burden_ns = 30000};
  return m;
}

static const MetricsHead sample_head = {.input = "a.ais",
                                        .optimization = 1,
                                        .backend = "sim",
                                        .backend_detail = "fixed:100",
                                        .retry_seed = 77,
                                        .compile_ns = 2 * NS_PER_MS,
                                        .artifact_ns = NS_PER_MS,
                                        .validation_ns = 500000,
                                        .runtime_ns = 102 * NS_PER_MS};

static void check_scheduler(const cJSON *root) {
  const cJSON *parts = at(root, "scheduler", "overhead_breakdown");
  static const struct {
    const char *name;
    double us;
  } wanted[] = {{"ready_set_update_us", 0.1},
                {"work_stealing_us", 0.5},
                {"input_collection_us", 0.2},
                {"operation_dispatch_us", 0.3},
                {"token_routing_us", 0.4}};
  for (size_t i = 0; i < 5; i++) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(parts, wanted[i].name);
    assert_true(fabs(item->valuedouble - wanted[i].us) < 1e-12);
  }
  expect_number(root, "scheduler", "per_op_overhead_us", 1.5);
  expect_number(root, "scheduler", "body_us", 10);
  expect_number(root, "scheduler", "idle_us", 190000);
  expect_number(root, "scheduler", "max_parallelism", 8);
  expect_number(root, "scheduler", "avg_parallelism", 800.0 / 101);
  expect_number(root, "scheduler", "operations_executed", 10);
  expect_number(root, "scheduler", "operations_failed", 1);
}

static void check_llm(const cJSON *root) {
  expect_number(root, "llm", "total_requests", 8);
  expect_number(root, "llm", "failed_requests", 1);
  expect_number(root, "llm", "total_input_tokens", 80);
  expect_number(root, "llm", "total_output_tokens", 400);
  expect_number(root, "llm", "avg_latency_ms", 100);
  expect_number(root, "llm", "p50_latency_ms", 100);
  expect_number(root, "llm", "p90_latency_ms", 100);
  expect_number(root, "llm", "p99_latency_ms", 100);
  assert_true(cJSON_IsTrue(at(root, "llm", "tokens_estimated")));
  expect_number(root, "llm", "attempts", 11);
  expect_number(root, "llm", "retries", 3);
  expect_number(root, "llm", "retry_wait_ms", 1500);
  expect_number(root, "llm", "retry_seed", 77);
  const cJSON *first = at(root, "llm", "ttft_ms");
  assert_true(cJSON_GetObjectItem(first, "p50")->valuedouble == 40);
  assert_true(cJSON_GetObjectItem(first, "p99")->valuedouble == 40);
  assert_true(cJSON_IsNull(at(root, "llm", "tpot_ms")));
}

static void check_work_span(const cJSON *root) {
  expect_number(root, "work_span", "t1_ms", 800);
  expect_number(root, "work_span", "t_inf_ms", 100);
  expect_number(root, "work_span", "burden_ms", 0.03);
  expect_number(root, "work_span", "parallelism", 8);
  expect_number(root, "work_span", "in_flight_limit", 1024);
  expect_number(root, "work_span", "in_flight_least", 1024);
  expect_number(root, "work_span", "held_ms", 3);
  expect_number(root, "work_span", "lower_bound_ms", 100);
  expect_number(root, "work_span", "upper_bound_ms", 204.05);
  expect_number(root, "work_span", "measured_ms", 101);
  expect_number(root, "work_span", "speedup", 800.0 / 101);
  expect_number(root, "work_span", "efficiency", 100.0 / 101);
  expect_number(root, "work_span", "utilization", 100.0 / 101);
  assert_true(cJSON_IsTrue(at(root, "work_span", "within_bounds")));
  const cJSON *path = at(root, "work_span", "critical_path");
  assert_int_equal(cJSON_GetArraySize(path), 1);
  const cJSON *step = cJSON_GetArrayItem(path, 0);
  assert_string_equal(cJSON_GetObjectItem(step, "node")->valuestring,
                      "Main.main: a (ask)");
}

static void check_warnings(const cJSON *root) {
  const cJSON *list = cJSON_GetObjectItem(root, "warnings");
  assert_int_equal(cJSON_GetArraySize(list), 1);
  const cJSON *item = cJSON_GetArrayItem(list, 0);
  assert_string_equal(cJSON_GetObjectItem(item, "kind")->valuestring,
                      "stopped_while");
  assert_string_equal(cJSON_GetObjectItem(item, "node")->valuestring,
                      "Main.main: (while)");
  assert_string_equal(cJSON_GetObjectItem(item, "file")->valuestring, "a.ais");
  assert_true(cJSON_GetObjectItem(item, "line")->valuedouble == 7);
  assert_true(cJSON_GetObjectItem(item, "steps")->valuedouble == 10);
  assert_true(cJSON_GetObjectItem(item, "times")->valuedouble == 2);
}

CASE(document_has_the_figures) {
  (void)state;
  RunMetrics *metrics = sample_metrics();
  cJSON *root = metrics_json(metrics, &sample_head);
  assert_string_equal(cJSON_GetObjectItem(root, "input")->valuestring, "a.ais");
  assert_string_equal(
      cJSON_GetObjectItem(root, "optimization_level")->valuestring, "O1");
  assert_string_equal(cJSON_GetObjectItem(root, "backend")->valuestring, "sim");
  assert_string_equal(at(root, "execution", "status")->valuestring, "success");
  expect_number(root, "execution", "duration_ms", 101);
  expect_number(root, "execution", "nodes_executed", 10);
  expect_number(root, "execution", "nodes_failed", 1);
  expect_number(root, "execution", "nodes_skipped", 3);
  check_warnings(root);
  check_scheduler(root);
  check_llm(root);
  check_work_span(root);
  expect_number(root, "link_phases", "compile_ms", 2);
  expect_number(root, "link_phases", "artifact_ms", 1);
  expect_number(root, "link_phases", "validation_ms", 0.5);
  expect_number(root, "link_phases", "runtime_ms", 102);
  cJSON_Delete(root);
  metrics_free(metrics);
  mem_free(metrics);
}

CASE(figures_that_do_not_exist_are_null) {
  (void)state;
  RunMetrics *metrics = MEM_NEW(RunMetrics);
  metrics->status = RUN_CANCELLED;
  work_span_judge(&metrics->work_span);
  cJSON *root = metrics_json(metrics, &(MetricsHead){.input = "a.ais"});
  assert_true(cJSON_IsNull(at(root, "work_span", "parallelism")));
  assert_true(cJSON_IsNull(at(root, "work_span", "speedup")));
  assert_true(cJSON_IsNull(at(root, "work_span", "efficiency")));
  assert_true(cJSON_IsNull(cJSON_GetObjectItem(root, "backend_detail")));
  assert_string_equal(at(root, "execution", "status")->valuestring,
                      "cancelled");
  expect_number(root, "scheduler", "per_op_overhead_us", 0);
  expect_number(root, "llm", "p99_latency_ms", 0);
  assert_true(cJSON_IsNull(at(root, "llm", "ttft_ms")));
  assert_true(cJSON_IsNull(at(root, "llm", "retry_seed")));
  char *text = cJSON_PrintUnformatted(root);
  assert_null(strstr(text, "nan"));
  assert_null(strstr(text, "inf,"));
  cJSON_free(text);
  cJSON_Delete(root);
  metrics_free(metrics);
  mem_free(metrics);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(bounds_are_as_defined),
      cmocka_unit_test(a_limit_that_moves_has_two_sides),
      cmocka_unit_test(judgement_turns_at_the_bounds),
      cmocka_unit_test(parallelism_is_limited_by_both),
      cmocka_unit_test(run_without_calls_has_a_bound),
      cmocka_unit_test(document_has_the_figures),
      cmocka_unit_test(figures_that_do_not_exist_are_null),
  };
  return RUN(cases);
}
