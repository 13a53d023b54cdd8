/* SPDX-License-Identifier: BSD-2-Clause */

/* The way to the socket, walked as smtpd(8) would: in its chroot, as its user, with that user's groups. */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "postfix/advice_parts.h"

enum { PATIENCE = 5 }; /* seconds */

/* What the child that walked found. */
struct walked {
	int why; /* errno; 0: somebody listens */
	char at[256]; /* how far it came: the folder it cannot pass, or the socket; as the child sees it */
};

struct walk {
	struct advice *a;
	const char *path; /* of the socket, as root sees it */
	const char *root; /* chroot, or "" */
	const char *user;
};

static int connect_to(const char *path)
{
	const struct timeval limit = { .tv_sec = PATIENCE };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), why = 0;

	if (fd < 0 || strlen(path) >= sizeof to.sun_path)
		return fd < 0 ? errno : ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path) + 1);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0)
		why = errno;
	close(fd);
	return why;
}

/* The first folder on the way that lets this user not pass; "" when all do. */
static void first_closed(const char *path, char *at, size_t cap)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(at, cap, "%.*s", (int)(slash - path), path);
		if (access(at, X_OK) < 0)
			return;
	}
	*at = '\0';
}

static int become(const struct walk *w)
{
	const struct passwd *user = getpwnam(w->user);

	if (!user)
		return ENOENT;
	if (initgroups(w->user, user->pw_gid) < 0)
		return errno;
	if (w->root[0] && (chroot(w->root) < 0 || chdir("/") < 0))
		return errno;
	return setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0 ? errno : 0;
}

static void walk(const struct walk *w, int report)
{
	struct walked found = { 0 };
	const char *path = w->path + strlen(w->root);

	found.why = become(w);
	if (found.why == 0) {
		found.why = connect_to(path);
		if (found.why == EACCES || found.why == ENOENT)
			first_closed(path, found.at, sizeof found.at);
	}
	_exit(write(report, &found, sizeof found) == (ssize_t)sizeof found ? 0 : 1);
}

static bool send_child(const struct walk *w, struct walked *found)
{
	int ends[2];
	pid_t child;
	bool whole;

	if (pipe(ends) < 0)
		return false;
	child = fork();
	if (child == 0)
		walk(w, ends[1]);
	close(ends[1]);
	whole = child > 0 && read(ends[0], found, sizeof *found) == (ssize_t)sizeof *found;
	close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	found->at[sizeof found->at - 1] = '\0';
	return whole;
}

static void describe(const char *path, struct buf *b)
{
	const struct passwd *user;
	const struct group *group;
	struct stat s;

	if (stat(path, &s) < 0)
		return;
	user = getpwuid(s.st_uid);
	group = getgrgid(s.st_gid);
	buf_format(b, " (mode %04o, of %s:%s)", (unsigned)s.st_mode & 07777, user ? user->pw_name : "nobody known",
		group ? group->gr_name : "no known group");
}

static void tell(const struct walk *w, enum severity severity, const char *write, const char *what)
{
	char *file = must_strndup(w->path, strlen(w->path));

	advise_at(w->a, severity, file, 0, write, "%s", what);
	free(file);
}

/* The last folder of the path: the one that belongs to mxonlyd. */
static void put_install(struct buf *b, const struct walk *w)
{
	struct text user = snap_text(w->a->s, w->a->s->policyd.user);
	const struct passwd *postfix = getpwnam(w->user);
	const struct group *group = postfix ? getgrgid(postfix->pw_gid) : NULL;
	const char *slash = strrchr(w->path, '/');

	buf_format(b, "install -d -o %.*s -g %s -m 2750 %.*s", (int)user.len, user.at, group ? group->gr_name : w->user,
		(int)(slash - w->path), w->path);
}

static void tell_closed(const struct walk *w, const struct walked *found)
{
	struct buf what = { 0 }, line = { 0 }, place = { 0 };

	buf_format(&place, "%s%s", w->root, found->at[0] ? found->at : w->path + strlen(w->root));
	buf_format(&what, "smtpd's user, %s, cannot %s %s", w->user, found->at[0] ? "pass" : "write to", place.at);
	describe(place.at, &what);
	buf_str(&what, ": every mail is put off");
	if (found->at[0])
		put_install(&line, w);
	else
		buf_format(&line, "socket_mode = 0660 and socket_group = %s in [policyd] of mxonly.ini", w->user);
	tell(w, FAULT, line.at, what.at);
	buf_free(&what);
	buf_free(&line);
	buf_free(&place);
}

static void tell_found(const struct walk *w, const struct walked *found)
{
	struct buf what = { 0 };

	if (found->why == EACCES || (found->why == ENOENT && found->at[0] && access(w->path, F_OK) == 0)) {
		tell_closed(w, found);
	} else if (found->why == ENOENT || found->why == ECONNREFUSED) {
		tell(w, WARNING, "systemctl enable --now mxonlyd.socket mxonlyd",
			"nobody listens there: as long as mxonlyd does not run, every mail is put off");
	} else if (found->why != 0) {
		buf_format(&what, "smtpd's user, %s, cannot connect: %s", w->user, strerror(found->why));
		tell(w, FAULT, "systemctl restart mxonlyd", what.at);
		buf_free(&what);
	}
}

static void try_socket(const struct walk *w)
{
	struct walked found = { 0 };

	if (geteuid() != 0)
		tell(w, WARNING, "sudo mxonly check --postfix",
			"whether smtpd reaches it could not be tried: only root can act as smtpd's user");
	else if (!send_child(w, &found))
		tell(w, WARNING, "mxonly check --postfix, once more", "whether smtpd reaches it could not be tried");
	else
		tell_found(w, &found);
}

/* `unpriv` means yes unless master.cf says no. */
static const char *user_of(const struct advice *a, const struct service *sv)
{
	return sv->unprivileged == 'n' ? "root" : params_get(&a->p->main, "mail_owner");
}

void advise_socket(struct advice *a, const struct service *sv, struct text endpoint)
{
	if (endpoint.len < 5 || memcmp(endpoint.at, "unix:", 5) != 0 ||
		advice_endpoint(a, sv, endpoint) != ENDPOINT_OURS)
		return;
	char *path = advice_socket_path(a, sv, endpoint);
	struct walk w = { a, path, postfix_chrooted(a->p, sv) ? a->p->queue : "", user_of(a, sv) };
	try_socket(&w);
	free(path);
}

void advise_listen(struct advice *a, const struct service *sv)
{
	struct text file = snap_item(a->s, a->s->files, 0), listens = snap_item(a->s, a->s->policyd.listen, 0);
	char *name = must_strndup(file.at, file.len);
	struct buf line = { 0 };

	buf_format(&line, "[policyd] listen = unix:%s/mxonly/policy", a->p->queue);
	advise_at(a, FAULT, name, 0, line.at,
		"mxonlyd listens at %.*s, but the smtpd of %s/%s is chrooted to %s and cannot reach what is outside: "
		"mail waits",
		(int)listens.len, listens.at, sv->name, sv->type, a->p->queue);
	free(name);
	buf_free(&line);
}
