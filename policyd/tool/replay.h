/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TOOL_REPLAY_H
#define MXONLY_TOOL_REPLAY_H

/*
 * replay - mxonly replay: mail logs judged as if the policy had been in force
 *
 * replay.c the command line, replay_read.c logs into findings, replay_text.c and replay_json.c what is printed of them
 *
 * Tested by: t/live/tool_replay.t, t/live/replay_postfix.t
 */

#include <stdio.h>

#include "mail/judge.h"
#include "mail/log_join.h"
#include "mail/source.h"
#include "mail/tally.h"
#include "tool/progress.h"

struct replay {
	const char *config, *html;
	bool json;
	char **logs;
	int log_count;

	const struct snapshot *snapshot;
	struct snapshot *accepted, *rejected; /* the same without what logs do not tell of accepted mail, of rejects */
	struct tally *tally;
	struct log_join *join;
	struct source_watch watch;
	struct progress progress;

	const char *log; /* that is being read, and where */
	uint64_t line;
	struct log_clock clock;
	uint64_t lines, postfix_lines, unclear; /* of all logs */
	uint64_t outcome[2][OUTCOMES]; /* of what was taken at the time, of what was rejected */
	bool left_out; /* something could not be read */
};

extern const char replay_command[];

/* Reads every log; what cannot be read is said and counted. */
void replay_read(struct replay *r);

/* A finding as one JSON object a line. rq and j are what was asked and answered. */
void replay_put_json(const struct replay *r, const struct finding *f, const struct request *rq,
	const struct log_delivery *d, const struct judgement *j);

/* The whole report. */
void replay_put_text(const struct replay *r, FILE *to);

/* Its first and last lines: the answer, and what could not be judged. */
void replay_put_answer(const struct replay *r, FILE *to);
void replay_put_rest(const struct replay *r, FILE *to);

#endif
