/* SPDX-License-Identifier: MIT
 *
 * `apxm explain`: what the compiler's codes stand for, all of them in a line
 * each, or the longer story of those that are named.
 */
#include "cli/cli.h"
#include "core/base/explain.h"
#include "core/base/nearest.h"
#include "lib/report.h"

static void list_codes(Buf *out) {
  buf_add_text(out,
               "What each code stands for; `apxm explain CODE` says more."
               "\n\n");
  for (int i = 0; i < DIAG_CODE_COUNT; i++) {
    buf_addf(out, "%s  %s\n", diag_code_text((DiagCode)i),
             explain_summary((DiagCode)i));
  }
}

/* {code, severity, summary, text, wrong?, right?} */
static cJSON *make_entry(DiagCode code) {
  const Explanation *explanation = explain_of(code);
  cJSON *entry = cJSON_CreateObject();
  cJSON_AddStringToObject(entry, "code", diag_code_text(code));
  cJSON_AddStringToObject(entry, "severity",
                          diag_is_error(code) ? "error" : "warning");
  cJSON_AddStringToObject(entry, "summary", explain_summary(code));
  cJSON_AddStringToObject(entry, "text", explanation->text);
  if (explanation->wrong == NULL) return entry;
  cJSON_AddStringToObject(entry, "wrong", explanation->wrong);
  cJSON_AddStringToObject(entry, "right", explanation->right);
  return entry;
}

/* Spelling alone cannot tell near codes: E0102 is as far from E0101 as from
 * E0192. So what differs first counts most. */
static size_t common_prefix(const char *code, Slice name) {
  size_t length = 0;
  while (length < name.length && code[length] != '\0' &&
         (code[length] | 0x20) == (name.data[length] | 0x20))
    length++;
  return length;
}

/* Adds the codes that begin most like `name`, three at most. */
static void add_near(Slice name, Buf *out) {
  size_t longest = 1;
  for (int i = 0; i < DIAG_CODE_COUNT; i++) {
    size_t length = common_prefix(diag_code_text((DiagCode)i), name);
    if (length > longest) longest = length;
  }
  int shown = 0;
  for (int i = 0; i < DIAG_CODE_COUNT && longest > 1 && shown < 3; i++) {
    const char *code = diag_code_text((DiagCode)i);
    if (common_prefix(code, name) < longest) continue;
    buf_addf(out, "%s %s", shown++ > 0 ? "," : "; the nearest are", code);
  }
}

static int fail_unknown(const Cli *cli, const char *word) {
  Buf near = {0};
  add_near(slice_of(word), &near);
  int code = cli_fail(cli, EXIT_CODE_USAGE,
                      "there is no code `%s`%s; `apxm explain` lists them all",
                      word, near.data ? near.data : "");
  buf_free(&near);
  return code;
}

static void explain(const Cli *cli, const DiagCode *codes, uint32_t count,
                    Buf *out) {
  if (!options_has(&cli->options, OPTION_JSON)) {
    for (uint32_t i = 0; i < count; i++) {
      if (i > 0) buf_add_char(out, '\n');
      explain_add(codes[i], out);
    }
    if (count == 0) list_codes(out);
    return;
  }
  cJSON *document = cJSON_CreateArray();
  for (uint32_t i = 0; i < count; i++)
    cJSON_AddItemToArray(document, make_entry(codes[i]));
  for (int i = 0; i < DIAG_CODE_COUNT && count == 0; i++)
    cJSON_AddItemToArray(document, make_entry((DiagCode)i));
  report_add_document(document, true, out);
  cJSON_Delete(document);
}

int cmd_explain(const Cli *cli) {
  VEC(DiagCode) codes = {0};
  Buf text = {0};
  int code = EXIT_CODE_DONE;
  for (uint32_t i = 0; i < cli->word_count; i++) {
    DiagCode found = DIAG_CODE_COUNT;
    if (explain_find(slice_of(cli->words[i]), &found))
      vec_push(&codes, found);
    else
      code = fail_unknown(cli, cli->words[i]);
  }
  if (code == EXIT_CODE_DONE) {
    explain(cli, codes.data, codes.length, &text);
    code = cli_print(cli, buf_slice(&text));
  }
  buf_free(&text);
  vec_free(&codes);
  return code;
}
