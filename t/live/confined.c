/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * confined - mxonlyd whose workers try what they must not: recipient=NUMBER@PID is a system call (confined_calls.c), recipient=NAME@PID
 * an attack on the other processes (confined_attacks.c), action= tells what came of it. PID is the supervisor's.
 *
 * It brings its own decide(): the linker then leaves the real one in its library. With -DUNCONFINED it brings its own
 * sandbox_enter() too, which gives up nothing: that shows that the calls can be told apart; there, WORKERS_DIE in the environment
 * makes each worker leave at its start.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confined.h"
#include "policy/decide.h"
#include "server/sandbox.h"

void decide(const struct snapshot *s, const struct request *rq, struct verdict *v, const struct decide_trace *trace)
{
	(void)s;
	(void)rq;
	(void)trace;
	*v = (struct verdict){ .outcome = OUTCOME_PERMIT, .reason = REASON_NO_RECIPIENT };
}

void decide_too_long(const struct snapshot *s, struct verdict *v)
{
	decide(s, NULL, v, NULL);
}

struct text verdict_domain(const struct verdict *v)
{
	return text_cut(v->domain, v->domain_len);
}

bool verdict_warns(const struct verdict *v)
{
	(void)v;
	return false;
}

/* "open: refused, Operation not permitted", "open: let pass, ...", "open: done"; "none". */
size_t verdict_action(const struct snapshot *s, const struct request *rq, const struct verdict *v, char to[ACTION_MAX])
{
	const struct text recipient = rq != NULL ? rq->attr[ATTR_RECIPIENT] : text_cut("", 0);
	char word[256], *at;
	pid_t supervisor = 0;
	int n = 0;

	(void)s;
	(void)v;
	snprintf(word, sizeof word, "%.*s", (int)recipient.len, recipient.at);
	at = strchr(word, '@');
	if (at != NULL) {
		*at = '\0';
		supervisor = (pid_t)strtol(at + 1, NULL, 10);
	}
	if (isdigit((unsigned char)word[0]))
		n = confined_call(strtoul(word, NULL, 10), supervisor, to, ACTION_MAX);
	else
		n = snprintf(to, ACTION_MAX, "%s", confined_attack(word, supervisor));
	return (size_t)(n > 0 ? n : snprintf(to, ACTION_MAX, "none"));
}

#ifdef UNCONFINED
void sandbox_enter(enum sandbox_role role, const char *const *removable, size_t n, char *missing)
{
	(void)removable;
	(void)n;
	missing[0] = '\0';
	if (role == SANDBOX_WORKER && getenv("WORKERS_DIE") != NULL)
		_exit(7);
}
#endif
