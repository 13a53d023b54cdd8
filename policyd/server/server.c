/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/server.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "policy/config.h"
#include "policy/load.h"
#include "server/activation.h"
#include "server/daemon.h"
#include "server/descriptors.h"
#include "server/logger.h"
#include "server/notify.h"
#include "server/pidfile.h"
#include "server/privileges.h"
#include "server/supervisor.h"

static sigset_t stops(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	return ends;
}

/* Until there is something to hear of it; false: the end is asked for. */
static bool wait_for(const struct loading *l)
{
	struct pollfd p[2] = { { .fd = l->socket, .events = POLLIN }, { .events = POLLIN } };
	const sigset_t ends = stops();

	p[1].fd = signalfd(-1, &ends, SFD_CLOEXEC); /* not had: they come when the configuration is there */
	while (poll(p, 2, -1) < 0 && errno == EINTR)
		continue;
	if (p[1].fd >= 0)
		close(p[1].fd);
	return p[1].revents == 0;
}

/* -1: start->snapshot is there; otherwise the exit status. */
static int load_first(const char *config, struct supervisor_start *start)
{
	struct loading l;
	struct err e;

	if (privileges_check_readable(config, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_CONFIGURATION;
	}
	if (load_start(&l, config, LOAD_SECONDS, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_FAILURE;
	}
	if (!wait_for(&l)) {
		load_cancel(&l);
		log_info("stopping: asked to while %s was being read", config);
		return EXIT_SUCCESS;
	}
	start->fd = load_finish(&l, config, start->faults);
	if (start->fd < 0) {
		faults_print(start->faults, stderr);
		log_error("%s is not fit to serve", config);
		return EXIT_CONFIGURATION;
	}
	if (snapshot_map(&start->snapshot, start->fd, &e) == 0)
		return -1;
	log_error("%s: %s", config, e.text);
	close(start->fd);
	return EXIT_CONFIGURATION;
}

static int find_group(struct text name, gid_t *gid, struct err *e)
{
	char word[PRIVILEGES_NAME];
	const struct group *gr;

	*gid = (gid_t)-1;
	if (name.len == 0)
		return 0;
	snprintf(word, sizeof(word), "%.*s", (int)name.len, name.at);
	gr = getgrnam(word);
	if (gr == NULL)
		return err_set(
			e, "socket_group = %s: there is no such group; create one (addgroup --system %s)", word, word);
	*gid = gr->gr_gid;
	return 0;
}

/* What was handed over and what -l names, else what the configuration names. */
static int listen_all(
	struct listeners *l, const struct server_options *o, const struct snapshot *s, gid_t group, struct err *e)
{
	const struct listener_rights rights = { .mode = s->policyd.socket_mode, .group = group };
	size_t n = o->listen_count > 0 ? o->listen_count : l->count > 0 ? 0 : s->policyd.listen.count;
	struct text name;

	for (size_t i = 0; i < n; i++) {
		name = o->listen_count > 0 ? o->listen[i] : snap_item(s, s->policyd.listen, (uint32_t)i);
		if (listeners_open(l, "listen", name, &rights, e) < 0)
			return -1;
	}
	return 0;
}

/* The default one is there where it can be, without a word where it cannot. */
static int open_control(struct listeners *l, const struct snapshot *s, struct err *e)
{
	const struct listener_rights rights = { .mode = 0600, .group = (gid_t)-1 };
	struct text name = snap_text(s, s->policyd.control);

	if (l->count > 0 || name.len == 0)
		return 0;
	if (s->policyd.control_set)
		return listeners_open(l, "control", name, &rights, e);
	if (listener_check_folder(name, e) == 0 && listeners_open(l, "control", name, &rights, e) < 0)
		log_warning("no control socket: %s", e->text);
	return 0;
}

/* Every socket, or none. */
static int open_sockets(struct supervisor_start *start, const struct server_options *o, gid_t group, struct err *e)
{
	if (listen_all(start->listeners, o, start->snapshot, group, e) == 0 &&
		open_control(start->control, start->snapshot, e) == 0)
		return 0;
	listeners_remove(start->listeners);
	listeners_remove(start->control);
	return -1;
}

/* Everything that can go wrong has gone well. */
static void detach(struct supervisor_start *start, struct daemon *d)
{
	unsigned log = start->snapshot->policyd.log;

	if (log == LOG_TARGET_STDERR && logger_ways(true).of[log] == LOGGER_SYSLOG)
		warning_add(start->faults, NULL, 0, "log = stderr: nobody reads that with -D: logging to syslog");
	daemon_detach(d, log == LOG_TARGET_STDERR);
	start->detached = true;
	start->ready = daemon_ready;
	start->context = d;
}

static int serve(
	const struct server_options *o, const struct privileges *p, struct supervisor_start *start, struct daemon *d)
{
	const struct snap_policyd *policyd = &start->snapshot->policyd;
	struct err e;
	gid_t group;

	if (privileges_check_same(
		    p, snap_text(start->snapshot, policyd->user), snap_text(start->snapshot, policyd->group), &e) < 0 ||
		find_group(snap_text(start->snapshot, policyd->socket_group), &group, &e) < 0) {
		log_error("%s: %s", o->config, e.text);
		return EXIT_CONFIGURATION;
	}
	start->counters = counters_new();
	if (start->counters == NULL) {
		log_error("cannot start: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	if (open_sockets(start, o, group, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_FAILURE;
	}
	if (o->daemon)
		detach(start, d);
	return supervisor_run(start);
}

/* From here on there is something to clean up: they come where they are waited for (wait_for), or to the supervisor's loop. */
static void hold_back_stops(void)
{
	const sigset_t ends = stops();

	sigprocmask(SIG_BLOCK, &ends, NULL);
}

/* As whom the server stays. */
static int run_unprivileged(
	const struct server_options *o, const struct privileges *p, struct supervisor_start *start, struct daemon *d)
{
	struct pidfile pidfile;
	struct err e;
	int status;

	descriptors_raise();
	hold_back_stops();
	if (o->pidfile != NULL && pidfile_take(&pidfile, o->pidfile, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_FAILURE;
	}
	status = load_first(o->config, start);
	if (status < 0)
		status = serve(o, p, start, d);
	faults_free(start->faults);
	if (o->pidfile != NULL)
		pidfile_remove(&pidfile);
	return status;
}

/* Those that mean nothing to a server must not end it; one that comes to reload waits until it can. */
static void ignore_signals(void)
{
	static const int meaningless[] = { SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM };
	sigset_t later;

	for (size_t i = 0; i < sizeof meaningless / sizeof *meaningless; i++)
		signal(meaningless[i], SIG_IGN);
	sigemptyset(&later);
	sigaddset(&later, SIGHUP);
	sigprocmask(SIG_BLOCK, &later, NULL);
}

int server_run(const struct server_options *o)
{
	static struct activation handed;
	struct faults faults = { 0 };
	struct supervisor_start start = {
		.config = o->config,
		.pidfile = o->pidfile,
		.listeners = &handed.listen,
		.control = &handed.control,
		.faults = &faults,
	};
	struct privileges p;
	struct daemon d;
	struct err e;

	descriptors_standard();
	ignore_signals();
	if (activation_take(&handed, &e) < 0 || (o->daemon && daemon_begin(&d, &e) < 0)) {
		log_error("%s", e.text);
		return EXIT_FAILURE;
	}
	start.own_listen = o->listen_count > 0 || handed.listen.count > 0;
	start.own_control = handed.control.count > 0;
	start.notify = notify_open();
	if (privileges_drop(&p, o->config, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_CONFIGURATION;
	}
	return run_unprivileged(o, &p, &start, &d);
}
