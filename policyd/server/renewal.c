/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/renewal.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "server/logger.h"

enum { NICE = 10 /* a tenth of the time of a worker that is always busy */ };

/* What is known of the last load; takes over f. */
static void keep(struct renewal *r, struct faults *f)
{
	logger_faults(f);
	faults_free(&r->faults);
	r->faults = *f;
	*f = (struct faults){ 0 };
	r->ended = time(NULL);
}

static void on_loaded(struct ev_loop *loop, ev_io *io, int events)
{
	struct renewal *r = io->data;
	const struct snapshot *new = NULL;
	struct faults faults = { 0 };
	struct err e;
	int fd;

	(void)events;
	ev_io_stop(loop, io);
	fd = load_finish(&r->loading, r->config, &faults);
	if (fd >= 0 && snapshot_map(&new, fd, &e) < 0) {
		fault_add(&faults, r->config, 0, "%s", e.text);
		close(fd);
		fd = -1;
	}
	keep(r, &faults);
	r->done(r->context, fd, new);
}

void renewal_start(struct renewal *r, struct faults *faults)
{
	ev_init(&r->io, on_loaded);
	r->io.data = r;
	keep(r, faults);
}

int renewal_begin(struct renewal *r)
{
	struct faults faults = { 0 };
	struct err e;

	log_info("reloading %s", r->config);
	if (load_start(&r->loading, r->config, LOAD_SECONDS, &e) < 0) {
		fault_add(&faults, NULL, 0, "cannot reload: %s", e.text);
		keep(r, &faults);
		return -1;
	}
	/* Nobody waits for it but whoever asked for the reload: it makes way for the workers. */
	setpriority(PRIO_PROCESS, (id_t)r->loading.child, NICE);
	ev_io_set(&r->io, r->loading.socket, EV_READ);
	ev_io_start(r->loop, &r->io);
	return 0;
}

void renewal_cancel(struct renewal *r)
{
	if (!ev_is_active(&r->io))
		return;
	ev_io_stop(r->loop, &r->io);
	load_cancel(&r->loading);
}
