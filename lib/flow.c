/* SPDX-License-Identifier: MIT
 *
 * Names and texts from outside meet the flow table of a verified object. All
 * that is wrong here is a usage error, found before anything has run, and its
 * message carries what the caller needs to do better.
 */
#include "lib/flow.h"

#include "core/base/mem.h"

/* ---- names --------------------------------------------------------------- */

static void add_flow_name(const Object *object, uint32_t flow, Buf *out) {
  const ObjFlow *row = &object->flows[flow];
  buf_add_slice(out, object_text(object, row->agent));
  buf_add_char(out, '.');
  buf_add_slice(out, object_text(object, row->name));
}

static const ObjParam *params_of(const Object *object, uint32_t flow) {
  return object->params + object->flows[flow].first_param;
}

void flow_add_signature(const Object *object, uint32_t flow, Buf *out) {
  const ObjFlow *row = &object->flows[flow];
  const ObjParam *params = params_of(object, flow);
  add_flow_name(object, flow, out);
  buf_add_char(out, '(');
  for (uint32_t i = 0; i < row->param_count; i++) {
    if (i > 0) buf_add_text(out, ", ");
    buf_add_slice(out, object_text(object, params[i].name));
    buf_add_text(out, ": ");
    type_add_name(object->types, (TypeId)params[i].type, out);
  }
  buf_add_char(out, ')');
  if (row->result == TYPE_VOID) return;
  buf_add_text(out, " -> ");
  type_add_name(object->types, row->result, out);
}

/* The flows that could be meant, by `agent.name` or all of them; as many as a
 * person may want to read. */
static void add_candidates(const Object *object, Slice name, Buf *out) {
  enum { SHOWN = 12 };
  uint32_t found = 0;
  for (uint32_t i = 0; i < object->flow_count; i++) {
    Slice own = object_text(object, object->flows[i].name);
    if (name.length > 0 && !slice_equal(own, name)) continue;
    if (found++ >= SHOWN) continue;
    buf_add_text(out, found > 1 ? ", " : "");
    flow_add_signature(object, i, out);
  }
  if (found > SHOWN) buf_addf(out, " and %u more", found - SHOWN);
}

/* The flow whose name is nearest to `name`, or -1 when none is near. */
static int nearest_flow(const Object *object, Slice name) {
  size_t best = name.length < 3 ? name.length : name.length / 3 + 2;
  int found = -1;
  Buf full = {0};
  for (uint32_t i = 0; i < object->flow_count; i++) {
    buf_clear(&full);
    add_flow_name(object, i, &full);
    Slice own = object_text(object, object->flows[i].name);
    size_t whole = slice_distance(name, buf_slice(&full));
    size_t part = slice_distance(name, own);
    size_t distance = whole < part ? whole : part;
    if (distance >= best) continue;
    best = distance;
    found = (int)i;
  }
  buf_free(&full);
  return found;
}

static Status fail_unknown(const Object *object, Slice name, Error *error) {
  Buf text = {0};
  int near = nearest_flow(object, name);
  if (near >= 0) {
    buf_add_text(&text, "did you mean `");
    add_flow_name(object, (uint32_t)near, &text);
    buf_add_text(&text, "`? ");
  }
  buf_add_text(&text, "the flows are: ");
  add_candidates(object, (Slice){0}, &text);
  error_set(error, STATUS_USAGE, "there is no flow `%.*s`; %s", SLICE_ARG(name),
            text.data);
  buf_free(&text);
  return STATUS_USAGE;
}

static Status fail_ambiguous(const Object *object, Slice name, Error *error) {
  Buf text = {0};
  add_candidates(object, name, &text);
  error_set(error, STATUS_USAGE,
            "several flows could be %s%.*s%s; choose one with --flow "
            "Agent.flow: %s",
            name.length ? "`" : "the entry", SLICE_ARG(name),
            name.length ? "`" : "", text.data);
  buf_free(&text);
  return STATUS_USAGE;
}

Status flow_find(const Object *object, const char *name, uint32_t *flow,
                 Error *error) {
  Slice wanted = name ? slice_of(name) : (Slice){0};
  int row = name ? object_find_flow(object, wanted) : object_entry_flow(object);
  if (row == -2) return fail_ambiguous(object, wanted, error);
  if (row < 0 && name) return fail_unknown(object, wanted, error);
  if (row < 0 && object->flow_count > 0)
    return fail_ambiguous(object, wanted, error);
  if (row < 0)
    return error_set(error, STATUS_USAGE, "the program has no flow to run");
  *flow = (uint32_t)row;
  return STATUS_OK;
}

/* ---- arguments ----------------------------------------------------------- */

/* What one call of flow_bind works on. */
typedef struct Binding {
  const Object *object;
  uint32_t flow;
  const ObjParam *params;
  uint32_t count;        /* parameters */
  const FlowArg **given; /* by parameter; NULL while nothing is bound to it */
  Error *error;
} Binding;

static Status fail(const Binding *b, const char *format, ...) PRINTF_LIKE(2, 3);

static Status fail(const Binding *b, const char *format, ...) {
  Buf text = {0};
  va_list args;
  va_start(args, format);
  buf_addv(&text, format, args);
  va_end(args);
  buf_add_text(&text, "; the flow is ");
  flow_add_signature(b->object, b->flow, &text);
  error_set(b->error, STATUS_USAGE, "%s", text.data);
  buf_free(&text);
  return STATUS_USAGE;
}

static Slice param_name(const Binding *b, uint32_t param) {
  return object_text(b->object, b->params[param].name);
}

static Status fail_count(const Binding *b, uint32_t given) {
  return fail(b, "%u argument%s needed, %u given", b->count,
              b->count == 1 ? "" : "s", given);
}

static Status bind_name(const Binding *b, const FlowArg *arg) {
  Slice name = slice_of(arg->name);
  for (uint32_t i = 0; i < b->count; i++) {
    if (!slice_equal(param_name(b, i), name)) continue;
    if (b->given[i])
      return fail(b, "the parameter `%s` is given twice", arg->name);
    b->given[i] = arg;
    return STATUS_OK;
  }
  return fail(b, "there is no parameter `%s`", arg->name);
}

static Status bind_names(const Binding *b, const FlowArg *args,
                         uint32_t count) {
  Status status = STATUS_OK;
  for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
    if (args[i].name) status = bind_name(b, &args[i]);
  }
  return status;
}

static uint32_t count_positional(const FlowArg *args, uint32_t count) {
  uint32_t positional = 0;
  for (uint32_t i = 0; i < count; i++) positional += args[i].name == NULL;
  return positional;
}

/* By name and by position; all of them. */
static Status assign(const Binding *b, const FlowArg *args, uint32_t count) {
  uint32_t next = 0;
  if (count_positional(args, count) > b->count) return fail_count(b, count);
  for (uint32_t i = 0; i < count; i++) {
    if (!args[i].name) b->given[next++] = &args[i];
  }
  Status status = bind_names(b, args, count);
  if (status != STATUS_OK) return status;
  for (uint32_t i = 0; i < b->count; i++) {
    if (b->given[i]) continue;
    if (count_positional(args, count) == count) return fail_count(b, count);
    return fail(b, "the parameter `%.*s` is not given",
                SLICE_ARG(param_name(b, i)));
  }
  return STATUS_OK;
}

/* How much of an argument a message repeats; no code point is cut. */
static size_t shown_bytes(Slice text) {
  enum { SHOWN = 60 };
  size_t length = text.length < SHOWN ? text.length : SHOWN;
  return slice_valid_utf8(slice_from(text.data, length));
}

static Status convert(const Binding *b, uint32_t param, Value *value) {
  const Object *object = b->object;
  Error cause = {0};
  Slice text = b->given[param]->text;
  if (slice_valid_utf8(text) != text.length)
    return fail(b, "the argument `%.*s` is not valid UTF-8",
                SLICE_ARG(param_name(b, param)));
  if (text.length > LIMIT_VALUE_BYTES)
    return fail(b, "the argument `%.*s` has more than %d bytes",
                SLICE_ARG(param_name(b, param)), LIMIT_VALUE_BYTES);
  Status status = value_parse(text, object->types,
                              (TypeId)b->params[param].type, value, &cause);
  if (status == STATUS_OK) return status;
  return fail(b, "the argument `%.*s` is wrong: %.400s: `%.*s%s`",
              SLICE_ARG(param_name(b, param)), cause.message,
              (int)shown_bytes(text), text.data,
              shown_bytes(text) < text.length ? "..." : "");
}

/* Those that are not given are VALUE_EMPTY. */
static Status convert_all(const Binding *b, Value *values) {
  for (uint32_t i = 0; i < b->count; i++) {
    values[i] = VALUE_EMPTY;
    Status status = b->given[i] ? convert(b, i, &values[i]) : STATUS_OK;
    if (status == STATUS_OK) continue;
    while (i-- > 0) value_drop(values[i]);
    return status;
  }
  return STATUS_OK;
}

static Binding binding_of(const Object *object, uint32_t flow, Error *error) {
  return (Binding){.object = object,
                   .flow = flow,
                   .params = params_of(object, flow),
                   .count = object->flows[flow].param_count,
                   .error = error};
}

/* `give` decides which argument each parameter gets. */
static Status bind(Status (*give)(const Binding *, const FlowArg *, uint32_t),
                   Binding b, const FlowArg *args, uint32_t arg_count,
                   Value *values) {
  b.given = mem_alloc_zero((size_t)b.count + 1, sizeof(const FlowArg *));
  Status status = give(&b, args, arg_count);
  if (status == STATUS_OK) status = convert_all(&b, values);
  mem_free(b.given);
  return status;
}

Status flow_bind(const Object *object, uint32_t flow, const FlowArg *args,
                 uint32_t arg_count, Value *values, Error *error) {
  return bind(assign, binding_of(object, flow, error), args, arg_count, values);
}

Status flow_bind_some(const Object *object, uint32_t flow, const FlowArg *args,
                      uint32_t arg_count, Value *fixed, Error *error) {
  return bind(bind_names, binding_of(object, flow, error), args, arg_count,
              fixed);
}

/* ---- arguments from JSON ------------------------------------------------- */

/* One call of flow_bind_value. */
typedef struct ValueBinding {
  Binding b;
  const Value *fixed;
} ValueBinding;

static bool is_fixed(const ValueBinding *vb, uint32_t param) {
  return vb->fixed[param] != VALUE_EMPTY;
}

/* The only parameter that is left, or the count of all. */
static uint32_t single_param(const ValueBinding *vb) {
  uint32_t found = vb->b.count, left = 0;
  for (uint32_t i = 0; i < vb->b.count; i++) {
    if (is_fixed(vb, i)) continue;
    found = i;
    left++;
  }
  return left == 1 ? found : vb->b.count;
}

static bool takes_objects(const ValueBinding *vb, uint32_t param) {
  TypeView types = vb->b.object->types;
  uint16_t kind = types.rows[vb->b.params[param].type].kind;
  return kind == TYPE_KIND_JSON || kind == TYPE_KIND_RECORD;
}

/* Whether `line` itself is the argument of `param`. */
static bool is_argument(const ValueBinding *vb, Value line, uint32_t param) {
  if (param == vb->b.count) return false;
  if (value_kind(line) != VALUE_KIND_MAP) return true;
  bool is_named = value_length(line) == 1 &&
                  value_map_get(line, param_name(&vb->b, param)) != VALUE_EMPTY;
  return !is_named && takes_objects(vb, param);
}

static Status take_value(const ValueBinding *vb, uint32_t param, Value given,
                         Value *value) {
  Error cause = {0};
  Status status =
      value_convert(given, vb->b.object->types,
                    (TypeId)vb->b.params[param].type, value, &cause);
  if (status == STATUS_OK) return status;
  return fail(&vb->b, "the argument `%.*s` is wrong: %.400s",
              SLICE_ARG(param_name(&vb->b, param)), cause.message);
}

/* A key of `line` that is no parameter, or one that is decided. */
static Status check_keys(const ValueBinding *vb, Value line) {
  const MapValue *map = value_pointer(line);
  for (uint64_t i = 0; i < map->length; i++) {
    Slice key = value_to_slice(map->entries[2 * i]);
    uint32_t param = 0;
    while (param < vb->b.count && !slice_equal(param_name(&vb->b, param), key))
      param++;
    key.length = shown_bytes(key);
    if (param == vb->b.count)
      return fail(&vb->b, "there is no parameter `%.*s`", SLICE_ARG(key));
    if (is_fixed(vb, param))
      return fail(&vb->b, "the parameter `%.*s` is given twice",
                  SLICE_ARG(key));
  }
  return STATUS_OK;
}

static Status take_named(const ValueBinding *vb, Value line, uint32_t param,
                         Value *value) {
  Value given = value_map_get(line, param_name(&vb->b, param));
  if (given != VALUE_EMPTY) return take_value(vb, param, given, value);
  return fail(&vb->b, "the parameter `%.*s` is not given",
              SLICE_ARG(param_name(&vb->b, param)));
}

static Status take_param(const ValueBinding *vb, Value line, uint32_t whole,
                         uint32_t param, Value *value) {
  if (is_fixed(vb, param)) {
    *value = vb->fixed[param];
    value_take(*value, 1);
    return STATUS_OK;
  }
  if (param == whole) return take_value(vb, param, line, value);
  return take_named(vb, line, param, value);
}

Status flow_bind_value(const Object *object, uint32_t flow, Value line,
                       const Value *fixed, Value *values, Error *error) {
  ValueBinding vb = {.b = binding_of(object, flow, error), .fixed = fixed};
  uint32_t whole = single_param(&vb), done = 0;
  Status status = STATUS_OK;
  if (!is_argument(&vb, line, whole)) {
    if (value_kind(line) != VALUE_KIND_MAP)
      return fail(&vb.b, "an object with arguments by name is needed, not %s",
                  value_kind_words(line));
    whole = vb.b.count;
    status = check_keys(&vb, line);
  }
  while (status == STATUS_OK && done < vb.b.count) {
    status = take_param(&vb, line, whole, done, &values[done]);
    done += status == STATUS_OK;
  }
  while (status != STATUS_OK && done > 0) value_drop(values[--done]);
  return status;
}
