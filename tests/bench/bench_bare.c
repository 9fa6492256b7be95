/* SPDX-License-Identifier: MIT
 *
 * The least that a process costs: it says its version and ends. It is linked
 * to what apxm is linked to and calls one function of each library, so that
 * the loader has the same to do. `apxm bench start` measures it.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <xxhash.h>

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 1000) /* never: only the links matter */
    printf("%s %u %g\n", cJSON_Version(), XXH_versionNumber(), pow(argc, 2.5));
  puts("apxm bare");
  return 0;
}
