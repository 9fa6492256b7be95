/* SPDX-License-Identifier: MIT
 *
 * An answer is taken apart into head and body, and what the fault is about is
 * written anew: with another framing, another body, or bytes that were never an
 * answer. Its body is one chunk then, so that a byte of the body is at one
 * place on the wire.
 */
#include "server/fault_plan.h"

#include <string.h>
#include <time.h>

#include "core/base/clock.h"

enum {
  RANDOM_BYTES = 4096,
  DRIP_MS = 10,    /* between two bytes, if nobody says */
  PINGS_MS = 1000, /* the same between two pings */
  FLOOD_BYTES = 64 << 10
};

/* The message being written. */
typedef struct Message {
  const FaultAnswer *answer;
  Buf body;       /* of the answer, without chunks */
  bool is_stream; /* of events or lines */
  bool is_sse;
  FaultPlan *plan;
  size_t body_at; /* in plan->bytes */
} Message;

/* ---- steps --------------------------------------------------------------- */

static FaultStep *add_step(FaultPlan *plan, size_t from, size_t to) {
  FaultStep *step = &plan->steps[plan->count++];
  *step = (FaultStep){.from = from, .to = to};
  return step;
}

static void send_rest(Message *message, size_t from) {
  add_step(message->plan, from, message->plan->bytes.length);
}

/* ---- writing ------------------------------------------------------------- */

static bool is_named(Slice line, const char *name) {
  size_t length = strlen(name);
  return line.length > length && line.data[length] == ':' &&
         strncasecmp(line.data, name, length) == 0;
}

static bool is_framing(Slice line) {
  return is_named(line, "Content-Length") ||
         is_named(line, "Transfer-Encoding") || is_named(line, "Connection");
}

/* The lines of the answer's head with the added ones, without those that say
 * how long the body is, if these are to be written anew; no blank line. */
static void add_head(const FaultAnswer *answer, bool is_anew, Buf *out) {
  const char *at = answer->bytes.data;
  const char *end = at + answer->frame.head - 2;
  bool is_first = true;
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    stop = stop ? stop + 1 : end;
    Slice line = slice_from(at, (size_t)(stop - at));
    if (is_first || !is_anew || !is_framing(line)) buf_add_slice(out, line);
    if (is_first) buf_add_slice(out, answer->headers);
    is_first = false;
    at = stop;
  }
}

/* The whole answer with the body as it is now. `claimed` is what a length says
 * that it has. */
static void write_message(Message *message, FaultFraming framing,
                          size_t claimed) {
  Buf *out = &message->plan->bytes;
  Slice body = buf_slice(&message->body);
  bool is_chunked = framing == FAULT_FRAMING_CHUNKED ||
                    (framing == FAULT_FRAMING_SOUND && message->is_stream);
  add_head(message->answer, true, out);
  if (is_chunked)
    buf_addf(out, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", body.length);
  else if (framing == FAULT_FRAMING_NONE)
    buf_add_text(out, "Connection: close\r\n\r\n");
  else
    buf_addf(out, "Content-Length: %zu\r\n\r\n", claimed);
  if (is_chunked && body.length == 0) out->length -= 3;
  message->body_at = out->length;
  buf_add_slice(out, body);
  if (framing != FAULT_FRAMING_SOUND) message->plan->end = FAULT_END_CLOSE;
  if (!is_chunked) return;
  if (body.length) buf_add_text(out, "\r\n");
  if (framing == FAULT_FRAMING_SOUND) buf_add_text(out, "0\r\n\r\n");
}

static void write_sound(Message *message) {
  write_message(message, FAULT_FRAMING_SOUND, message->body.length);
}

/* ---- places -------------------------------------------------------------- */

/* Where the event that begins at `at` ends. */
static size_t event_end(const Message *message, size_t at) {
  Slice body = buf_slice(&message->body);
  const char *mark = message->is_sse ? "\n\n" : "\n";
  size_t length = strlen(mark);
  const char *found = memmem(body.data + at, body.length - at, mark, length);
  return found ? (size_t)(found - body.data) + length : body.length;
}

static int64_t count_events(const Message *message) {
  int64_t count = 0;
  for (size_t at = 0; at < message->body.length; count++)
    at = event_end(message, at);
  return count;
}

/* Where in the body so many events have passed; negative: are left. */
static size_t events_end(const Message *message, int64_t events) {
  size_t at = 0;
  if (events < 0) events += count_events(message);
  for (; events > 0 && at < message->body.length; events--)
    at = event_end(message, at);
  return at;
}

/* An offset in the body, within it. */
static size_t body_offset(const Message *message, const FaultRule *rule) {
  int64_t length = (int64_t)message->body.length, offset = rule->offset;
  if (rule->has_events) return events_end(message, offset);
  if (offset < 0) offset += length;
  if (offset < 0) offset = 0;
  return (size_t)(offset < length ? offset : length);
}

/* Where the fault is in what is sent. */
static size_t wire_offset(const Message *message, const FaultRule *rule) {
  if (rule->at == FAULT_AT_HEADER)
    return message->body_at + body_offset(message, rule);
  size_t offset = rule->offset > 0 ? (size_t)rule->offset : 0;
  size_t length = message->plan->bytes.length;
  return offset < length ? offset : length;
}

/* ---- the faults ---------------------------------------------------------- */

/* As it should be, up to a byte; then something else. */
static void plan_break(Message *message, const FaultRule *rule, FaultEnd end) {
  if (message->answer->bytes.length) write_sound(message);
  size_t at = wire_offset(message, rule);
  add_step(message->plan, 0, at);
  message->plan->end = end;
}

static void plan_stall(Message *message, const FaultRule *rule) {
  plan_break(message, rule, FAULT_END_HANG);
  if (!rule->has_wait) return;
  size_t at = message->plan->steps[0].to;
  send_rest(message, at);
  message->plan->steps[1].wait_ns = rule->wait_ns;
  message->plan->end = FAULT_END_KEEP;
}

static void plan_drip(Message *message, const FaultRule *rule) {
  bool is_split = rule->kind == FAULT_SPLIT;
  uint64_t gap = rule->has_wait ? rule->wait_ns : DRIP_MS * NS_PER_MS;
  write_sound(message);
  size_t at = wire_offset(message, rule);
  add_step(message->plan, 0, at);
  FaultStep *step = add_step(message->plan, at, message->plan->bytes.length);
  step->piece = rule->piece ? rule->piece : 1;
  step->gap_ns = is_split ? 0 : gap;
}

static void plan_truncate(Message *message, const FaultRule *rule) {
  size_t whole = message->body.length;
  message->body.length = body_offset(message, rule);
  if (rule->framing == FAULT_FRAMING_SOUND)
    write_sound(message);
  else
    write_message(message, rule->framing, whole);
  send_rest(message, 0);
}

/* A stream ends before the event that would say that it is over. */
static void plan_no_finish(Message *message) {
  const char *mark = message->answer->dialect->finish_mark;
  Slice body = buf_slice(&message->body);
  size_t at = 0;
  while (at < body.length) {
    size_t end = event_end(message, at);
    if (memmem(body.data + at, end - at, mark, strlen(mark))) break;
    at = end;
  }
  if (message->is_stream) message->body.length = at;
  write_sound(message);
  send_rest(message, 0);
}

static void plan_empty(Message *message) {
  message->body.length = 0;
  write_sound(message);
  send_rest(message, 0);
}

static void plan_length(Message *message, const FaultRule *rule) {
  int64_t claimed = (int64_t)message->body.length + rule->by;
  write_message(message, FAULT_FRAMING_LENGTH,
                claimed > 0 ? (size_t)claimed : 0);
  send_rest(message, 0);
  message->plan->end = rule->by > 0 ? FAULT_END_HANG : FAULT_END_CLOSE;
}

static void plan_status(Message *message, const FaultRule *rule) {
  if (rule->has_body) {
    buf_clear(&message->body);
    buf_add_slice(&message->body, rule->body);
  }
  write_sound(message);
  send_rest(message, 0);
}

/* In a stream an event, else the whole document. */
static void plan_stream_error(Message *message, const FaultRule *rule) {
  const Dialect *dialect = message->answer->dialect;
  unsigned code = rule->status ? rule->status : 529;
  Slice text = rule->has_body ? rule->body : SLICE("this server is overloaded");
  if (message->is_stream) {
    message->body.length = body_offset(message, rule);
    dialect->add_stream_error(code, text, &message->body);
  } else {
    buf_clear(&message->body);
    dialect->add_error(code, text, &message->body);
  }
  write_sound(message);
  send_rest(message, 0);
}

/* ---- garbage ------------------------------------------------------------- */

static void add_random(uint64_t seed, size_t count, Buf *out) {
  for (size_t i = 0; i < count; i++) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    buf_add_char(out, (char)(seed >> 56));
  }
}

/* Bytes instead of an answer. */
static void plan_bytes(Message *message, Slice bytes) {
  buf_add_slice(&message->plan->bytes, bytes);
  send_rest(message, 0);
  message->plan->end = FAULT_END_CLOSE;
}

static void plan_random(Message *message) {
  buf_add_char(&message->plan->bytes, '\0');
  add_random(message->answer->seed, RANDOM_BYTES, &message->plan->bytes);
  plan_bytes(message, SLICE(""));
}

static void plan_bad_chunk(Message *message) {
  add_head(message->answer, true, &message->plan->bytes);
  plan_bytes(message, SLICE("Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"));
}

static void break_json(Buf *body) {
  for (size_t i = body->length / 2; i < body->length; i++)
    if (body->data[i] == '"') body->data[i] = '?';
}

static void replace_body(Message *message, FaultForm form) {
  size_t length = message->body.length;
  if (form == FAULT_FORM_JSON) {
    break_json(&message->body);
  } else if (form == FAULT_FORM_BINARY) {
    buf_clear(&message->body);
    add_random(message->answer->seed, length, &message->body);
  } else {
    buf_clear(&message->body);
    buf_add_text(&message->body,
                 "<!DOCTYPE html>\n<html><body><h1>It works!</h1></body>"
                 "</html>\n");
  }
  write_sound(message);
  send_rest(message, 0);
}

static void plan_garbage(Message *message, FaultForm form) {
  switch (form) {
    case FAULT_FORM_BYTES:
      plan_random(message);
      break;
    case FAULT_FORM_TEXT:
      plan_bytes(message, SLICE("SSH-2.0-OpenSSH_9.6\r\n"));
      break;
    case FAULT_FORM_TLS: /* alert: fatal, protocol version */
      plan_bytes(message, SLICE("\x15\x03\x01\x00\x02\x02\x46"));
      break;
    case FAULT_FORM_FIELD:
      plan_bytes(message, SLICE("HTTP/1.1 200 OK\r\nno header\x01\r\n\r\n{}"));
      break;
    case FAULT_FORM_CHUNK:
      plan_bad_chunk(message);
      break;
    default:
      replace_body(message, form);
  }
}

/* ---- what does not end --------------------------------------------------- */

static void plan_endless(Message *message, size_t from, uint64_t gap_ns) {
  FaultPlan *plan = message->plan;
  add_step(plan, 0, from);
  FaultStep *step = add_step(plan, from, plan->bytes.length);
  step->is_endless = true;
  step->gap_ns = gap_ns;
  plan->end = FAULT_END_CLOSE;
}

/* Header lines, or one line of the body. */
static void plan_filler(Message *message, const char *line) {
  Buf *out = &message->plan->bytes;
  size_t from = out->length;
  while (out->length - from < FLOOD_BYTES) buf_add_text(out, line);
  plan_endless(message, from, 0);
}

/* The second event, which is one with text; or the whole document. */
static void plan_flood_body(Message *message) {
  size_t first = message->is_stream ? events_end(message, 1) : 0;
  size_t second =
      message->is_stream ? events_end(message, 2) : message->body.length;
  Buf *out = &message->plan->bytes;
  Buf event = {0};
  buf_add(&event, message->body.data + first, second - first);
  message->body.length = first;
  write_message(message, FAULT_FRAMING_NONE, 0);
  size_t from = out->length;
  while (out->length - from < FLOOD_BYTES && event.length)
    buf_add_slice(out, buf_slice(&event));
  buf_free(&event);
  plan_endless(message, from, 0);
}

static void plan_flood(Message *message, FaultForm form) {
  if (form == FAULT_FORM_BODY) {
    plan_flood_body(message);
  } else if (form == FAULT_FORM_HEADER) {
    add_head(message->answer, true, &message->plan->bytes);
    plan_filler(message, "X-Flood: one more header line, and one more\r\n");
  } else {
    buf_clear(&message->body);
    write_message(message, FAULT_FRAMING_NONE, 0);
    plan_filler(message, "data: no end of this line, ");
  }
}

static void plan_pings(Message *message, const FaultRule *rule) {
  message->body.length = body_offset(message, rule);
  write_message(message, FAULT_FRAMING_NONE, 0);
  size_t from = message->plan->bytes.length;
  buf_add_text(&message->plan->bytes, message->answer->dialect->ping);
  plan_endless(message, from,
               rule->has_wait ? rule->wait_ns : PINGS_MS * NS_PER_MS);
}

/* ---- all of them --------------------------------------------------------- */

static void plan_reply(Message *message) {
  const FaultAnswer *answer = message->answer;
  add_head(answer, false, &message->plan->bytes);
  buf_add(&message->plan->bytes, answer->bytes.data + answer->frame.head - 2,
          answer->bytes.length - answer->frame.head + 2);
  send_rest(message, 0);
}

static void make(Message *message, const FaultRule *rule) {
  switch (rule->kind) {
    case FAULT_RESET:
      plan_break(message, rule, FAULT_END_RESET);
      break;
    case FAULT_CLOSE:
      plan_break(message, rule, FAULT_END_CLOSE);
      break;
    case FAULT_STALL:
      plan_stall(message, rule);
      break;
    case FAULT_DRIP:
    case FAULT_SPLIT:
      plan_drip(message, rule);
      break;
    case FAULT_TRUNCATE:
      plan_truncate(message, rule);
      break;
    case FAULT_NO_FINISH:
      plan_no_finish(message);
      break;
    case FAULT_EMPTY:
      plan_empty(message);
      break;
    case FAULT_GARBAGE:
      plan_garbage(message, rule->form);
      break;
    case FAULT_LENGTH:
      plan_length(message, rule);
      break;
    case FAULT_FLOOD:
      plan_flood(message, rule->form);
      break;
    case FAULT_STATUS:
      plan_status(message, rule);
      break;
    case FAULT_STREAM_ERROR:
      plan_stream_error(message, rule);
      break;
    case FAULT_PINGS:
      plan_pings(message, rule);
      break;
    case FAULT_REFUSE:
    case FAULT_LIMIT:
    case FAULT_HEADERS:
    case FAULT_COUNT:
      plan_reply(message);
  }
}

void fault_plan_make(const FaultRule *rule, const FaultAnswer *answer,
                     FaultPlan *plan) {
  Slice head = slice_from(answer->bytes.data, answer->frame.head);
  Slice type = http_frame_field(head, "Content-Type");
  Message message = {
      .answer = answer,
      .is_sse = slice_starts_with(type, SLICE("text/event-stream")),
      .plan = plan};
  message.is_stream =
      message.is_sse || slice_starts_with(type, SLICE("application/x-ndjson"));
  if (answer->bytes.length)
    http_frame_add_body(&answer->frame, answer->bytes, &message.body);
  buf_reserve(&message.body, 1);
  if (rule)
    make(&message, rule);
  else
    plan_reply(&message);
  buf_free(&message.body);
}

void fault_add_date(uint64_t wall_s, Buf *out) {
  time_t now = (time_t)wall_s;
  struct tm parts;
  char text[64];
  gmtime_r(&now, &parts);
  strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  buf_add_text(out, text);
}
