/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOG_NAMES_H
#define MXONLY_LOG_NAMES_H

/*
 * log_names - the names that smtpd could not verify (reverse_client_name), by the process that warned of them
 *
 * A client says "unknown" then; the warning stands before the first line that names it.
 *
 * For mail/log_join.c alone.
 *
 * Life:      {0} -> log_names_keep ... log_names_of; nothing to free
 * Memory:    fixed; a process that shares its slot with another one takes it over
 * Tested by: t/unit/test_log_join.c
 */

#include <stdint.h>

#include "mail/log_line.h"
#include "net/ip.h"

enum { LOG_NAMES = 4096, LOG_NAME = 255 };

struct log_names {
	struct log_name {
		uint32_t process;
		uint8_t address_len, name_len;
		char address[IP_TEXT], name[LOG_NAME];
	} slot[LOG_NAMES];
};

/* Of a line of kind LOG_REVERSE_NAME. */
void log_names_keep(struct log_names *n, const struct log_line *l);

/* The name of the line's client that its process could not verify; empty: none. */
struct text log_names_of(const struct log_names *n, const struct log_line *l);

#endif
