/* SPDX-License-Identifier: MIT
 *
 * Each connection is a Passage, with one of five states:
 *
 *     READ --whole request--> ASK --whole answer--> PLAY --> READ
 *                                                    `--> HANG, or closed
 *     WAIT (not read from at first) --> READ
 *
 * What a client sends while its request is under way stays in its socket.
 * Whatever goes wrong with a passage ends it; both sides see a hang-up.
 */
#include "server/fault_gate.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "server/fault_plan.h"

enum {
  READ_BYTES = 64 << 10, /* at once */
  TURN_BYTES = 1 << 20,  /* sent by one passage in one turn */
  REQUEST_MOST = LIMIT_WEB_BODY_BYTES + (64 << 10)
};

typedef enum PassageState {
  PASSAGE_WAIT,
  PASSAGE_READ,
  PASSAGE_ASK,
  PASSAGE_PLAY,
  PASSAGE_HANG
} PassageState;

typedef struct Passage Passage;

struct FaultGate {
  FaultGateHandler handler;
  Reactor *reactor;
  FaultRules rules;
  uint32_t most, count; /* passages */
  uint64_t connections; /* accepted so far */
  uint64_t requests;    /* chats so far */
  uint64_t held;        /* bytes of requests */
  Passage *passages;    /* a list */
  Timer timer;          /* when to listen again */
};

struct Passage {
  Watch outer; /* first: the client's socket */
  Watch inner; /* the server's; fd -1: gone, and this answer is the last */
  Timer timer;
  FaultGate *gate;
  Passage *next, **link;
  PassageState state;

  Buf request; /* read; perhaps with the beginning of the next one */
  HttpFrame asked;
  bool is_expected; /* 100-continue has been said */
  bool is_head;     /* its method */
  size_t held;      /* counted in gate->held */

  const FaultRule *rule; /* what it gets; NULL: nothing */
  const char *delayed;   /* the fault that came before it was read, or NULL */
  const Dialect *dialect;
  Buf headers;    /* for the answer */
  Buf forward;    /* what the server gets */
  size_t at_ward; /* sent of it */

  Buf answer;
  HttpFrame answered;
  FaultPlan plan;
  uint32_t step;
  size_t at;      /* of the step, in plan.bytes */
  bool is_waited; /* the step's wait is over */
};

/* ---- life of a passage --------------------------------------------------- */

static void close_inner(Passage *passage) {
  if (passage->inner.fd < 0) return;
  reactor_unwatch(passage->gate->reactor, &passage->inner);
  close(passage->inner.fd);
  passage->inner.fd = -1;
}

static void forget_plan(Passage *passage) {
  buf_free(&passage->plan.bytes);
  buf_free(&passage->answer);
  buf_free(&passage->headers);
  passage->plan = (FaultPlan){0};
  passage->answered = (HttpFrame){0};
  passage->step = 0;
  passage->rule = NULL;
}

/* Nothing of it is left after this. */
static void drop(Passage *passage) {
  FaultGate *gate = passage->gate;
  close_inner(passage);
  reactor_unwatch(gate->reactor, &passage->outer);
  reactor_timer_cancel(gate->reactor, &passage->timer);
  close(passage->outer.fd);
  *passage->link = passage->next;
  if (passage->next) passage->next->link = passage->link;
  gate->count--;
  gate->held -= passage->held;
  forget_plan(passage);
  buf_free(&passage->request);
  buf_free(&passage->forward);
  mem_free(passage);
}

/* close() sends a reset then. */
static void make_reset(int fd) {
  struct linger at_once = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void listen_to_client(Passage *passage, uint32_t events) {
  reactor_watch_change(passage->gate->reactor, &passage->outer,
                       events | EPOLLRDHUP);
}

static void hang(Passage *passage) {
  passage->state = PASSAGE_HANG;
  close_inner(passage);
  forget_plan(passage);
  listen_to_client(passage, 0);
}

/* ---- the answer goes out ------------------------------------------------- */

static void look_at_request(Passage *passage);

static void end_answer(Passage *passage) {
  FaultEnd end = passage->plan.end;
  if (end == FAULT_END_RESET) make_reset(passage->outer.fd);
  if (end == FAULT_END_HANG) {
    hang(passage);
  } else if (end != FAULT_END_KEEP || passage->inner.fd < 0) {
    drop(passage);
  } else {
    forget_plan(passage);
    passage->state = PASSAGE_READ;
    listen_to_client(passage, EPOLLIN);
    look_at_request(passage); /* it may be there already */
  }
}

static void next_step(Passage *passage) {
  passage->step++;
  passage->is_waited = false;
  passage->at = passage->step < passage->plan.count
                    ? passage->plan.steps[passage->step].from
                    : 0;
}

static void wait_for(Passage *passage, uint64_t ns) {
  listen_to_client(passage, 0);
  reactor_timer_set(passage->gate->reactor, &passage->timer, clock_now() + ns);
}

typedef enum Sent { SENT_ALL, SENT_LATER, SENT_NEVER } Sent;

/* A piece of the step under way, counted in `sent`. */
static Sent send_piece(Passage *passage, const FaultStep *step, size_t *sent) {
  size_t left = step->to - passage->at;
  size_t most = step->piece ? step->piece : TURN_BYTES;
  ssize_t count =
      send(passage->outer.fd, passage->plan.bytes.data + passage->at,
           left < most ? left : most, MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return SENT_LATER;
  if (count < 0) return SENT_NEVER;
  passage->at += (size_t)count;
  *sent += (size_t)count;
  return SENT_ALL;
}

/* After a piece: does it go on in this turn? */
static bool goes_on(Passage *passage, const FaultStep *step, size_t sent) {
  bool is_over = passage->at == step->to;
  if (is_over && !step->is_endless) {
    next_step(passage);
    return true;
  }
  if (is_over) passage->at = step->from;
  if (step->gap_ns && (step->piece || is_over)) {
    wait_for(passage, step->gap_ns);
    return false;
  }
  if (!step->piece && sent < TURN_BYTES) return true;
  listen_to_client(passage, EPOLLOUT);
  return false;
}

static void play(Passage *passage) {
  size_t sent = 0;
  while (passage->step < passage->plan.count) {
    const FaultStep *step = &passage->plan.steps[passage->step];
    if (step->wait_ns && !passage->is_waited) {
      passage->is_waited = true;
      wait_for(passage, step->wait_ns);
      return;
    }
    Sent what =
        passage->at < step->to ? send_piece(passage, step, &sent) : SENT_ALL;
    if (what == SENT_LATER) {
      listen_to_client(passage, EPOLLOUT);
      return;
    }
    if (what == SENT_NEVER) {
      drop(passage);
      return;
    }
    if (!goes_on(passage, step, sent)) return;
  }
  end_answer(passage);
}

static void begin_play(Passage *passage) {
  FaultAnswer answer = {.bytes = buf_slice(&passage->answer),
                        .frame = passage->answered,
                        .headers = buf_slice(&passage->headers),
                        .dialect = passage->dialect,
                        .seed = passage->gate->rules.seed};
  if (passage->answered.end && !passage->answered.lasts)
    answer.bytes.length = passage->answered.end;
  fault_plan_make(passage->rule, &answer, &passage->plan);
  buf_free(&passage->answer);
  passage->state = PASSAGE_PLAY;
  passage->at = passage->plan.count ? passage->plan.steps[0].from : 0;
  passage->is_waited = false;
  play(passage);
}

/* ---- the server answers -------------------------------------------------- */

/* Whether the whole answer is there; what comes before it (100 Continue) was
 * for us. */
static HttpFrameState look_at_answer(Passage *passage) {
  for (;;) {
    HttpFrameState state = http_frame_look(
        &passage->answered,
        passage->is_head ? HTTP_FRAME_REPLY_TO_HEAD : HTTP_FRAME_REPLY,
        buf_slice(&passage->answer), SIZE_MAX / 2);
    Buf *answer = &passage->answer;
    if (state != HTTP_FRAME_WHOLE || http_frame_code(buf_slice(answer)) >= 200)
      return state;
    size_t end = passage->answered.end;
    memmove(answer->data, answer->data + end, answer->length - end);
    answer->length -= end;
    passage->answered = (HttpFrame){0};
  }
}

/* The server has closed its end. */
static void inner_ended(Passage *passage) {
  close_inner(passage);
  if (passage->state == PASSAGE_PLAY) return; /* then it is the last answer */
  if (passage->state == PASSAGE_ASK && passage->answered.head)
    begin_play(passage);
  else
    drop(passage);
}

static void read_answer(Passage *passage) {
  char piece[READ_BYTES];
  for (;;) {
    ssize_t count = recv(passage->inner.fd, piece, sizeof piece, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      inner_ended(passage);
      return;
    }
    if (passage->state != PASSAGE_ASK) continue; /* nobody asked */
    buf_add(&passage->answer, piece, (size_t)count);
    HttpFrameState state = look_at_answer(passage);
    if (state == HTTP_FRAME_OPEN) continue;
    if (state == HTTP_FRAME_WHOLE)
      begin_play(passage);
    else
      drop(passage);
    return;
  }
}

/* What the server has not read yet of the request. */
static void give_on(Passage *passage) {
  Buf *forward = &passage->forward;
  while (passage->at_ward < forward->length) {
    ssize_t count = send(passage->inner.fd, forward->data + passage->at_ward,
                         forward->length - passage->at_ward, MSG_NOSIGNAL);
    if (count < 0) break;
    passage->at_ward += (size_t)count;
  }
  bool is_done = passage->at_ward == forward->length;
  if (is_done) buf_free(forward);
  if (is_done) passage->at_ward = 0;
  reactor_watch_change(passage->gate->reactor, &passage->inner,
                       is_done ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

static void inner_ready(Watch *watch, uint32_t events) {
  Passage *passage = (Passage *)((char *)watch - offsetof(Passage, inner));
  if (events & EPOLLOUT) give_on(passage);
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_answer(passage);
}

/* ---- the client asks ----------------------------------------------------- */

static Slice word_of(Slice line, int index) {
  size_t at = 0, end;
  for (;; at = end + 1, index--) {
    const char *stop =
        at < line.length ? memchr(line.data + at, ' ', line.length - at) : NULL;
    end = stop ? (size_t)(stop - line.data) : line.length;
    if (index == 0 || end == line.length) break;
  }
  return index == 0 ? slice_from(line.data + at, end - at) : (Slice){0};
}

/* Of whoever keys are told apart: a hash, not 0. */
static uint64_t key_of(Slice head) {
  static const char *const names[] = {"Authorization", "x-api-key",
                                      "x-goog-api-key"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    Slice value = http_frame_field(head, names[i]);
    if (value.data) return slice_hash(value) | 1;
  }
  return 1;
}

static void add_date(const FaultRule *rule, Buf *headers) {
  if (!rule || !rule->has_date) return;
  buf_add_text(headers, "Retry-After: ");
  fault_add_date(clock_wall_seconds() + rule->date_s, headers);
  buf_add_text(headers, "\r\n");
}

/* Which rule the request gets. `line` is its first one. */
static void choose(Passage *passage, Slice line, Slice whole) {
  FaultGate *gate = passage->gate;
  Slice path = word_of(line, 1);
  const char *query = path.length ? memchr(path.data, '?', path.length) : NULL;
  Buf body = {0};
  if (query) path.length = (size_t)(query - path.data);
  http_frame_add_body(&passage->asked, whole, &body);
  FaultTarget target = {
      .is_chat = slice_equal_text(word_of(line, 0), "POST"),
      .path = path,
      .body = buf_slice(&body),
      .key = key_of(slice_from(whole.data, passage->asked.head)),
      .now = clock_now()};
  if (target.is_chat) gate->requests++;
  target.number = gate->requests;
  passage->rule = fault_take(&gate->rules, &target, &passage->headers);
  add_date(passage->rule, &passage->headers);
  buf_clear(&body);
  buf_add_slice(&body, path);
  passage->dialect = gate->handler.dialect(body.data ? body.data : "");
  buf_free(&body);
}

static unsigned code_of(const FaultRule *rule) {
  if (rule->kind == FAULT_LIMIT) return 429;
  return rule->kind == FAULT_STATUS ? rule->status : 0;
}

/* The request as the server gets it. */
static void write_forward(Passage *passage, size_t line, size_t end) {
  const FaultRule *rule = passage->rule;
  const char *name = rule ? fault_text(rule->kind) : "none";
  Buf *out = &passage->forward;
  if (!rule && passage->delayed) name = passage->delayed;
  buf_add(out, passage->request.data, line);
  buf_addf(out, "\r\nX-Apxm-Fault: %s", name);
  if (rule && !fault_needs_reply(rule))
    buf_addf(out, "\r\nX-Apxm-Answer: %u", code_of(rule));
  buf_add(out, passage->request.data + line, end - line);
}

static void take_request(Passage *passage, size_t end) {
  Buf *request = &passage->request;
  memmove(request->data, request->data + end, request->length - end);
  request->length -= end;
  passage->gate->held -= passage->held;
  passage->held = request->length;
  passage->gate->held += passage->held;
  if (request->length == 0) buf_free(request);
  passage->asked = (HttpFrame){0};
  passage->is_expected = false;
  passage->delayed = NULL;
}

/* `is_whole` false: no request of HTTP; the server is to say so. */
static void ask(Passage *passage, bool is_whole) {
  Slice bytes = buf_slice(&passage->request);
  size_t end = is_whole ? passage->asked.end : bytes.length;
  const char *stop = memmem(bytes.data, bytes.length, "\r\n", 2);
  passage->state = PASSAGE_ASK;
  listen_to_client(passage, 0);
  if (is_whole && stop) {
    size_t line = (size_t)(stop - bytes.data);
    passage->is_head = slice_starts_with(bytes, SLICE("HEAD "));
    choose(passage, slice_from(bytes.data, line), slice_from(bytes.data, end));
    write_forward(passage, line, end);
  } else {
    buf_add(&passage->forward, bytes.data, end);
    passage->dialect = passage->gate->handler.dialect("");
  }
  take_request(passage, end);
  give_on(passage);
}

/* A client that asks first whether it may send its body. */
static void say_continue(Passage *passage) {
  static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
  Slice head = slice_from(passage->request.data, passage->asked.head);
  if (passage->is_expected || passage->asked.head == 0) return;
  passage->is_expected = true;
  if (!http_frame_field(head, "Expect").data) return;
  if (send(passage->outer.fd, text, sizeof text - 1, MSG_NOSIGNAL) < 0)
    return; /* it will wait, and send it then */
}

static void look_at_request(Passage *passage) {
  if (passage->request.length == 0) return;
  switch (http_frame_look(&passage->asked, HTTP_FRAME_REQUEST,
                          buf_slice(&passage->request), REQUEST_MOST)) {
    case HTTP_FRAME_OPEN:
      say_continue(passage);
      break;
    case HTTP_FRAME_WHOLE:
      ask(passage, true);
      break;
    case HTTP_FRAME_BROKEN: /* behind a good head, it is too long */
      if (passage->asked.head)
        drop(passage);
      else
        ask(passage, false);
  }
}

/* False: there is no room for so much. */
static bool keep_request(Passage *passage, const char *data, size_t count) {
  FaultGate *gate = passage->gate;
  if (count > LIMIT_WEB_BODIES_BYTES - gate->held ||
      passage->request.length + count > REQUEST_MOST + READ_BYTES ||
      !buf_try_reserve(&passage->request, count))
    return false;
  buf_add(&passage->request, data, count);
  passage->held += count;
  gate->held += count;
  return true;
}

static void read_request(Passage *passage) {
  char piece[READ_BYTES];
  ssize_t count = recv(passage->outer.fd, piece, sizeof piece, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0 && keep_request(passage, piece, (size_t)count))
    look_at_request(passage);
  else
    drop(passage);
}

static void outer_ready(Watch *watch, uint32_t events) {
  Passage *passage = (Passage *)watch;
  bool reads = passage->state == PASSAGE_READ;
  if ((events & (EPOLLERR | EPOLLHUP)) || (!reads && (events & EPOLLRDHUP)))
    drop(passage);
  else if (reads)
    read_request(passage);
  else if (passage->state == PASSAGE_PLAY && (events & EPOLLOUT))
    play(passage);
}

static void time_over(Timer *timer) {
  Passage *passage = (Passage *)((char *)timer - offsetof(Passage, timer));
  if (passage->state == PASSAGE_PLAY) {
    play(passage);
  } else if (passage->state == PASSAGE_WAIT) {
    passage->state = PASSAGE_READ;
    listen_to_client(passage, EPOLLIN);
  }
}

/* ---- a client comes ------------------------------------------------------ */

/* A piece that is sent is a segment. */
static void send_at_once(int fd) {
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static Passage *new_passage(FaultGate *gate, int fd) {
  Passage *passage = MEM_NEW(Passage);
  passage->outer = (Watch){.fd = fd, .ready = outer_ready};
  passage->inner = (Watch){.fd = -1, .ready = inner_ready};
  passage->timer.fire = time_over;
  passage->gate = gate;
  passage->link = &gate->passages;
  passage->next = gate->passages;
  if (passage->next) passage->next->link = &passage->next;
  gate->passages = passage;
  gate->count++;
  return passage;
}

static bool watch_both(Passage *passage, uint32_t events) {
  Reactor *reactor = passage->gate->reactor;
  bool is_watched = reactor_watch(reactor, &passage->outer, events | EPOLLRDHUP,
                                  NULL) == STATUS_OK;
  if (!is_watched || passage->inner.fd < 0) return is_watched;
  return reactor_watch(reactor, &passage->inner, EPOLLIN, NULL) == STATUS_OK;
}

/* A passage with a server behind it; the server's end of the pair, or -1. */
static int connect_passage(FaultGate *gate, int fd, const FaultRule *delay) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                 pair) != 0) {
    close(fd);
    return -1;
  }
  Passage *passage = new_passage(gate, fd);
  send_at_once(fd);
  passage->inner.fd = pair[0];
  passage->state = delay ? PASSAGE_WAIT : PASSAGE_READ;
  if (!watch_both(passage, delay ? 0 : EPOLLIN)) {
    drop(passage);
    close(pair[1]);
    return -1;
  }
  if (delay) {
    passage->delayed = fault_text(delay->kind);
    reactor_timer_set(gate->reactor, &passage->timer,
                      clock_now() + delay->wait_ns);
  }
  return pair[1];
}

/* A connection that gets nowhere. */
static void lose(FaultGate *gate, int fd, const FaultRule *rule) {
  gate->handler.lost(gate->handler.user, fault_text(rule->kind));
  if (rule->kind == FAULT_RESET) {
    make_reset(fd);
    close(fd);
    return;
  }
  /* Closed with bytes that nobody has read, it would be reset, too. */
  if (rule->kind == FAULT_CLOSE) shutdown(fd, SHUT_WR);
  Passage *passage = new_passage(gate, fd);
  passage->state = PASSAGE_HANG;
  if (!watch_both(passage, 0)) drop(passage);
}

/* Whether the next one is to find nobody. */
static void look_at_door(FaultGate *gate) {
  const FaultRule *rule =
      fault_take_refusal(&gate->rules, gate->connections + 1);
  if (!rule) return;
  gate->handler.refuse(gate->handler.user, true);
  if (rule->has_wait)
    reactor_timer_set(gate->reactor, &gate->timer, clock_now() + rule->wait_ns);
}

static void listen_again(Timer *timer) {
  FaultGate *gate = (FaultGate *)((char *)timer - offsetof(FaultGate, timer));
  gate->handler.refuse(gate->handler.user, false);
}

int fault_gate_accept(FaultGate *gate, int fd) {
  const FaultRule *rule = fault_take_accept(&gate->rules, ++gate->connections);
  int served = -1;
  if (gate->count >= gate->most)
    close(fd);
  else if (rule && !rule->has_wait)
    lose(gate, fd, rule);
  else
    served = connect_passage(gate, fd, rule);
  look_at_door(gate);
  return served;
}

/* ---- life ---------------------------------------------------------------- */

FaultGate *fault_gate_new(const char *path, uint32_t most,
                          const FaultGateHandler *handler, Reactor *reactor,
                          Error *error) {
  FaultGate *gate = MEM_NEW(FaultGate);
  gate->handler = *handler;
  gate->reactor = reactor;
  gate->most = most;
  gate->timer.fire = listen_again;
  if (fault_rules_load(path, &gate->rules, error) == STATUS_OK) return gate;
  fault_rules_free(&gate->rules);
  mem_free(gate);
  return NULL;
}

uint64_t fault_gate_seed(const FaultGate *gate) {
  return gate->rules.seed;
}

void fault_gate_open(FaultGate *gate) {
  look_at_door(gate);
}

uint32_t fault_gate_busy(const FaultGate *gate) {
  uint32_t busy = 0;
  for (const Passage *at = gate->passages; at; at = at->next)
    busy +=
        at->state == PASSAGE_ASK || (at->state == PASSAGE_PLAY && !at->rule);
  return busy;
}

/* I/O thread. */
static void close_all(void *user) {
  FaultGate *gate = user;
  reactor_timer_cancel(gate->reactor, &gate->timer);
  while (gate->passages) drop(gate->passages);
}

void fault_gate_free(FaultGate *gate) {
  if (!gate) return;
  reactor_call(gate->reactor, close_all, gate);
  fault_rules_free(&gate->rules);
  mem_free(gate);
}
