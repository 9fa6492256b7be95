/* SPDX-License-Identifier: MIT
 *
 * A file is closed, and the messages about it.
 */
#include "cli/trace_output.h"

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
