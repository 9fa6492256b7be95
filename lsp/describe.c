/* SPDX-License-Identifier: MIT
 *
 * See describe.h.
 */
#include "lsp/describe.h"

void describe_type(const Analysis *analysis, TypeId type, Buf *out) {
  if (type == TYPE_NONE) return;
  type_add_name(type_table_view(&analysis->types), type, out);
}

void describe_written(const AstType *type, Buf *out) {
  uint32_t open = 0;
  for (; type != NULL; type = type->element) {
    buf_add_slice(out, type->name.text);
    if (type->element == NULL) continue;
    buf_add_char(out, '<');
    open++;
  }
  buf_add_repeat(out, '>', open);
}

void describe_binding(const Analysis *analysis, const AstBinding *binding,
                      Buf *out) {
  buf_add_slice(out, binding->name.text);
  if (binding->type == TYPE_NONE) return;
  buf_add_text(out, ": ");
  describe_type(analysis, binding->type, out);
}

void describe_flow(const Analysis *analysis, const AstFlow *flow, Buf *out) {
  buf_addf(out, "%sflow %.*s.%.*s(", flow->entry ? "@entry " : "",
           SLICE_ARG(flow->agent->name.text), SLICE_ARG(flow->name.text));
  for (const AstParam *param = flow->params; param; param = param->next) {
    buf_add_slice(out, param->name.text);
    buf_add_text(out, ": ");
    describe_written(param->declared, out);
    if (param->next != NULL) buf_add_text(out, ", ");
  }
  buf_add_char(out, ')');
  bool known = flow->declared == NULL && flow->result != TYPE_NONE &&
               flow->result != TYPE_VOID;
  if (flow->declared != NULL || known) buf_add_text(out, " -> ");
  describe_written(flow->declared, out);
  if (known) describe_type(analysis, flow->result, out);
}

void describe_record(const AstRecord *record, Buf *out) {
  buf_addf(out, "type %.*s {", SLICE_ARG(record->name.text));
  for (const AstField *field = record->fields; field; field = field->next) {
    buf_addf(out, " %.*s: ", SLICE_ARG(field->name.text));
    describe_written(field->declared, out);
    if (field->next != NULL) buf_add_char(out, ',');
  }
  buf_add_text(out, " }");
}
