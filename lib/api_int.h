/* SPDX-License-Identifier: MIT
 *
 * What the files behind include/apxm.h share: handles, texts that live as long
 * as their handle, and our errors in the caller's struct.
 */
#ifndef APXM_LIB_API_INT_H
#define APXM_LIB_API_INT_H

#include "core/base/arena.h"
#include "core/config/config.h"
#include "include/apxm.h"
#include "lib/program.h"
#include "runtime/engine/engine.h"

struct apxm_program {
  Program program;
  Buf *names;      /* by flow */
  Buf *signatures; /* by flow */
};

/* Immutable once made, the engine's own state aside. */
struct apxm_engine {
  Engine *engine;
  Config config; /* empty when none was to be read */
  Arena texts;   /* copies of the caller's; they outlive the engine */
};

/* Fills `to`, which may be NULL. */
void api_give_error(const Error *from, apxm_error *to);
void api_give_error_as(const Error *from, apxm_status status, apxm_error *to);

/* Copies as much of the caller's struct as both versions know; the rest is
 * zero. Every options struct begins with its size. */
Status api_read_options(void *to, size_t size, const void *from,
                        Error *error) MUST_USE;

/* The text of a buffer that may have none. */
const char *api_text(const Buf *buf);

#endif
