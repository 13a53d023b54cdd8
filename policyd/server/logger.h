/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOGGER_H
#define MXONLY_LOGGER_H

/*
 * logger - the process that writes the log, and how the others send it lines without ever waiting for it
 *
 * Life:      logger_open -> (fork) logger_run in the logger; log_to(logger_send, &sender) in every other process
 * Processes: every record says itself how it is to be written: a logger that replaces a dead one needs to know nothing, and reads
 *            on in the same queue, whose both ends the supervisor keeps. It ends when the last sender has gone.
 * Errors:    a line that does not fit into the queue is dropped and counted in *dropped, one that cannot be written in lines_lost;
 *            the logger says how many when it can
 * Tested by: t/live/server_log.t, t/live/fault_log.t
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"
#include "base/log.h"
#include "policy/config.h"
#include "server/counters.h"

enum { LOGGER_PACKET = 24 * 1024, LOGGER_PATIENCE = 2000 /* ms to write what is left */ };

enum logger_way { LOGGER_STDERR, LOGGER_SYSLOG, LOGGER_JOURNAL };

/* By what `log` is. */
struct logger_ways {
	enum logger_way of[LOG_TARGET_SYSLOG + 1];
};

struct log_queue {
	int in, out; /* in: the senders'; out: the logger's */
};

struct log_sender {
	int fd;
	enum logger_way way;
	bool json;
	bool gather; /* lines are kept until logger_flush, or until a packet is full */
	counter *dropped;
	unsigned lines;
	size_t len;
	char packet[LOGGER_PACKET];
};

/* 0, or -1 with errno. */
int logger_open(struct log_queue *q);

/* A log_sink; context: a struct log_sender. */
void logger_send(void *context, enum log_level level, const char *line);

void logger_flush(struct log_sender *s);

/* Each fault and warning as a line of the log. */
void logger_faults(const struct faults *f);

/* In the logger's own process: writes what comes until all senders have gone. */
void logger_run(int out, struct counters *c);

/* The last sender has let go: waits for the logger to write what is left; not for ever. */
void logger_wait(pid_t logger);

/*
 * Before confinement, which does not let anybody look at standard error. auto means the journal when that leads there, standard
 * error when it is a terminal; detached (-D): neither; then standard error itself is of use only when it leads to a file.
 */
struct logger_ways logger_ways(bool detached);

/* "syslog", "standard error", "the journal" */
const char *logger_way_name(enum logger_way way);

#endif
