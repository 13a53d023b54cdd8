/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/server.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "policy/load.h"
#include "server/descriptors.h"
#include "server/privileges.h"
#include "server/supervisor.h"

/* The snapshot's descriptor, or -1 when it was told why not. */
static int load_first(const char *config, struct faults *f, const struct snapshot **s)
{
	struct err e;
	int fd;

	if (privileges_check_readable(config, &e) < 0) {
		log_error("%s", e.text);
		return -1;
	}
	fd = load(config, f);
	if (fd < 0) {
		faults_print(f, stderr);
		log_error("%s is not fit to serve", config);
		return -1;
	}
	if (snapshot_map(s, fd, &e) < 0) {
		log_error("%s: %s", config, e.text);
		close(fd);
		return -1;
	}
	return fd;
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

/* Every socket, or none. */
static int listen_all(
	struct listeners *l, const struct server_options *o, const struct snapshot *s, gid_t group, struct err *e)
{
	const struct listener_rights rights = { .mode = s->policyd.socket_mode, .group = group };
	size_t n = o->listen_count > 0 ? o->listen_count : s->policyd.listen.count;
	struct text name;

	for (size_t i = 0; i < n; i++) {
		name = o->listen_count > 0 ? o->listen[i] : snap_item(s, s->policyd.listen, (uint32_t)i);
		if (listeners_open(l, name, &rights, e) == 0)
			continue;
		listeners_remove(l);
		listeners_close(l);
		return -1;
	}
	return 0;
}

static int serve(const struct server_options *o, const struct privileges *p, struct supervisor_start *start)
{
	static struct listeners listeners;
	const struct snap_policyd *policyd = &start->snapshot->policyd;
	struct err e;
	gid_t group;

	if (privileges_check_same(
		    p, snap_text(start->snapshot, policyd->user), snap_text(start->snapshot, policyd->group), &e) < 0 ||
		find_group(snap_text(start->snapshot, policyd->socket_group), &group, &e) < 0) {
		log_error("%s: %s", o->config, e.text);
		return EXIT_CONFIGURATION;
	}
	if (listen_all(&listeners, o, start->snapshot, group, &e) < 0) {
		log_error("%s", e.text);
		return 1;
	}
	start->listeners = &listeners;
	start->counters = counters_new();
	if (start->counters == NULL) {
		log_error("cannot start: %s", strerror(errno));
		listeners_remove(&listeners);
		return 1;
	}
	return supervisor_run(start);
}

int server_run(const struct server_options *o)
{
	struct faults faults = { 0 };
	struct supervisor_start start = { .config = o->config, .own_listen = o->listen_count > 0, .faults = &faults };
	struct privileges p;
	struct err e;
	int status = EXIT_CONFIGURATION;

	descriptors_standard();
	signal(SIGPIPE, SIG_IGN);
	if (privileges_drop(&p, o->config, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_CONFIGURATION;
	}
	descriptors_raise();
	start.fd = load_first(o->config, &faults, &start.snapshot);
	if (start.fd >= 0)
		status = serve(o, &p, &start);
	faults_free(&faults);
	return status;
}
