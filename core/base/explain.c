/* SPDX-License-Identifier: MIT
 *
 * Two tables joined by the code's name. That each code has an explanation is a
 * test's business (test_explain.c); that none has two, and that there is none
 * for a code that does not exist, the compiler sees here.
 */
#include "core/base/explain.h"

#include <strings.h>

static const char *const summaries[] = {
#define X(name, code, text) text,
#include "core/base/diagnostics.def"
#undef X
};

static const Explanation explanations[DIAG_CODE_COUNT] = {
#define X(name, text, wrong, right) [DIAG_##name] = {text, wrong, right},
#include "core/base/explanations.def"
#include "core/base/explanations_use.def"
#undef X
};

const char *explain_summary(DiagCode code) {
  return summaries[code];
}

const Explanation *explain_of(DiagCode code) {
  return &explanations[code];
}

bool explain_find(Slice name, DiagCode *code) {
  for (int i = 0; i < DIAG_CODE_COUNT; i++) {
    Slice text = slice_of(diag_code_text((DiagCode)i));
    if (text.length != name.length ||
        strncasecmp(text.data, name.data, name.length) != 0)
      continue;
    *code = (DiagCode)i;
    return true;
  }
  return false;
}

static void add_program(const char *title, const char *program, Buf *out) {
  buf_addf(out, "\n%s:\n\n", title);
  for (const char *line = program; *line != '\0';) {
    const char *end = strchr(line, '\n');
    if (end > line) buf_add_text(out, "    ");
    buf_add(out, line, (size_t)(end - line) + 1);
    line = end + 1;
  }
}

void explain_add(DiagCode code, Buf *out) {
  const Explanation *explanation = &explanations[code];
  buf_addf(out, "%s: %s\n\n%s", diag_code_text(code), summaries[code],
           explanation->text);
  if (explanation->wrong == NULL) return;
  add_program("Wrong", explanation->wrong, out);
  add_program("Right", explanation->right, out);
}
