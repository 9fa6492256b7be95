/* SPDX-License-Identifier: MIT
 *
 * What `apxm doctor` has found: one finding a line, each with what to do about
 * it. Two files look: doctor_system.c at this machine and this build,
 * doctor_backends.c at the backends.
 */
#ifndef APXM_CLI_DOCTOR_H
#define APXM_CLI_DOCTOR_H

#include "cli/backend_rows.h"
#include "core/base/arena.h"
#include "core/base/vec.h"

typedef enum Health {
  HEALTH_OK,
  HEALTH_WARNING, /* something will not work as well, or not everywhere */
  HEALTH_PROBLEM  /* something that was asked for does not work */
} Health;

typedef struct Finding {
  const char *area; /* "libraries", "backend fast", ... */
  Health health;
  const char *text; /* what is so */
  const char *next; /* what to do; NULL: nothing */
} Finding;

typedef struct Doctor {
  Arena arena; /* holds every text */
  VEC(Finding) findings;
  const Config *config;    /* NULL: it is not sound */
  const BackendRows *rows; /* NULL with it */
  bool has_file;           /* there is a configuration, sound or not */
} Doctor;

/* printf into the doctor's arena. */
const char *doctor_text(Doctor *doctor, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* All texts stay; `next` may be NULL. */
void doctor_add(Doctor *doctor, const char *area, Health health,
                const char *text, const char *next);

/* Whether a backend that is asked for is behind HTTP. */
bool doctor_needs_network(const Doctor *doctor);

void doctor_check_system(Doctor *doctor);
/* Backends that a file speaks of, and the default: keys, then all are asked at
 * once whether they are there. */
void doctor_check_backends(Doctor *doctor);

#endif
