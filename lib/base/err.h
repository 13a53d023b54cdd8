/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ERR_H
#define MXONLY_ERR_H

/*
 * err - why something failed, in words for the person who reads them
 *
 * Life:      a value on the caller's stack; set where it fails, wrapped with its place on the way up
 * Errors:    both functions return -1, so that "return err_set(e, ...)" is how a function fails
 * Limits:    1,023 bytes; longer words are cut
 */

struct err {
	char text[1024];
};

/* e may be NULL: then only -1 is returned. */
int err_set(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "format: " before what e says. */
int err_wrap(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
