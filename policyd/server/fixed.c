/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/fixed.h"

#include "base/log.h"

static const char *const names[FIXED_COUNT] = {
	[FIXED_LISTEN] = "listen",
	[FIXED_SOCKET_GROUP] = "socket_group",
	[FIXED_SOCKET_MODE] = "socket_mode",
	[FIXED_USER] = "user",
	[FIXED_GROUP] = "group",
	[FIXED_WORKERS] = "workers",
	[FIXED_CONTROL] = "control",
};

static void add_text(struct buf *b, struct text t)
{
	buf_add(b, t.at, t.len);
	buf_add(b, " ", 1);
}

static void read_setting(struct buf *b, const struct snapshot *s, int which)
{
	const struct snap_policyd *p = &s->policyd;

	switch (which) {
	case FIXED_LISTEN:
		for (uint32_t i = 0; i < p->listen.count; i++)
			add_text(b, snap_item(s, p->listen, i));
		break;
	case FIXED_SOCKET_GROUP:
		add_text(b, snap_text(s, p->socket_group));
		break;
	case FIXED_SOCKET_MODE:
		buf_format(b, "%o", p->socket_mode);
		break;
	case FIXED_USER:
		add_text(b, snap_text(s, p->user));
		break;
	case FIXED_GROUP:
		add_text(b, snap_text(s, p->group));
		break;
	case FIXED_WORKERS:
		buf_format(b, "%u", p->workers);
		break;
	case FIXED_CONTROL:
		buf_format(b, "%d ", p->control_set);
		add_text(b, snap_text(s, p->control));
		break;
	}
}

void fixed_keep(struct fixed *f, const struct snapshot *s)
{
	for (int i = 0; i < FIXED_COUNT; i++)
		read_setting(&f->was[i], s, i);
}

static void tell(const char *name, const char *config, struct faults *told)
{
	log_warning("`%s` has changed: this takes effect at the next start", name);
	warning_add(told, config, 0, "`%s` has changed: this takes effect at the next start", name);
}

void fixed_compare(const struct fixed *f, const struct snapshot *s, bool own_listen, bool own_control,
	const char *config, struct faults *told)
{
	for (int i = 0; i < FIXED_COUNT; i++) {
		struct buf is = { 0 };

		if ((i == FIXED_LISTEN && own_listen) || (i == FIXED_CONTROL && own_control))
			continue;
		read_setting(&is, s, i);
		if (!text_equal(text_cut(is.at, is.len), text_cut(f->was[i].at, f->was[i].len)))
			tell(names[i], config, told);
		buf_free(&is);
	}
}
