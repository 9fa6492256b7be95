/* SPDX-License-Identifier: MIT
 *
 * A recorded run as Chrome trace events ("Trace Event Format", the JSON object
 * form), which Perfetto opens. A run is a process, a lane a thread of it; what
 * a worker did is a complete event (X) of its lane; what takes its time beside
 * the lanes, frames and calls, is an async event (b, e) with an id of its own.
 * Each event goes to the file as soon as it is put together, so the file may
 * be larger than memory.
 */
#include "core/base/json.h"
#include "runtime/metrics/trace_lanes.h"

/* Where the writing of a run stands. */
typedef struct Scribe {
  TraceFile *file;
  const Trace *trace;
  const Object *object;
  uint32_t lane;
  uint64_t id;    /* of the async event that is open */
  uint64_t calls; /* written so far, for their ids */
} Scribe;

/* ---- one event ----------------------------------------------------------- */

static void add_unsigned(Buf *line, uint64_t value) {
  char digits[20];
  uint32_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  buf_add(line, digits + at, sizeof digits - at);
}

/* Microseconds with all the digits there are. */
static void add_us(Buf *line, uint64_t ns) {
  char fraction[4] = {'.', (char)('0' + ns / 100 % 10),
                      (char)('0' + ns / 10 % 10), (char)('0' + ns % 10)};
  add_unsigned(line, ns / 1000);
  buf_add(line, fraction, sizeof fraction);
}

static void add_text_field(Buf *line, const char *name, Slice text) {
  buf_add_text(line, name);
  json_add_text(line, text);
}

static void add_number_field(Buf *line, const char *name, uint64_t value) {
  buf_add_text(line, name);
  add_unsigned(line, value);
}

/* An event of `phase` on the current lane; `end_event` sends it off. */
static Buf *begin_event(Scribe *scribe, char phase) {
  Buf *line = &scribe->file->line;
  buf_clear(line);
  buf_add_text(line, scribe->file->has_events ? ",\n" : "\n");
  scribe->file->has_events = true;
  buf_add_text(line, "{\"ph\":\"");
  buf_add_char(line, phase);
  add_number_field(line, "\",\"pid\":", scribe->trace->run);
  add_number_field(line, ",\"tid\":", scribe->lane);
  return line;
}

static void end_event(Scribe *scribe) {
  Buf *line = &scribe->file->line;
  buf_add_char(line, '}');
  file_writer_add(&scribe->file->writer, buf_slice(line));
}

static void add_time(Scribe *scribe, const char *name, uint64_t at) {
  Buf *line = &scribe->file->line;
  uint64_t start = scribe->trace->started_at;
  buf_add_text(line, name);
  add_us(line, at > start ? at - start : 0);
}

/* ---- names --------------------------------------------------------------- */

static Slice flow_name(const Scribe *scribe, uint32_t graph) {
  return object_text(scribe->object, scribe->object->graphs[graph].name);
}

static uint32_t row_of(const Scribe *scribe, uint32_t graph, uint32_t node) {
  return scribe->object->graphs[graph].first_node + node;
}

static Slice op_name(const Scribe *scribe, TraceSpot spot) {
  uint32_t row = row_of(scribe, spot.graph, spot.node);
  return slice_of(op_table[scribe->object->nodes[row].op].text);
}

/* The name that the program gave it; empty when it gave none. */
static Slice bound_name(const Scribe *scribe, TraceSpot spot) {
  uint32_t row = row_of(scribe, spot.graph, spot.node);
  const ObjConst *name = object_attr(scribe->object, row, ATTR_NAME);
  return name == NULL ? (Slice){0} : object_text(scribe->object, name->string);
}

static Slice node_name(const Scribe *scribe, TraceSpot spot) {
  Slice name = bound_name(scribe, spot);
  return name.length > 0 ? name : op_name(scribe, spot);
}

/* ,"source":"FILE:LINE:COLUMN", unless nobody knows. */
static void add_source(Scribe *scribe, uint32_t graph, uint32_t node) {
  Buf *line = &scribe->file->line;
  const Object *object = scribe->object;
  uint32_t row = row_of(scribe, graph, node);
  const ObjPlace *place = &object->places[object->nodes[row].place];
  if (place->line == 0) return;
  add_text_field(line, ",\"source\":", object_text(object, place->file));
  line->length--; /* the quote: the text goes on */
  add_number_field(line, ":", place->line);
  add_number_field(line, ":", place->column);
  buf_add_char(line, '"');
}

/* "args":{... of a node, open. */
static void add_spot(Scribe *scribe, TraceSpot spot) {
  Buf *line = &scribe->file->line;
  add_number_field(line, ",\"args\":{\"frame\":", spot.frame);
  add_number_field(line, ",\"node\":", spot.node);
  add_text_field(line, ",\"flow\":", flow_name(scribe, spot.graph));
  add_text_field(line, ",\"op\":", op_name(scribe, spot));
  add_source(scribe, spot.graph, spot.node);
}

/* ---- nodes --------------------------------------------------------------- */

static const char *category(TraceKind kind) {
  switch (kind) {
    case TRACE_FIRED:
      return "node";
    case TRACE_RESUMED:
      return "resume";
    default:
      return "reply";
  }
}

static void write_node(Scribe *scribe, const NodeRecord *record) {
  TraceKind kind = (TraceKind)record->event;
  bool is_moment = kind == TRACE_REPLY;
  Buf *line = begin_event(scribe, is_moment ? 'i' : 'X');
  add_time(scribe, ",\"ts\":", record->begin);
  if (is_moment) {
    buf_add_text(line, ",\"s\":\"t\"");
  } else {
    buf_add_text(line, ",\"dur\":");
    add_us(line, record->end - record->begin);
  }
  add_text_field(line, ",\"cat\":", slice_of(category(kind)));
  add_text_field(line, ",\"name\":", node_name(scribe, record->spot));
  add_spot(scribe, record->spot);
  buf_add_char(line, '}');
  end_event(scribe);
}

/* ---- what takes its time beside the lanes -------------------------------- */

/* Begins or ends an async event; `end_event` sends it off. Ids are known
 * within the run only. */
static Buf *begin_async(Scribe *scribe, char phase, const char *what,
                        Slice name, uint64_t at) {
  Buf *line = begin_event(scribe, phase);
  add_time(scribe, ",\"ts\":", at);
  add_text_field(line, ",\"cat\":", slice_of(what));
  add_text_field(line, ",\"name\":", name);
  add_number_field(line, ",\"id2\":{\"local\":\"", scribe->id);
  buf_add_text(line, "\"}");
  return line;
}

static void write_async(Scribe *scribe, char phase, const char *what,
                        Slice name, uint64_t at) {
  begin_async(scribe, phase, what, name, at);
  end_event(scribe);
}

/* The ids of frames are even, those of calls odd. */
static void write_frame(Scribe *scribe, const FrameRecord *record) {
  const TraceFrame *frame = &record->frame;
  Slice name = flow_name(scribe, frame->graph);
  scribe->id = (uint64_t)frame->frame * 2;
  Buf *line = begin_async(scribe, 'b', "frame", name, frame->begin);
  add_number_field(line, ",\"args\":{\"frame\":", frame->frame);
  if (frame->parent != 0) {
    add_number_field(line, ",\"parent\":", frame->parent);
    add_text_field(line,
                   ",\"called_by\":", flow_name(scribe, frame->parent_graph));
    add_source(scribe, frame->parent_graph, frame->call);
  }
  buf_add_char(line, '}');
  end_event(scribe);
  write_async(scribe, 'e', "frame", name, frame->end);
}

static const char *outcome(Status status) {
  if (status == STATUS_OK) return "ok";
  return status == STATUS_CANCELLED ? "cancelled" : "error";
}

static void add_call_args(Scribe *scribe, const TraceCall *call) {
  Buf *line = &scribe->file->line;
  add_spot(scribe, call->spot);
  add_text_field(line, ",\"name\":", node_name(scribe, call->spot));
  if (call->backend != NULL)
    add_text_field(line, ",\"backend\":", slice_of(call->backend));
  if (call->model.length > 0) add_text_field(line, ",\"model\":", call->model);
  add_number_field(line, ",\"input_tokens\":", call->input_tokens);
  add_number_field(line, ",\"output_tokens\":", call->output_tokens);
  if (call->tokens_estimated) buf_add_text(line, ",\"tokens_estimated\":true");
  add_text_field(line, ",\"status\":", slice_of(outcome(call->status)));
  buf_add_char(line, '}');
}

/* A phase from *at to `end`, which becomes *at. Time stamps that others took
 * are put in order. */
static void write_phase(Scribe *scribe, const char *name, uint64_t *at,
                        uint64_t end, uint64_t last) {
  if (end < *at) end = *at;
  if (end > last) end = last;
  write_async(scribe, 'b', "call", slice_of(name), *at);
  write_async(scribe, 'e', "call", slice_of(name), end);
  *at = end;
}

/* The phases follow each other without a gap from submission to completion;
 * where a station is not known, two of them are one. */
static void write_phases(Scribe *scribe, const TraceCall *call, uint64_t last) {
  uint64_t at = call->queued_at;
  uint64_t dispatched = call->dispatched_at;
  write_phase(scribe, "queue", &at, dispatched ? dispatched : last, last);
  if (dispatched == 0) return;
  if (call->connected_at != 0)
    write_phase(scribe, "connect", &at, call->connected_at, last);
  uint64_t first = call->first_byte_at;
  write_phase(scribe, "wait", &at, first ? first : last, last);
  if (first != 0) write_phase(scribe, "receive", &at, last, last);
}

/* The outermost name is that of the operation: Perfetto makes one group of
 * rows of those that are called alike. */
static void write_call(Scribe *scribe, const CallRecord *record) {
  const TraceCall *call = &record->call;
  Slice op = op_name(scribe, call->spot);
  Slice name = bound_name(scribe, call->spot);
  uint64_t begin = call->queued_at, end = call->completed_at;
  if (end < begin) end = begin;
  scribe->id = scribe->calls++ * 2 + 1;
  begin_async(scribe, 'b', "call", op, begin);
  add_call_args(scribe, call);
  end_event(scribe);
  if (name.length > 0) write_async(scribe, 'b', "call", name, begin);
  write_phases(scribe, call, end);
  if (name.length > 0) write_async(scribe, 'e', "call", name, end);
  write_async(scribe, 'e', "call", op, end);
}

/* ---- a run --------------------------------------------------------------- */

static size_t write_record(Scribe *scribe, const char *record) {
  switch ((RecordKind)(*(const uint32_t *)(const void *)record)) {
    case RECORD_NODE:
      write_node(scribe, (const void *)record);
      return sizeof(NodeRecord);
    case RECORD_FRAME:
      write_frame(scribe, (const void *)record);
      return sizeof(FrameRecord);
    default:
      write_call(scribe, (const void *)record);
      return sizeof(CallRecord);
  }
}

static void write_lane(Scribe *scribe) {
  const TraceChunk *chunk = scribe->trace->lanes[scribe->lane].first;
  for (; chunk != NULL; chunk = chunk->next)
    for (size_t at = 0; at < chunk->used;)
      at += write_record(scribe, chunk->records + at);
}

static void write_meta(Scribe *scribe, const char *kind, const char *field,
                       Slice value) {
  Buf *line = begin_event(scribe, 'M');
  add_text_field(line, ",\"name\":", slice_of(kind));
  add_text_field(line, ",\"args\":{", slice_of(field));
  add_text_field(line, ":", value);
  buf_add_char(line, '}');
  end_event(scribe);
}

static void write_thread(Scribe *scribe) {
  Buf name = {0};
  if (scribe->lane == trace_io_lane(scribe->trace))
    buf_add_text(&name, "I/O");
  else
    buf_addf(&name, "worker %u", scribe->lane);
  write_meta(scribe, "thread_name", "name", buf_slice(&name));
  buf_free(&name);
}

void trace_file_open(TraceFile *file, const char *path) {
  *file = (TraceFile){0};
  file_writer_open(&file->writer, path);
  file_writer_add(&file->writer, SLICE("{\"traceEvents\":["));
}

void trace_file_add(TraceFile *file, const Trace *trace,
                    const TraceHead *head) {
  Scribe scribe = {.file = file, .trace = trace, .object = head->object};
  write_meta(&scribe, "process_name", "name", slice_of(head->title));
  write_meta(&scribe, "process_labels", "labels", slice_of(head->status));
  for (uint32_t lane = 0; lane < trace->lane_count; lane++) {
    scribe.lane = lane;
    write_thread(&scribe);
    write_lane(&scribe);
  }
  file->dropped += trace_dropped(trace);
}

Status trace_file_close(TraceFile *file, Error *error) {
  Buf *line = &file->line;
  buf_clear(line);
  buf_add_text(line,
               "\n],\"displayTimeUnit\":\"ms\",\"otherData\":{"
               "\"producer\":\"apxm " APXM_VERSION "\"");
  add_number_field(line, ",\"dropped_events\":", file->dropped);
  buf_add_text(line, "}}\n");
  file_writer_add(&file->writer, buf_slice(line));
  buf_free(line);
  return file_writer_close(&file->writer, error);
}
