/* SPDX-License-Identifier: MIT
 *
 * `apxm doctor`: is everything there that a run needs? Looks and says; changes
 * nothing.
 */
#include <unistd.h>

#include "cli/cli.h"
#include "cli/doctor.h"
#include "lib/report.h"

static const char *const health_names[] = {"ok", "warning", "problem"};

/* ---- findings ------------------------------------------------------------ */

const char *doctor_text(Doctor *doctor, const char *format, ...) {
  Buf text = {0};
  va_list args;
  va_start(args, format);
  buf_addv(&text, format, args);
  va_end(args);
  const char *copy = arena_copy(&doctor->arena, text.data, text.length);
  buf_free(&text);
  return copy;
}

void doctor_add(Doctor *doctor, const char *area, Health health,
                const char *text, const char *next) {
  vec_push(&doctor->findings, ((Finding){area, health, text, next}));
}

bool doctor_needs_network(const Doctor *doctor) {
  for (uint32_t i = 0; doctor->rows && i < doctor->rows->items.length; i++) {
    const BackendRow *row = &doctor->rows->items.data[i];
    if (row->is_configured && row->config.url) return true;
  }
  return false;
}

static uint32_t count(const Doctor *doctor, Health health) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < doctor->findings.length; i++)
    found += doctor->findings.data[i].health == health;
  return found;
}

/* ---- how they look ------------------------------------------------------- */

static void add_finding(const Finding *finding, bool coloured, Buf *out) {
  static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
  const char *name = health_names[finding->health];
  if (coloured) buf_add_text(out, colours[finding->health]);
  buf_addf(out, "%-8s", name);
  if (coloured) buf_add_text(out, "\033[0m");
  buf_addf(out, " %s: ", finding->area);
  buf_add_visible(out, slice_of(finding->text));
  if (finding->next) {
    buf_add_text(out, "\n         -> ");
    buf_add_visible(out, slice_of(finding->next));
  }
  buf_add_char(out, '\n');
}

static void add_lines(const Doctor *doctor, Buf *out) {
  bool coloured = cli_may_colour(STDOUT_FILENO);
  uint32_t problems = count(doctor, HEALTH_PROBLEM);
  uint32_t warnings = count(doctor, HEALTH_WARNING);
  for (uint32_t i = 0; i < doctor->findings.length; i++)
    add_finding(&doctor->findings.data[i], coloured, out);
  buf_addf(out, "%u problem%s, %u warning%s\n", problems,
           problems == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

static void add_document(const Doctor *doctor, Buf *out) {
  cJSON *document = cJSON_CreateObject();
  cJSON_AddNumberToObject(document, "problems", count(doctor, HEALTH_PROBLEM));
  cJSON_AddNumberToObject(document, "warnings", count(doctor, HEALTH_WARNING));
  cJSON *list = cJSON_AddArrayToObject(document, "findings");
  for (uint32_t i = 0; i < doctor->findings.length; i++) {
    const Finding *finding = &doctor->findings.data[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "area", finding->area);
    cJSON_AddStringToObject(item, "health", health_names[finding->health]);
    cJSON_AddStringToObject(item, "text", finding->text);
    if (finding->next)
      cJSON_AddStringToObject(item, "next", finding->next);
    else
      cJSON_AddNullToObject(item, "next");
    cJSON_AddItemToArray(list, item);
  }
  report_add_document(document, true, out);
  cJSON_Delete(document);
}

/* ---- the configuration --------------------------------------------------- */

static void say_sound(Doctor *doctor) {
  const Config *config = doctor->config;
  for (uint32_t i = 0; i < config->files.length; i++)
    doctor_add(doctor, "configuration", HEALTH_OK,
               doctor_text(doctor, "%s is sound", config->files.data[i]), NULL);
  if (config->files.length == 0)
    doctor_add(doctor, "configuration", HEALTH_OK,
               "there is no file; calls go to sim, the embedded model",
               "`apxm init` writes one to begin with");
}

/* `error` is why it was not loaded. */
static void check_config(Doctor *doctor, const Error *error) {
  if (doctor->config)
    say_sound(doctor);
  else
    doctor_add(doctor, "configuration", HEALTH_PROBLEM,
               doctor_text(doctor, "%s", error->message),
               "what uses it will not start; mend it at that place");
}

/* ---- the command --------------------------------------------------------- */

static int report(const Cli *cli, const Doctor *doctor) {
  Buf text = {0};
  if (options_has(&cli->options, OPTION_JSON))
    add_document(doctor, &text);
  else
    add_lines(doctor, &text);
  int code = cli_print(cli, buf_slice(&text));
  buf_free(&text);
  if (code != EXIT_CODE_DONE) return code;
  return count(doctor, HEALTH_PROBLEM) > 0 ? EXIT_CODE_SETUP : EXIT_CODE_DONE;
}

static int examine(const Cli *cli, const Config *config, const Error *error) {
  Doctor doctor = {0};
  BackendRows rows = {0};
  bool is_sound = error->status == STATUS_OK;
  arena_init(&doctor.arena);
  doctor.has_file = !is_sound || config->files.length > 0;
  if (is_sound) {
    backend_rows_init(&rows, config);
    doctor.config = config;
    doctor.rows = &rows;
  }
  doctor_check_system(&doctor);
  check_config(&doctor, error);
  if (is_sound) doctor_check_backends(&doctor);
  int code = report(cli, &doctor);
  backend_rows_free(&rows);
  vec_free(&doctor.findings);
  arena_free(&doctor.arena);
  return code;
}

int cmd_doctor(const Cli *cli) {
  Config config;
  Error error = {0};
  int code = cli_want_words(cli, 0, 0);
  if (code != EXIT_CODE_DONE) return code;
  Status status = config_load(NULL, &config, &error);
  (void)status; /* `error` has it */
  code = examine(cli, &config, &error);
  config_free(&config);
  return code;
}
