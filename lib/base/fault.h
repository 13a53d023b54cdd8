/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_FAULT_H
#define MXONLY_FAULT_H

/*
 * fault - the faults and warnings of a configuration, all of one run, in the order found
 *
 * Life:      {0} -> fault_add / warning_add ... -> faults_print -> faults_free
 * Memory:    owns the words; beyond FAULTS_KEPT of a kind they are only counted
 * Limits:    a line of at most 2,047 bytes; bytes that are no printable ASCII become \xNN (UTF-8 is kept)
 * Tested by: t/unit/test_fault.c
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { FAULTS_KEPT = 1000 };

struct fault {
	bool warning;
	size_t place; /* how many bytes of words say where: "FILE:LINE: " */
	char *words; /* "FILE:LINE: what is wrong", without "error:" or "warning:" */
};

struct faults {
	struct fault *list;
	size_t count;
	size_t errors; /* all, kept or not */
	size_t warnings;
};

/* line 0: the whole file is meant, "FILE: words"; file NULL: no place at all. */
void fault_add(struct faults *f, const char *file, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void warning_add(struct faults *f, const char *file, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A line each: "FILE:LINE: words" for faults, "FILE:LINE: warning: words" for warnings; and how many were not kept. In colours on a terminal, unless NO_COLOR is set. */
void faults_print(const struct faults *f, FILE *to);

/* Appends f as lines that faults_read reads; for the way from one process to another. Returns 0, or -1 (errno). */
int faults_write(const struct faults *f, int fd);

/* Reads what faults_write wrote, up to the end of the file; a damaged record is skipped. */
void faults_read(struct faults *f, int fd);

void faults_free(struct faults *f);

#endif
