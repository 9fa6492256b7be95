/* SPDX-License-Identifier: MIT
 *
 * Shared libraries loaded on first use. What a command does not need costs it
 * nothing: libcurl and its forty dependencies take several times as long to
 * load as the whole rest of the program. A module that uses one keeps a table
 * of its functions:
 *
 *     #define CURL_FUNCTIONS(X) X(curl_easy_init) X(curl_easy_perform)
 *     typedef struct CurlApi {
 *     #define X(name) __typeof__(name) *name;
 *       CURL_FUNCTIONS(X)
 *     #undef X
 *     } CurlApi;
 */
#ifndef APXM_CORE_BASE_LIBRARY_H
#define APXM_CORE_BASE_LIBRARY_H

#include <stddef.h>

#include "core/base/status.h"

/* Loads `file` ("libcurl.so.4") and stores the address of each of the `count`
 * functions `names` in the array of function pointers `functions`, in order.
 * The library stays loaded for good. Any thread; loading twice does no harm.
 * STATUS_NOT_FOUND, with a message that names `package` as what to install:
 * it is not there, or lacks a function. */
Status library_load(const char *file, const char *package,
                    const char *const *names, void *functions, size_t count,
                    Error *error) MUST_USE;

#endif
