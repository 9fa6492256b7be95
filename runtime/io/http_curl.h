/* SPDX-License-Identifier: MIT
 *
 * libcurl as a table of functions, since it is loaded on first use.
 */
#ifndef APXM_RUNTIME_IO_HTTP_CURL_H
#define APXM_RUNTIME_IO_HTTP_CURL_H

/* Its type checks are macros that take the names of functions. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

typedef struct CurlApi {
#define X(name) __typeof__(curl_##name) *name;
#include "runtime/io/http_curl.def"
#undef X
} CurlApi;

#endif
