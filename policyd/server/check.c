/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/check.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str_list.h"
#include "policy/load.h"

static void print_count(const char *before, size_t n, const char *one)
{
	printf("%s%zu %s%s", before, n, one, n == 1 ? "" : "s");
}

/* s: NULL when the configuration itself has faults. */
static void say(const char *path, const struct snapshot *s, const struct faults *f)
{
	if (s == NULL || f->errors > 0) {
		printf("%s: not fit to serve", path);
		print_count(": ", f->errors, "fault");
	} else {
		printf("%s: fit to serve", path);
		print_count(": ", s->relays.count, "relay");
		print_count(", ", s->domain_count, "domain");
		if (f->warnings > 0)
			print_count(", ", f->warnings, "warning");
	}
	putchar('\n');
}

static char *copy_of(struct text t)
{
	return must_strndup(t.at, t.len);
}

/* In a child, which becomes that user: the number of the first of these files that it cannot read, from 1; 0: none. */
static int first_unreadable(const struct str_list *paths, const struct passwd *pw, gid_t gid)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (initgroups(pw->pw_name, gid) < 0 || setgid(gid) < 0 || setuid(pw->pw_uid) < 0)
			_exit(0);
		for (size_t i = 0; i < paths->count && i < 255; i++)
			if (access(paths->at[i], R_OK) < 0)
				_exit((int)i + 1);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* Whom the server would run as; NULL: that user or group is not here, but perhaps on the host that the configuration is for. */
static const struct passwd *server_user(const struct snapshot *s, gid_t *gid)
{
	char *user = copy_of(snap_text(s, s->policyd.user)), *group = copy_of(snap_text(s, s->policyd.group));
	const struct passwd *pw = getpwnam(user[0] ? user : "mxonly");
	const struct group *gr = group[0] ? getgrnam(group) : NULL;

	if (pw && group[0] && !gr)
		pw = NULL;
	if (pw)
		*gid = gr ? gr->gr_gid : pw->pw_gid;
	free(user);
	free(group);
	return pw;
}

/* Root reads everything; the server, which root starts too, drops it first. */
static void warn_unreadable(const char *path, const struct snapshot *s, struct faults *f)
{
	struct str_list paths = { 0 };
	gid_t gid = 0;
	const struct passwd *pw = server_user(s, &gid);

	if (!pw)
		return;
	str_list_add(&paths, copy_of(text_of(path)));
	/* What a compiled file was made of may be on another host. */
	for (uint32_t i = 1; i < s->files.count && text_is(snap_item(s, s->files, 0), path); i++)
		str_list_add(&paths, copy_of(snap_item(s, s->files, i)));
	int first = first_unreadable(&paths, pw, gid);
	if (first > 0)
		warning_add(f, paths.at[first - 1], 0,
			"the server would not start: it runs as %s, who cannot read this file, or not enter the "
			"folders above",
			pw->pw_name);
	str_list_free(&paths);
}

int check_run(const char *path, check_more *more, void *context)
{
	const struct snapshot *s = NULL;
	struct faults f = { 0 };
	int fd = load(path, &f);
	struct err e;

	if (fd >= 0 && snapshot_map(&s, fd, &e) < 0)
		fault_add(&f, path, 0, "%s", e.text);
	if (s && geteuid() == 0)
		warn_unreadable(path, s, &f);
	if (s && more)
		more(context, s, &f);
	faults_print(&f, stderr);
	say(path, s, &f);
	int status = f.errors > 0 ? 2 : 0;
	if (s)
		snapshot_unmap(s);
	if (fd >= 0)
		close(fd);
	faults_free(&f);
	return status;
}
