/* SPDX-License-Identifier: MIT
 *
 * The language server: one client, one thread. Messages are handled in the
 * order in which they come; what a change did to the messages of a document is
 * published when no further message waits, so that fast typing costs one
 * analysis and not one a key.
 */
#ifndef APXM_LSP_SERVER_H
#define APXM_LSP_SERVER_H

#include <stdbool.h>

/* Serves the client on two descriptors until it says `exit` or has gone.
 * Returns whether it said `shutdown` before. */
bool lsp_serve(int in, int out);

#endif
