/* SPDX-License-Identifier: MIT
 *
 * `apxm lsp`: the language server on standard input and output, for editors.
 */
#include <unistd.h>

#include "cli/cli.h"
#include "lsp/server.h"

/* A client that goes without a word has crashed, or is no client. */
int cmd_lsp(const Cli *cli) {
  int code = cli_want_words(cli, 0, 0);
  if (code != EXIT_CODE_DONE) return code;
  return lsp_serve(STDIN_FILENO, STDOUT_FILENO) ? EXIT_CODE_DONE
                                                : EXIT_CODE_FAILED;
}
