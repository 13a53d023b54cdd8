/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_FILE_H
#define MXONLY_FILE_H

/*
 * file - whole files in and out
 *
 * Errors:    -1 with e naming the path and strerror(3)'s words
 * Tested by: t/unit/test_file.c
 */

#include <stddef.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"

/* The whole of a file or a pipe behind what b holds; *modified (may be NULL) gets its mtime. */
int file_read(const char *path, struct buf *b, time_t *modified, struct err *e);

/* The same of a regular file alone: a pipe or a device may never end, or never begin. */
int file_read_regular(const char *path, struct buf *b, time_t *modified, struct err *e);

/* All that comes from fd; e does not name it. */
int fd_read_all(int fd, struct buf *b, time_t *modified, struct err *e);

/* All bytes to fd, however many writes that takes. */
int fd_write_all(int fd, const void *bytes, size_t n, struct err *e);

/* path as a program finds it that stands in the folder of the file `from`; malloc'ed. */
char *path_beside(const char *from, struct text path);

/* An empty memory file (memfd_create(2)), or -1. */
int memory_file(struct err *e);

/* Seals it (F_SEAL_WRITE|SHRINK|GROW|SEAL) and returns it; written < 0 or a failure: closes it and returns -1. */
int memory_file_seal(int fd, int written, struct err *e);

/* A sealed memory file that holds these bytes, or -1. */
int sealed_file(const void *bytes, size_t n, struct err *e);

#endif
