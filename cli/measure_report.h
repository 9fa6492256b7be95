/* SPDX-License-Identifier: MIT
 *
 * What a workload measured, for people and for programs.
 */
#ifndef APXM_CLI_MEASURE_REPORT_H
#define APXM_CLI_MEASURE_REPORT_H

#include <cjson/cJSON.h>

#include "cli/measure.h"

/* Four tables and whether each run kept within its bounds. */
void measure_add_tables(const Measure *measure, Buf *out);

/* {meta, config, results}: docs/workload.schema.json has all names. Free with
 * cJSON_Delete. */
cJSON *measure_document(const Measure *measure);

#endif
