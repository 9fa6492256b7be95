/* SPDX-License-Identifier: MIT
 *
 * dlopen and dlsym. The handle is not kept: nothing is ever unloaded. Lazy
 * binding saves a fifth of the time that a large library takes.
 */
#include "core/base/library.h"

#include <dlfcn.h>
#include <string.h>

/* ISO C has no cast from an object pointer to a function pointer; POSIX says
 * that both have the same bits. */
static void store(void *functions, size_t i, void *address) {
  memcpy((char *)functions + i * sizeof address, &address, sizeof address);
}

Status library_load(const char *file, const char *package,
                    const char *const *names, void *functions, size_t count,
                    Error *error) {
  void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
  if (!library)
    return error_set(error, STATUS_NOT_FOUND,
                     "%s cannot be loaded (%s); install the package %s", file,
                     dlerror(), package);
  for (size_t i = 0; i < count; i++) {
    void *address = dlsym(library, names[i]);
    if (!address)
      return error_set(error, STATUS_NOT_FOUND,
                       "%s is too old: it has no %s; update the package %s",
                       file, names[i], package);
    store(functions, i, address);
  }
  return STATUS_OK;
}
