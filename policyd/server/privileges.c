/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "policy/config.h"
#include "policy/snapshot.h"

enum { NOBODY = 65534, FILE_MAX = 64 * 1024 * 1024 };

static int become(uid_t uid, gid_t gid)
{
	return setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ? -1 : 0;
}

/* A string of a compiled file that nobody has checked. */
static void read_span(int fd, struct span span, char *to, size_t cap)
{
	size_t n = span.count < cap ? span.count : 0;

	if (pread(fd, to, n, span.at) != (ssize_t)n)
		n = 0;
	to[n] = '\0';
}

static bool read_compiled(int fd, struct privileges *found)
{
	struct snapshot header;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
		memcmp(header.magic, SNAPSHOT_MAGIC, sizeof(header.magic)) != 0)
		return false;
	read_span(fd, header.policyd.user, found->user, sizeof(found->user));
	read_span(fd, header.policyd.group, found->group, sizeof(found->group));
	return true;
}

static void read_ini(int fd, struct privileges *found)
{
	struct buf b = { 0 };
	char *user = NULL, *group = NULL;
	ssize_t n;

	while (b.len < FILE_MAX && (n = read(fd, buf_room(&b, 65536), 65536)) > 0)
		b.len += (size_t)n;
	config_read_user(text_cut(b.at, b.len), &user, &group);
	snprintf(found->user, sizeof(found->user), "%s", user != NULL ? user : "");
	snprintf(found->group, sizeof(found->group), "%s", group != NULL ? group : "");
	free(user);
	free(group);
	buf_free(&b);
}

/* In the child: what it finds, or nothing, goes to the pipe in one piece (PIPE_BUF). */
static void be_scout(int config, int pipe)
{
	struct privileges found = { "", "" };

	if (setgroups(0, NULL) < 0 || become(NOBODY, NOBODY) < 0)
		_exit(1);
	if (!read_compiled(config, &found))
		read_ini(config, &found);
	_exit(write(pipe, &found, sizeof(found)) == sizeof(found) ? 0 : 1);
}

static int scout(struct privileges *found, const char *config, struct err *e)
{
	int ends[2], status, fd = open(config, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;
	pid_t pid;

	if (fd < 0)
		return err_set(e, "%s: %s", config, strerror(errno));
	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		close(fd);
		return err_set(e, "cannot start a process to read %s: %s", config, strerror(errno));
	}
	if (pid == 0)
		be_scout(fd, ends[1]);
	close(fd);
	close(ends[1]);
	n = read(ends[0], found, sizeof(*found));
	close(ends[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0 || n != sizeof(*found))
		return err_set(e, "%s: cannot find out whom to run as", config);
	found->user[sizeof(found->user) - 1] = found->group[sizeof(found->group) - 1] = '\0';
	if (found->user[0] == '\0')
		strcpy(found->user, "mxonly");
	return 0;
}

static int find_ids(const struct privileges *p, uid_t *uid, gid_t *gid, struct err *e)
{
	const struct passwd *pw = getpwnam(p->user);
	const struct group *gr;

	if (pw == NULL)
		return err_set(e,
			"user = %s: there is no such user; create one (adduser --system --group --no-create-home %s) "
			"or name another "
			"in [policyd]",
			p->user, p->user);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	if (p->group[0] != '\0') {
		gr = getgrnam(p->group);
		if (gr == NULL)
			return err_set(e, "group = %s: there is no such group; create one (addgroup --system %s)",
				p->group, p->group);
		*gid = gr->gr_gid;
	}
	if (*uid == 0)
		return err_set(e, "user = %s is root: the server runs as a user of its own", p->user);
	if (*gid == 0)
		return err_set(e, "user = %s, group = %s: the server does not run in root's group", p->user, p->group);
	return 0;
}

/* Believed only when nothing leads back. */
static int check_dropped(uid_t uid, gid_t gid, struct err *e)
{
	uid_t r, ef, s;
	gid_t gr, ge, gs;

	if (getresuid(&r, &ef, &s) < 0 || getresgid(&gr, &ge, &gs) < 0 || r != uid || ef != uid || s != uid ||
		gr != gid || ge != gid || gs != gid || setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0)
		return err_set(e, "root could not be dropped for good");
	return 0;
}

static int drop(struct privileges *p, const char *config, struct err *e)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	if (scout(p, config, e) < 0 || find_ids(p, &uid, &gid, e) < 0)
		return -1;
	prctl(PR_SET_KEEPCAPS, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (initgroups(p->user, gid) < 0 || become(uid, gid) < 0)
		return err_set(e, "cannot run as %s: %s", p->user, strerror(errno));
	return check_dropped(uid, gid, e);
}

int privileges_drop(struct privileges *p, const char *config, struct err *e)
{
	*p = (struct privileges){ "", "" };
	if ((geteuid() == 0 || getuid() == 0) && drop(p, config, e) < 0)
		return -1;
	prctl(PR_SET_DUMPABLE, 0);
	umask(007);
	return 0;
}

int privileges_check_readable(const char *config, struct err *e)
{
	const struct passwd *pw;
	const struct group *gr;
	int why;

	if (access(config, R_OK) == 0 || (errno != EACCES && errno != EPERM))
		return 0; /* whatever else is wrong is told by whoever reads it */
	why = errno;
	pw = getpwuid(geteuid());
	gr = getgrgid(getegid());
	return err_set(e,
		"%s: %s: the server runs as %s and must be able to read it, and the folders above: chgrp %s %s; chmod "
		"0640 %s",
		config, strerror(why), pw != NULL ? pw->pw_name : "?", gr != NULL ? gr->gr_name : "?", config, config);
}

int privileges_check_same(const struct privileges *p, struct text user, struct text group, struct err *e)
{
	if (p->user[0] == '\0')
		return 0;
	if (!text_is(user, p->user) && !(user.len == 0 && strcmp(p->user, "mxonly") == 0))
		return err_set(e,
			"user = %.*s stands in an included file: it belongs into the first one, which says %s",
			(int)user.len, user.at, p->user);
	if (!text_is(group, p->group))
		return err_set(e, "group = %.*s stands in an included file: it belongs into the first one",
			(int)group.len, group.at);
	return 0;
}
