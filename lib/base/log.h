/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOG_H
#define MXONLY_LOG_H

/*
 * log - one line at a time, to whatever sink the process has; nothing here ever waits
 *
 * Life:      the sink is set once a process (log_to); before that lines go to stderr
 * Errors:    none: a line that cannot be written is dropped and counted by the sink
 * Limits:    LOG_LINE bytes; callers have made foreign bytes harmless (base/escape.h)
 * Tested by: t/unit/test_log.c
 */

#include <stdarg.h>
#include <stdbool.h>

enum { LOG_LINE = 16384 };

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

/* A sink takes one whole line without its newline. */
typedef void log_sink(void *context, enum log_level level, const char *line);

void log_to(log_sink *sink, void *context);

/* json: lines of words become {"level":"...","message":"..."}; decisions are lines already and go through log_line. */
void log_json(bool json);

void log_line(enum log_level level, const char *line);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "error", "warning", "info" */
const char *log_level_name(enum log_level level);

#endif
