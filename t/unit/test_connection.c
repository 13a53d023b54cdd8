/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/connection.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policy_fixture.h"
#include "server/clock.h"
#include "server/stuck.h"
#include "unit.h"

static const char whole[] = "request=smtpd_access_policy\nclient_address=192.0.2.7\nrecipient=u@a.test\n\n";

enum { WHOLE = sizeof whole - 1, HALF = WHOLE / 2, TICK = 200 /* ms of processor time */ };

static struct office office;
static struct decisions decisions;
static double cost, spent; /* ms of processor time: that each decision takes, that all have */

static double used(void)
{
	return (double)clock() / CLOCKS_PER_SEC * 1000;
}

static void decided(void *context, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	(void)context;
	(void)s;
	(void)rq;
	(void)v;
	spent += cost;
	while (used() < spent) /* a clock that goes in jumps makes some take longer, but not all of them together */
		continue;
}

static void gone(void *context)
{
	(void)context;
}

static void open_office(void)
{
	struct counters *counters = counters_new();

	ck_assert_ptr_nonnull(counters);
	decisions = (struct decisions){
		.counters = counters, .own = &counters->slot[0], .relay = counters->relay[0], .workers = 1
	};
	decisions_desk(&office.desk, &decisions);
	office.desk.decided = decided;
	office.decisions = &decisions;
	office.counters = decisions.own;
	office.gone = gone;
	office_start(&office, ev_loop_new(EVFLAG_NOENV));
	office_serve(&office, fixture_snapshot("[relay r]\nranges = 192.0.2.0/24\nmatch = address\n"));
}

/* The end of a client that has come. */
static int client(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	ck_assert_int_eq(connection_start(&office, ends[1]), 0);
	return ends[0];
}

/* There is something to be read from everybody who waits in q. */
static void all_are_ready(const struct queue *q)
{
	for (struct connection *c = q->first; c != NULL; c = c->after)
		ev_invoke(office.loop, &c->io, EV_READ);
}

static void say(int fd, const char *at, size_t n)
{
	ck_assert_int_eq(write(fd, at, n), n);
}

/* How many replies there are. */
static unsigned replies(int fd)
{
	char got[65536];
	ssize_t n = read(fd, got, sizeof got);

	return n < 0 ? 0 : (unsigned)((size_t)n / strlen("action=DUNNO\n\n"));
}

/* The clock has gone on. */
static void later(int64_t than)
{
	while (clock_ms() <= than)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* Ends the request that it has begun, asks once more, and begins another. */
static void goes_on(int fd)
{
	say(fd, whole + HALF, WHOLE - HALF);
	say(fd, whole, WHOLE);
	say(fd, whole, HALF);
	all_are_ready(&office.hurried);
	office_work(&office);
	ck_assert_uint_eq(replies(fd), 2);
}

/* Whoever has always begun another request is in time, until the end is asked for: from then on all have the same time. */
START_TEST(an_end_is_not_put_off)
{
	struct connection *c;
	int64_t since;
	int fd;

	open_office();
	fd = client();
	say(fd, whole, HALF);
	all_are_ready(&office.idle);
	office_work(&office);
	c = office.hurried.first;
	ck_assert_ptr_nonnull(c);
	since = c->since;
	later(since);
	goes_on(fd);
	ck_assert_ptr_eq(office.hurried.first, c);
	ck_assert_int_gt(c->since, since);

	office_stop(&office);
	since = c->since;
	later(since);
	goes_on(fd);
	ck_assert_ptr_eq(office.hurried.first, c);
	ck_assert_int_eq(c->since, since);

	say(fd, whole + HALF, WHOLE - HALF);
	all_are_ready(&office.hurried);
	office_work(&office);
	ck_assert_uint_eq(replies(fd), 1);
	ck_assert(office_empty(&office));
}
END_TEST

/* From here on each decision takes so long. */
static void watch(double each)
{
	cost = each;
	spent = used();
	stuck_watch(TICK);
}

/* Far more clients at once than are served in a round; each round is far from a tick, all of them are more than two. */
static void serve_many(void)
{
	enum { MANY = 5 * OFFICE_ROUND };

	for (int i = 0; i < MANY; i++)
		say(client(), whole, WHOLE);
	all_are_ready(&office.idle);
	watch(2.5 * TICK / MANY);
	office_work(&office);
}

/* Sockets that are full when the end comes. */
static void stop_many(void)
{
	enum { MANY = 8, BLOCK = 50 * WHOLE };
	static char block[BLOCK];
	unsigned n = 0;

	for (int i = 0; i < BLOCK; i++)
		block[i] = whole[i % WHOLE];
	for (int i = 0; i < MANY; i++)
		for (int fd = client(); write(fd, block, BLOCK) == BLOCK;)
			n += BLOCK / WHOLE;
	ck_assert_uint_gt(n, 5 * OFFICE_BUFFER / WHOLE);
	watch(2.5 * TICK / n);
	office_stop(&office);
}

static int end_of(void (*work)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		open_office();
		work();
		_exit(used() > 2 * TICK ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "%#x", status);
	return WEXITSTATUS(status);
}

START_TEST(a_crowd_is_no_endless_computation)
{
	ck_assert_int_eq(end_of(serve_many), 0);
}
END_TEST

START_TEST(nor_is_what_they_asked_before_the_end)
{
	ck_assert_int_eq(end_of(stop_many), 0);
}
END_TEST

int main(void)
{
	return unit_run("connection", UNIT_TESTS(an_end_is_not_put_off, a_crowd_is_no_endless_computation,
					      nor_is_what_they_asked_before_the_end));
}
