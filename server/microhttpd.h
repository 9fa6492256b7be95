/* SPDX-License-Identifier: MIT
 *
 * libmicrohttpd, loaded on first use: a program that serves nothing does not
 * pay for it. `mhd.MHD_run(daemon)` is MHD_run(daemon).
 */
#ifndef APXM_SERVER_MICROHTTPD_H
#define APXM_SERVER_MICROHTTPD_H

#include <microhttpd.h>

#include "core/base/status.h"

#define MICROHTTPD_FUNCTIONS(X)                         \
  X(MHD_start_daemon)                                   \
  X(MHD_stop_daemon)                                    \
  X(MHD_run)                                            \
  X(MHD_get_timeout)                                    \
  X(MHD_get_daemon_info)                                \
  X(MHD_add_connection)                                 \
  X(MHD_get_connection_info)                            \
  X(MHD_suspend_connection)                             \
  X(MHD_resume_connection)                              \
  X(MHD_lookup_connection_value)                        \
  X(MHD_create_response_from_buffer_with_free_callback) \
  X(MHD_create_response_from_callback)                  \
  X(MHD_add_response_header)                            \
  X(MHD_queue_response)                                 \
  X(MHD_destroy_response)

typedef struct Microhttpd {
#define X(name) __typeof__(name) *name;
  MICROHTTPD_FUNCTIONS(X)
#undef X
} Microhttpd;

/* Immutable once microhttpd_load has returned STATUS_OK. */
extern Microhttpd mhd;

/* Main thread, before any other use. STATUS_NOT_FOUND: it is not installed. */
Status microhttpd_load(Error *error) MUST_USE;

#endif
