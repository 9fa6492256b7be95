/* SPDX-License-Identifier: MIT
 *
 * The folder for files that processes of one user find each other by:
 * $XDG_RUNTIME_DIR/apxm, or else /tmp/apxm-UID. It must belong to us and be
 * closed to others. And the lock by which such a file says that its maker
 * lives: one of fcntl's, so the kernel says who holds it, a file that a killed
 * process left behind means nothing, and no number of a process is believed.
 */
#ifndef APXM_CORE_BASE_OWN_FOLDER_H
#define APXM_CORE_BASE_OWN_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/status.h"

/* Appends its path, without a final slash; makes it. */
Status own_folder_path(Buf *path, Error *error) MUST_USE;

/* Of an open file. 0, or errno: EAGAIN or EACCES when another process has it.
 * It belongs to this process, not to its children, and goes when any descriptor
 * of the file is closed here. */
int own_lock_take(int fd);
/* Who holds the lock; 0: nobody, or this process. */
pid_t own_lock_holder(int fd);

/* Opens and locks the file, which is made if need be; the descriptor, or -1
 * with `code` filled. */
int own_file_open(const char *path, int *code);
/* Nobody holds it: removes it, unless somebody is faster. */
void own_file_sweep(int fd, const char *path);

#endif
