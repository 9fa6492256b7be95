/* SPDX-License-Identifier: MIT
 *
 * What the program adds to a trace: the name of the run, which Perfetto shows
 * as that of a process.
 */
#include "cli/trace_output.h"

void trace_output_add(TraceFile *file, const Trace *trace,
                      const Session *session) {
  const Program *program = session->program;
  const Object *object = program->object;
  const ObjFlow *flow = &object->flows[session->flow];
  Buf title = {0};
  buf_add_slice(&title, object_text(object, object->graphs[flow->graph].name));
  buf_addf(&title, " of %s", program->name);
  trace_file_add(
      file, trace,
      &(TraceHead){.object = object,
                   .title = title.data,
                   .status = run_status_text(session_status(session))});
  buf_free(&title);
}

int trace_output_close(const Cli *cli, TraceFile *file,
                       const OutputFile *output) {
  Error error = {0};
  unsigned long long dropped = file->dropped;
  if (trace_file_close(file, &error) != STATUS_OK)
    return cli_fail(cli, EXIT_CODE_FAILED, "%s: %s", output->option,
                    error.message);
  if (dropped > 0)
    cli_note(cli,
             "%s lacks %llu events: a trace holds about %d of them; trace a "
             "smaller run",
             output->path, dropped, LIMIT_TRACE_EVENTS);
  cli_info(cli, "wrote %s", output->path);
  return EXIT_CODE_DONE;
}
