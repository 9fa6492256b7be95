/* SPDX-License-Identifier: MIT
 *
 * The table of libmicrohttpd's functions.
 */
#include "server/microhttpd.h"

#include "core/base/library.h"

Microhttpd mhd;

Status microhttpd_load(Error *error) {
  static const char *const names[] = {
#define X(name) #name,
      MICROHTTPD_FUNCTIONS(X)
#undef X
  };
  return library_load("libmicrohttpd.so.12", "libmicrohttpd12", names, &mhd,
                      sizeof names / sizeof names[0], error);
}
