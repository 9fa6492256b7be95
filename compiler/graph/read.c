/* SPDX-License-Identifier: MIT
 *
 * A JSON document taken apart into graphs, nodes, parameters and edges. All
 * that is wrong with the shape is reported here, with its place; what the nodes
 * mean is looked at later. A document is one graph, or a list of them under
 * "graphs"; records are declared under "types".
 */
#include <ctype.h>
#include <string.h>

#include "compiler/graph/graph_int.h"
#include "compiler/ir/verify.h"
#include "core/base/nearest.h"

/* ---- members ------------------------------------------------------------- */

static Diag *fail(GraphReader *reader, DiagCode code, Span span,
                  const char *message) {
  Diag *diag = diag_report(reader->sink, code, span, "%s", message);
  diag->label = "here";
  return diag;
}

/* The member `key`, NULL when it is not there, or reported when it is not of
 * this kind or missing and needed. */
static const Tree *member(GraphReader *reader, const Tree *object,
                          const char *key, TreeKind kind, bool is_needed) {
  const Tree *found = tree_member(object, key);
  if (found == NULL && !is_needed) return NULL;
  if (found != NULL && found->kind == kind) return found;
  Span span = found ? found->span : object->span;
  Diag *diag =
      found ? diag_report(reader->sink, DIAG_GRAPH_SHAPE, span,
                          "`%s` is %s, not %s", key,
                          tree_kind_name(found->kind), tree_kind_name(kind))
            : diag_report(reader->sink, DIAG_GRAPH_SHAPE, span,
                          "`%s` is missing", key);
  diag->label =
      found ? diag_text(reader->sink, "must be %s", tree_kind_name(kind))
            : diag_text(reader->sink, "needs `%s`, %s", key,
                        tree_kind_name(kind));
  return NULL;
}

/* A text that may not be empty; an empty slice when it was reported. */
static Slice name_of(GraphReader *reader, const Tree *object, const char *key,
                     Span *span) {
  const Tree *name = member(reader, object, key, TREE_TEXT, true);
  if (name == NULL) return SLICE("");
  *span = name->span;
  if (name->text.length > 0) return name->text;
  Diag *diag = diag_report(reader->sink, DIAG_GRAPH_NAME, name->span,
                           "`%s` is the empty text", key);
  diag->label = "a name is needed";
  return SLICE("");
}

/* ---- types --------------------------------------------------------------- */

typedef struct TypeWord {
  const char *word;
  TypeId type;
} TypeWord;

static const TypeWord type_words[] = {
    {"str", TYPE_TEXT},      {"string", TYPE_TEXT}, {"token", TYPE_TEXT},
    {"response", TYPE_TEXT}, {"num", TYPE_NUM},     {"number", TYPE_NUM},
    {"int", TYPE_NUM},       {"float", TYPE_NUM},   {"bool", TYPE_BOOL},
    {"json", TYPE_JSON},     {"goal", TYPE_JSON},   {"handle", TYPE_JSON},
    {"object", TYPE_JSON},   {"any", TYPE_JSON},    {"void", TYPE_VOID},
};
enum { TYPE_WORDS = sizeof type_words / sizeof *type_words };

static TypeId find_type(GraphReader *reader, Slice name) {
  static const char open[] = "list<";
  if (slice_starts_with(name, SLICE(open)) &&
      slice_ends_with(name, SLICE(">"))) {
    size_t begin = sizeof open - 1;
    Slice inner = slice_from(name.data + begin, name.length - begin - 1);
    if (slice_equal_text(inner, "?")) /* of the empty list */
      return type_list_of(reader->types, TYPE_NONE);
    TypeId element = find_type(reader, inner);
    return element == TYPE_NONE ? TYPE_NONE
                                : type_list_of(reader->types, element);
  }
  for (int i = 0; i < TYPE_WORDS; i++) {
    if (slice_equal_text(name, type_words[i].word)) return type_words[i].type;
  }
  for (uint32_t i = 0; i < reader->types->rows.length; i++) {
    TypeRow row = reader->types->rows.data[i];
    if (row.kind == TYPE_KIND_RECORD &&
        slice_equal(reader->types->records.data[row.element].name, name))
      return (TypeId)i;
  }
  return TYPE_NONE;
}

TypeId graph_read_type(GraphReader *reader, const Tree *tree) {
  TypeId type = find_type(reader, tree->text);
  if (type != TYPE_NONE) return type;
  Nearest nearest = nearest_new(tree->text, NULL);
  for (int i = 0; i < TYPE_WORDS; i++)
    nearest_offer(&nearest, slice_of(type_words[i].word));
  Slice near = nearest_found(&nearest);
  Diag *diag = diag_report(reader->sink, DIAG_UNKNOWN_TYPE, tree->span,
                           "unknown type `%.*s`", SLICE_ARG(tree->text));
  diag->label = "no such type";
  if (near.length > 0)
    diag->help =
        diag_text(reader->sink, "did you mean `%.*s`?", SLICE_ARG(near));
  return TYPE_NONE;
}

static bool read_fields(GraphReader *reader, const Tree *record, TypeId type) {
  const Tree *fields = member(reader, record, "fields", TREE_LIST, true);
  if (fields == NULL) return false;
  for (const Tree *at = fields->first; at != NULL; at = at->next) {
    Span span;
    Slice name = name_of(reader, at, "name", &span);
    const Tree *word = member(reader, at, "type_name", TREE_TEXT, true);
    TypeId of = word ? graph_read_type(reader, word) : TYPE_NONE;
    if (name.length == 0 || of == TYPE_NONE) return false;
    type_add_field(reader->types, type, name, of);
  }
  return true;
}

/* Names first: a field may be of any record. */
static bool read_types(GraphReader *reader, const Tree *document) {
  const Tree *types = member(reader, document, "types", TREE_LIST, false);
  VEC(TypeId) made = {0};
  bool right = true;
  for (const Tree *at = types ? types->first : NULL; at; at = at->next) {
    Span span;
    Slice name = name_of(reader, at, "name", &span);
    TypeId type =
        name.length > 0 ? type_record(reader->types, name) : TYPE_NONE;
    vec_push(&made, type);
    right = right && type != TYPE_NONE;
  }
  uint32_t i = 0;
  for (const Tree *at = types ? types->first : NULL; at && right; at = at->next)
    right = read_fields(reader, at, made.data[i++]);
  vec_free(&made);
  return right;
}

/* ---- parameters ---------------------------------------------------------- */

static bool read_param(GraphReader *reader, const Tree *tree, Map *names,
                       GraphParam *param) {
  uint32_t seen;
  const Tree *word = member(reader, tree, "type_name", TREE_TEXT, false);
  param->name = name_of(reader, tree, "name", &param->span);
  param->type = word ? graph_read_type(reader, word) : TYPE_TEXT;
  if (param->name.length == 0 || param->type == TYPE_NONE) return false;
  if (param->type == TYPE_VOID) {
    fail(reader, DIAG_VOID_TYPE, word->span, "a parameter cannot be void");
    return false;
  }
  if (map_get(names, param->name, &seen)) {
    fail(reader, DIAG_GRAPH_NAME, param->span, "two parameters of one name");
    return false;
  }
  map_set(names, param->name, 0);
  return true;
}

static bool read_params(GraphReader *reader, GraphDoc *doc) {
  const Tree *list = member(reader, doc->tree, "parameters", TREE_LIST, false);
  Map names = {0};
  bool right = true;
  if (list == NULL) return true;
  doc->params = ARENA_ARRAY(reader->arena, GraphParam, list->count);
  for (const Tree *at = list->first; at != NULL; at = at->next)
    right &= read_param(reader, at, &names, &doc->params[doc->param_count++]);
  map_free(&names);
  if (right && doc->param_count > LIMIT_GRAPH_PARAMS - SPACE_COUNT) {
    fail(reader, DIAG_PARAM_LIMIT, list->span, "too many parameters");
    right = false;
  }
  return right;
}

/* ---- nodes --------------------------------------------------------------- */

static bool fail_op(GraphReader *reader, const GraphNode *node) {
  Slice near;
  graph_offer_ops(node->op_name, &near);
  Diag *diag = diag_report(reader->sink, DIAG_GRAPH_OP, node->op_span,
                           "node `%.*s`: unknown operation `%.*s`",
                           SLICE_ARG(node->name), SLICE_ARG(node->op_name));
  diag->label = "no such operation";
  if (near.length > 0)
    diag->help =
        diag_text(reader->sink, "did you mean `%.*s`?", SLICE_ARG(near));
  return false;
}

static bool find_op(GraphReader *reader, GraphNode *node) {
  GraphOp op;
  if (!graph_find_op(node->op_name, &op)) return fail_op(reader, node);
  node->form = op.form;
  node->op = op.op;
  if (op.form != FORM_LATER) return true;
  Diag *diag = diag_report(reader->sink, DIAG_GRAPH_LATER, node->op_span,
                           "node `%.*s`: this version reads no `%.*s`",
                           SLICE_ARG(node->name), SLICE_ARG(node->op_name));
  diag->label = "not there yet";
  return false;
}

/* The id's digits; an empty slice when it was reported. */
static Slice id_of(GraphReader *reader, const Tree *object, const char *key) {
  const Tree *id = member(reader, object, key, TREE_NUM, true);
  if (id == NULL) return SLICE("");
  for (size_t i = 0; i < id->text.length; i++) {
    if (isdigit((unsigned char)id->text.data[i])) continue;
    fail(reader, DIAG_GRAPH_NAME, id->span,
         "an id is a whole number from 0 on");
    return SLICE("");
  }
  return id->text;
}

static bool add_id(GraphReader *reader, const Tree *tree, Map *ids,
                   uint32_t row) {
  uint32_t first;
  Slice id = id_of(reader, tree, "id");
  if (id.length == 0) return false;
  if (map_get(ids, id, &first)) {
    Diag *diag = diag_report(reader->sink, DIAG_GRAPH_NAME,
                             tree_member(tree, "id")->span,
                             "two nodes have the id %.*s", SLICE_ARG(id));
    diag->label = "used before";
    return false;
  }
  map_set(ids, id, row);
  return true;
}

static bool read_regions(GraphReader *reader, GraphNode *node) {
  const Tree *cases =
      member(reader, node->attributes, "case_regions", TREE_LIST, true);
  const Tree *rest = tree_member(node->attributes, "default_region");
  bool right = cases != NULL;
  node->has_default = rest != NULL && rest->kind != TREE_NULL;
  node->region_count = (cases ? cases->count : 0) + node->has_default;
  node->regions =
      ARENA_ARRAY(reader->arena, GraphDoc *, node->region_count + 1);
  GraphDoc **region = node->regions;
  for (const Tree *at = cases ? cases->first : NULL; at; at = at->next)
    right &= (*region++ = graph_read_doc(reader, at, true)) != NULL;
  if (node->has_default)
    right &= (*region = graph_read_doc(reader, rest, true)) != NULL;
  return right;
}

static bool read_node(GraphReader *reader, const Tree *tree, GraphNode *node) {
  node->span = tree->span;
  node->value = node->done = IR_REF_NONE;
  node->name = name_of(reader, tree, "name", &node->span);
  node->op_name = name_of(reader, tree, "op", &node->op_span);
  node->attributes = member(reader, tree, "attributes", TREE_OBJECT, false);
  node->type = member(reader, tree, "type", TREE_TEXT, false);
  if (node->name.length == 0 || node->op_name.length == 0) return false;
  if (!find_op(reader, node)) return false;
  const Tree *on_fail = tree_member(node->attributes, "on_fail");
  if (node->op == OP_GUARD && on_fail &&
      slice_equal_text(on_fail->text, "skip"))
    reader->has_skip = true;
  if (node->form != FORM_SWITCH) return true;
  if (node->attributes != NULL) return read_regions(reader, node);
  fail(reader, DIAG_GRAPH_ATTRIBUTE, node->span,
       "a SWITCH needs `case_labels` and `case_regions`");
  return false;
}

static bool read_nodes(GraphReader *reader, GraphDoc *doc, Map *ids) {
  const Tree *list = member(reader, doc->tree, "nodes", TREE_LIST, true);
  bool right = list != NULL;
  if (right && list->count == 0) {
    fail(reader, DIAG_GRAPH_SHAPE, list->span, "a graph needs a node");
    return false;
  }
  doc->nodes = ARENA_ARRAY(reader->arena, GraphNode, list ? list->count : 0);
  for (const Tree *at = list ? list->first : NULL; at; at = at->next) {
    right &= add_id(reader, at, ids, doc->node_count);
    right &= read_node(reader, at, &doc->nodes[doc->node_count++]);
  }
  return right;
}

/* ---- edges --------------------------------------------------------------- */

static bool find_end(GraphReader *reader, const Tree *edge, const char *key,
                     const Map *ids, uint32_t *row) {
  Slice id = id_of(reader, edge, key);
  if (id.length == 0) return false;
  if (map_get(ids, id, row)) return true;
  Diag *diag = diag_report(
      reader->sink, DIAG_GRAPH_EDGE, tree_member(edge, key)->span,
      "an edge %s node %.*s, which does not exist",
      strcmp(key, "to") == 0 ? "leads to" : "begins at", SLICE_ARG(id));
  diag->label = "no such node";
  return false;
}

static bool find_param(GraphReader *reader, const GraphDoc *doc,
                       const Tree *name, uint32_t *row) {
  for (uint32_t i = 0; i < doc->param_count; i++) {
    if (!slice_equal(doc->params[i].name, name->text)) continue;
    *row = i;
    return true;
  }
  Diag *diag = diag_report(reader->sink, DIAG_GRAPH_EDGE, name->span,
                           "an edge begins at the parameter `%.*s`, which does "
                           "not exist",
                           SLICE_ARG(name->text));
  diag->label = "no such parameter";
  return false;
}

static bool find_kind(GraphReader *reader, const Tree *edge,
                      GraphEdgeKind *kind) {
  static const char *const words[] = {"Data", "Control", "Effect"};
  const Tree *word = member(reader, edge, "dependency", TREE_TEXT, false);
  *kind = EDGE_DATA;
  if (word == NULL) return true;
  for (int i = 0; i < 3; i++) {
    *kind = (GraphEdgeKind)i;
    if (slice_equal_text(word->text, words[i])) return true;
  }
  Diag *diag = diag_report(reader->sink, DIAG_GRAPH_EDGE, word->span,
                           "unknown dependency `%.*s`", SLICE_ARG(word->text));
  diag->label = "Data, Control or Effect";
  return false;
}

static bool read_edge(GraphReader *reader, GraphDoc *doc, const Tree *tree,
                      const Map *ids) {
  GraphEdge edge = {.span = tree->span};
  const Tree *param = tree_member(tree, "parameter");
  bool right = find_end(reader, tree, "to", ids, &edge.to);
  edge.from.is_param = param != NULL;
  if (param != NULL)
    right &= (param = member(reader, tree, "parameter", TREE_TEXT, true)) &&
             find_param(reader, doc, param, &edge.from.index);
  else
    right &= find_end(reader, tree, "from", ids, &edge.from.index);
  right &= find_kind(reader, tree, &edge.kind);
  if (right) vec_push(&doc->edges, edge);
  return right;
}

static bool read_edges(GraphReader *reader, GraphDoc *doc, const Map *ids) {
  const Tree *list = member(reader, doc->tree, "edges", TREE_LIST, false);
  bool right = true;
  for (const Tree *at = list ? list->first : NULL; at != NULL; at = at->next)
    right &= read_edge(reader, doc, at, ids);
  return right;
}

/* ---- a graph ------------------------------------------------------------- */

static Slice text_or(const Tree *object, const char *key, Slice otherwise) {
  const Tree *found = tree_member(object, key);
  bool is_there = found && found->kind == TREE_TEXT && found->text.length > 0;
  return is_there ? found->text : otherwise;
}

/* "Agent.flow" of the name, unless the metadata say otherwise. */
static void name_flow(GraphReader *reader, GraphDoc *doc) {
  const Tree *metadata =
      member(reader, doc->tree, "metadata", TREE_OBJECT, false);
  const Tree *entry = tree_member(metadata, "is_entry");
  const char *dot = memchr(doc->name.data, '.', doc->name.length);
  Slice agent = doc->name;
  Slice flow = SLICE("main");
  if (dot != NULL && dot > doc->name.data &&
      dot + 1 < doc->name.data + doc->name.length) {
    agent.length = (size_t)(dot - doc->name.data);
    flow = slice_from(dot + 1, doc->name.length - agent.length - 1);
  }
  doc->agent = text_or(metadata, "source_agent", agent);
  doc->flow = text_or(metadata, "source_flow", flow);
  doc->entry = entry == NULL || entry->kind != TREE_BOOL || entry->boolean;
}

static bool read_result(GraphReader *reader, GraphDoc *doc) {
  const Tree *word = member(reader, doc->tree, "result", TREE_TEXT, false);
  doc->result = TYPE_NONE;
  if (word == NULL) return true;
  doc->result = graph_read_type(reader, word);
  doc->is_declared = doc->result != TYPE_NONE;
  return doc->is_declared;
}

GraphDoc *graph_read_doc(GraphReader *reader, const Tree *tree,
                         bool is_region) {
  GraphDoc *doc = ARENA_NEW(reader->arena, GraphDoc);
  Map ids = {0};
  *doc = (GraphDoc){.tree = tree, .span = tree->span, .is_region = is_region};
  if (tree->kind != TREE_OBJECT) {
    fail(reader, DIAG_GRAPH_SHAPE, tree->span, "a graph is an object");
    return NULL;
  }
  bool right = true;
  if (!is_region) {
    doc->name = name_of(reader, tree, "name", &doc->span);
    right = doc->name.length > 0 && read_params(reader, doc);
    if (right) name_flow(reader, doc);
  } else {
    right = read_params(reader, doc);
  }
  right &= read_result(reader, doc);
  right &= read_nodes(reader, doc, &ids);
  right = right && read_edges(reader, doc, &ids);
  right = right && graph_sort(reader, doc);
  map_free(&ids);
  vec_free(&doc->edges);
  return right ? doc : NULL;
}

/* ---- the document -------------------------------------------------------- */

Slice graph_flow_key(GraphReader *reader, Slice agent, Slice flow) {
  Buf key = {0};
  buf_addf(&key, "%.*s\n%.*s", SLICE_ARG(agent), SLICE_ARG(flow));
  const char *copy = arena_copy(reader->arena, key.data, key.length);
  Slice slice = slice_from(copy, key.length);
  buf_free(&key);
  return slice;
}

static bool add_doc(GraphReader *reader, const Tree *tree) {
  GraphDoc *doc = graph_read_doc(reader, tree, false);
  uint32_t other;
  if (doc == NULL) return false;
  Slice key = graph_flow_key(reader, doc->agent, doc->flow);
  if (map_get(&reader->flows, key, &other)) {
    Diag *diag = diag_report(reader->sink, DIAG_GRAPH_NAME, doc->span,
                             "two graphs are the flow `%.*s.%.*s`",
                             SLICE_ARG(doc->agent), SLICE_ARG(doc->flow));
    diag->label = "the second of them";
    return false;
  }
  map_set(&reader->flows, key, reader->docs.length);
  vec_push(&reader->docs, doc);
  return true;
}

static bool read_document(GraphReader *reader, const Tree *document) {
  if (document->kind == TREE_OBJECT && !tree_member(document, "nodes") &&
      !tree_member(document, "graphs")) {
    Diag *diag = fail(reader, DIAG_GRAPH_SHAPE, document->span,
                      "an object that is no graph");
    diag->label = "needs a list `nodes`, or a list `graphs`";
    return false;
  }
  if (!read_types(reader, document)) return false;
  if (!tree_member(document, "graphs")) return add_doc(reader, document);
  const Tree *graphs = member(reader, document, "graphs", TREE_LIST, true);
  bool right = graphs != NULL && graphs->count > 0;
  if (graphs != NULL && graphs->count == 0)
    fail(reader, DIAG_GRAPH_SHAPE, graphs->span, "a program needs a graph");
  for (const Tree *at = graphs ? graphs->first : NULL; at; at = at->next)
    right &= add_doc(reader, at);
  return right;
}

/* Only what the document alone cannot show is left to the verifier: that
 * values which other operations made are of the types they declare. */
static bool is_sound(GraphReader *reader) {
  Buf why = {0};
  bool sound = ir_verify(reader->program, &why);
  if (!sound) {
    Diag *diag =
        diag_report(reader->sink, DIAG_GRAPH_INPUTS, reader->docs.data[0]->span,
                    "the graph does not fit together: %s", why.data);
    diag->label = "in this document";
  }
  buf_free(&why);
  return sound;
}

static bool lower_all(GraphReader *reader) {
  bool right = true;
  for (uint32_t i = 0; i < reader->docs.length; i++) {
    reader->docs.data[i]->row = i;
    vec_push(&reader->program->graphs, (IrGraph){0});
    vec_push(&reader->program->flows, (IrFlow){0});
  }
  right = graph_resolve(reader);
  for (uint32_t i = 0; i < reader->docs.length && right; i++)
    right = graph_lower(reader, reader->docs.data[i]);
  return right && is_sound(reader);
}

bool graph_is_json(Slice text) {
  size_t at = slice_starts_with(text, SLICE("\xEF\xBB\xBF")) ? 3 : 0;
  while (at < text.length && strchr(" \t\r\n", text.data[at]) != NULL &&
         text.data[at] != '\0')
    at++;
  return at < text.length && text.data[at] == '{';
}

IrProgram *graph_read(const Source *source, TypeTable *types, Arena *arena,
                      DiagSink *sink) {
  GraphReader reader = {
      .source = source, .types = types, .arena = arena, .sink = sink};
  JsonFault fault;
  Tree *document = tree_read(source->text, arena, &fault);
  bool right = document != NULL;
  if (!right) {
    Diag *diag = fail(&reader, DIAG_GRAPH_JSON, (Span){(uint32_t)fault.at, 0},
                      "this begins like graph JSON and is none");
    diag->label = fault.what;
  }
  uint32_t errors = sink->error_count;
  right = right && read_document(&reader, document) &&
          sink->error_count == errors; /* an optional part may be wrong, too */
  if (right) {
    reader.program = ir_new(source, types, arena);
    right = lower_all(&reader);
  }
  vec_free(&reader.docs);
  map_free(&reader.flows);
  if (right) return reader.program;
  ir_free(reader.program);
  return NULL;
}
