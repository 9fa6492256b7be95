/* SPDX-License-Identifier: MIT
 *
 * Documents are cJSON trees so that a name is written once, here or in
 * metrics.c. What a value or a print line holds is added as ready text: it may
 * be large, and only value.c knows how it reads.
 */
#include "lib/report.h"

#include "core/base/json.h"
#include "lib/report_failure.h"

/* ---- results ------------------------------------------------------------- */

/* Void, or skipped by a guard. */
static bool is_nothing(Value value) {
  return value == VALUE_UNIT || value == VALUE_ABSENT;
}

bool report_result_text(const Session *session, Buf *out) {
  Value value = run_result(session->run);
  if (is_nothing(value)) return false;
  if (value_kind(value) == VALUE_KIND_TEXT)
    buf_add_slice(out, value_to_slice(value));
  else
    value_add_json(value, out);
  return true;
}

void report_result_json(const Session *session, Buf *out) {
  Value value = run_result(session->run);
  if (is_nothing(value))
    buf_add_text(out, "null");
  else
    value_add_json(value, out);
}

static MetricsHead head_of(const Program *program, const ModelBackend *backend,
                           uint64_t runtime_ns) {
  MetricsHead head = {.input = program->name,
                      .optimization = program->optimization,
                      .validation_ns = program->validation_ns,
                      .runtime_ns = runtime_ns};
  if (backend) {
    head.backend = model_backend_name(backend);
    head.provider = model_backend_provider(backend);
    head.backend_detail = model_backend_detail(backend);
    head.model = model_backend_model(backend);
    head.retry_seed = model_backend_retry_seed(backend);
  }
  if (program->is_source) {
    const CompilePhases *phases = &program->compile.phases;
    head.artifact_ns = phases->artifact;
    head.compile_ns = phases->total - phases->artifact;
  }
  return head;
}

cJSON *report_metrics(const Session *session) {
  MetricsHead head =
      head_of(session->program, run_backend(session->run), session->runtime_ns);
  return metrics_json(run_metrics(session->run), &head);
}

cJSON *report_batch(const Program *program, const ModelBackend *backend,
                    const RunMetrics *sum, const BatchMetrics *batch) {
  MetricsHead head = head_of(program, backend, sum->duration_ns);
  return metrics_batch_json(sum, &head, batch);
}

void report_add_document(const cJSON *document, bool pretty, Buf *out) {
  char *text =
      pretty ? cJSON_Print(document) : cJSON_PrintUnformatted(document);
  if (text) buf_add_text(out, text);
  buf_add_char(out, '\n');
  cJSON_free(text);
}

/* One element a print: its text without the newline that ended it. */
static void add_output(const Session *session, Buf *out) {
  const Slice *lines = NULL;
  uint32_t count = run_output_lines(session->run, &lines);
  buf_add_char(out, '[');
  for (uint32_t i = 0; i < count; i++) {
    Slice line = lines[i];
    if (line.length > 0 && line.data[line.length - 1] == '\n') line.length--;
    if (i > 0) buf_add_char(out, ',');
    json_add_text(out, line);
  }
  buf_add_char(out, ']');
}

/* ---- what a run that did not succeed had -------------------------------- */

static uint32_t partial_of(const Session *session, const RunReply **replies,
                           uint64_t *dropped) {
  *dropped = 0;
  if (session_status(session) == RUN_SUCCESS) return 0;
  return run_partial(session->run, replies, dropped);
}

void report_partial_text(const Session *session, Buf *out) {
  const RunReply *replies = NULL;
  uint64_t dropped;
  uint32_t count = partial_of(session, &replies, &dropped);
  if (dropped > 0)
    buf_addf(out, "--- the first %llu replies were not kept ---\n",
             (unsigned long long)dropped);
  for (uint32_t i = 0; i < count; i++) {
    RunPlace place;
    Slice text = value_to_slice(replies[i].text);
    run_place(session->run, replies[i].graph, replies[i].node, &place);
    buf_addf(out, "--- reply %llu, %s", (unsigned long long)(dropped + i + 1),
             place.label);
    if (place.line > 0)
      buf_addf(out, ", %.*s:%u:%u", SLICE_ARG(place.file), place.line,
               place.column);
    buf_add_text(out, " ---\n");
    buf_add_slice(out, text);
    if (text.length == 0 || text.data[text.length - 1] != '\n')
      buf_add_char(out, '\n');
  }
}

static void add_reply(const Session *session, const RunReply *reply, Buf *out) {
  RunPlace place;
  uint64_t from = session->started_at;
  run_place(session->run, reply->graph, reply->node, &place);
  buf_add_text(out, "{\"node\":");
  json_add_text(out, slice_of(place.label));
  buf_add_text(out, ",\"file\":");
  json_add_text(out, place.file);
  buf_addf(
      out, ",\"line\":%u,\"column\":%u,\"at_ms\":%.3f,\"text\":", place.line,
      place.column, (double)(reply->at > from ? reply->at - from : 0) / 1e6);
  json_add_text(out, value_to_slice(reply->text));
  buf_add_char(out, '}');
}

static void add_partial(const Session *session, Buf *out) {
  const RunReply *replies = NULL;
  uint64_t dropped;
  uint32_t count = partial_of(session, &replies, &dropped);
  if (count == 0) return;
  buf_addf(out, ",\"partial_dropped\":%llu,\"partial\":[",
           (unsigned long long)dropped);
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0) buf_add_char(out, ',');
    add_reply(session, &replies[i], out);
  }
  buf_add_char(out, ']');
}

void report_run_json(const Session *session, Buf *out) {
  const char *error = run_error(session->run);
  buf_addf(out, "{\"status\":\"%s\",\"result\":",
           run_status_text(session_status(session)));
  report_result_json(session, out);
  if (error[0]) {
    buf_add_text(out, ",\"error\":");
    json_add_text(out, slice_of(error));
  }
  cJSON *failure = report_failure_json(session);
  if (failure) {
    buf_add_text(out, ",\"failure\":");
    report_add_document(failure, false, out);
    out->length--; /* its newline */
    cJSON_Delete(failure);
  }
  add_partial(session, out);
  buf_add_text(out, ",\"output\":");
  add_output(session, out);
  buf_add_text(out, ",\"metrics\":");
  cJSON *metrics = report_metrics(session);
  report_add_document(metrics, false, out);
  cJSON_Delete(metrics);
  out->data[out->length - 1] = '}';
  buf_add_char(out, '\n');
}

void report_add_trace(const Session *session, const Trace *trace,
                      TraceFile *file) {
  const Program *program = session->program;
  const Object *object = program->object;
  const ObjFlow *flow = &object->flows[session->flow];
  Buf title = {0};
  buf_add_slice(&title, object_text(object, object->graphs[flow->graph].name));
  buf_addf(&title, " of %s", program->name);
  TraceHead head = {.object = object,
                    .title = title.data,
                    .status = run_status_text(session_status(session))};
  trace_file_add(file, trace, &head);
  buf_free(&title);
}

/* ---- diagnostics --------------------------------------------------------- */

static void add_ms(cJSON *object, const char *name, uint64_t ns) {
  cJSON_AddNumberToObject(object, name, (double)ns / 1e6);
}

static void add_phases(cJSON *document, const CompilePhases *phases) {
  cJSON *object = cJSON_AddObjectToObject(document, "compilation_phases");
  add_ms(object, "total_ms", phases->total);
  add_ms(object, "artifact_gen_ms", phases->artifact);
  add_ms(object, "lex_parse_ms", phases->lex_parse);
  add_ms(object, "check_ms", phases->check);
  add_ms(object, "build_ms", phases->build);
  add_ms(object, "passes_ms", phases->passes);
}

static void add_counts(cJSON *to, const Object *object, uint32_t flow) {
  ObjStatistics counts;
  object_graph_statistics(object, object->flows[flow].graph, &counts);
  cJSON_AddNumberToObject(to, "total_nodes", counts.total_nodes);
  cJSON_AddNumberToObject(to, "entry_nodes", counts.entry_nodes);
  cJSON_AddNumberToObject(to, "exit_nodes", counts.exit_nodes);
  cJSON_AddNumberToObject(to, "total_edges", counts.total_edges);
}

static void add_flow(cJSON *list, const Object *object, uint32_t flow) {
  cJSON *item = cJSON_CreateObject();
  const ObjGraph *graph = &object->graphs[object->flows[flow].graph];
  Buf name = {0};
  buf_add_slice(&name, object_text(object, graph->name));
  cJSON_AddStringToObject(item, "flow", name.data ? name.data : "");
  buf_free(&name);
  add_counts(item, object, flow);
  cJSON_AddItemToArray(list, item);
}

/* Null where there is no graph to count: the program does not compile, or has
 * no single entry. */
static void add_statistics(cJSON *document, const Object *object) {
  int entry = object ? object_entry_flow(object) : -1;
  if (entry < 0)
    cJSON_AddNullToObject(document, "dag_statistics");
  else
    add_counts(cJSON_AddObjectToObject(document, "dag_statistics"), object,
               (uint32_t)entry);
  cJSON *list = cJSON_AddArrayToObject(document, "per_flow");
  for (uint32_t i = 0; object && i < object->flow_count; i++)
    add_flow(list, object, i);
}

/* The messages come as one object a line; a list of them needs commas only. */
static void add_messages(cJSON *document, const DiagSink *sink) {
  Buf lines = {0}, list = {0};
  diag_render_json(sink, &lines);
  buf_add_char(&list, '[');
  for (size_t i = 0; i < lines.length; i++) {
    bool last = i + 1 == lines.length;
    if (lines.data[i] != '\n')
      buf_add_char(&list, lines.data[i]);
    else if (!last)
      buf_add_char(&list, ',');
  }
  buf_add_char(&list, ']');
  cJSON_AddRawToObject(document, "diagnostics", list.data);
  buf_free(&list);
  buf_free(&lines);
}

cJSON *report_diagnostics(const Program *program) {
  const CompileResult *result = &program->compile;
  cJSON *document = cJSON_CreateObject();
  char level[] = {'O', (char)('0' + program->optimization), '\0'};
  cJSON_AddStringToObject(document, "input", program->name);
  cJSON_AddStringToObject(document, "optimization_level", level);
  add_phases(document, &result->phases);
  add_statistics(document, program->object);
  cJSON *passes = cJSON_AddArrayToObject(document, "passes_applied");
  for (uint32_t i = 0; i < result->pass_count; i++)
    cJSON_AddItemToArray(passes, cJSON_CreateString(result->passes[i]));
  add_messages(document, &result->diags);
  return document;
}
