/* SPDX-License-Identifier: MIT
 *
 * Planted miscompiles: sound object files that mean something else than their
 * program, made from the right one. Nothing in the product knows of them.
 */
#ifndef APXM_TESTS_HARNESS_PLANT_H
#define APXM_TESTS_HARNESS_PLANT_H

#include "core/object/object.h"

typedef struct PlantProgram PlantProgram;

typedef struct Plant {
  const char *name;
  const char *about;
  bool (*change)(PlantProgram *program); /* false: it has no place for it */
} Plant;

enum { PLANTS = 7 };
extern const Plant plants[PLANTS];

/* A spoilt copy; NULL when `object` has no place for it. */
Object *plant_apply(const Plant *plant, const Object *object);

#endif
