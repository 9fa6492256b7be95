/* SPDX-License-Identifier: MIT
 *
 * What every unit test includes: cmocka with the headers that it wants before
 * itself, and CASE, so that the table of a test's main lists plain names.
 */
#ifndef APXM_TESTS_UNIT_UNIT_H
#define APXM_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CASE(name) static void name(void **state)
#define RUN(cases) cmocka_run_group_tests((cases), NULL, NULL)

#endif
