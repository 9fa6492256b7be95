/* SPDX-License-Identifier: MIT
 *
 * Sources as somebody's program would write them.
 */
#include "cli/bench_source.h"

#include <stdbool.h>

enum { GROUP = 8 };

static void add_prompt(uint32_t i, Buf *out) {
  buf_addf(out, "Section %u of the report: what does it say, in one line?", i);
}

/* `readers`: how many asks before this one it reads. */
static void add_ask(uint32_t i, uint32_t readers, Buf *out) {
  buf_add_text(out, "        ask(\"");
  add_prompt(i, out);
  buf_add_char(out, '"');
  for (uint32_t k = readers; k > 0; k--) buf_addf(out, ", a%u", i - k);
  buf_addf(out, ") -> a%u\n", i);
}

static void begin(Buf *out) {
  buf_add_text(out,
               "agent Bench {\n"
               "    @entry flow main() -> str {\n");
}

static void end(Buf *out) {
  buf_add_text(out,
               ") -> all\n"
               "        return all\n"
               "    }\n"
               "}\n");
}

/* Whether no ask reads the reply of ask `i`. */
static bool is_last(uint32_t i, uint32_t asks) {
  return i % GROUP == GROUP - 1 || i >= asks - asks % GROUP;
}

/* The operands of the merge, eight a line. */
static void add_operand(uint32_t i, uint32_t *count, Buf *out) {
  const char *before = *count == 0       ? ""
                       : *count % 8 == 0 ? ",\n          "
                                         : ", ";
  buf_addf(out, "%sa%u", before, i);
  (*count)++;
}

void bench_source_groups(uint32_t asks, Buf *out) {
  uint32_t count = 0;
  begin(out);
  for (uint32_t i = 0; i < asks; i++)
    add_ask(i, i % GROUP == GROUP - 1 ? GROUP - 1 : 0, out);
  buf_add_text(out, "        merge(");
  for (uint32_t i = 0; i < asks; i++)
    if (is_last(i, asks)) add_operand(i, &count, out);
  end(out);
}

void bench_source_fan(uint32_t asks, Buf *out) {
  uint32_t count = 0;
  begin(out);
  for (uint32_t i = 0; i < asks; i++) add_ask(i, 0, out);
  buf_add_text(out, "        merge(");
  for (uint32_t i = 0; i < asks; i++) add_operand(i, &count, out);
  end(out);
}
