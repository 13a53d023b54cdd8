/* SPDX-License-Identifier: BSD-2-Clause */
#include "side.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS = 64 };

struct tool {
	const char *program;
	char *path; /* of what is served; NULL: nothing yet */
};

/* Reads a pipe to its end. */
static void drain(int fd, struct buf *to)
{
	ssize_t n;

	while ((n = read(fd, buf_room(to, 4096), 4096)) != 0) {
		if (n > 0)
			to->len += (size_t)n;
		else if (errno != EINTR)
			break;
	}
	close(fd);
}

/* Runs the program; standard error goes where standard output goes when `both`. Its exit code, or -1. */
static int run(const struct tool *t, char *const arguments[], bool both, struct buf *out, struct err *e)
{
	int ends[2], status;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
		return err_set(e, "pipe or fork: %s", strerror(errno));
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(ends[1], 1);
		if (both)
			dup2(ends[1], 2);
		execv(t->program, arguments);
		_exit(127);
	}
	close(ends[1]);
	drain(ends[0], out);
	waitpid(child, &status, 0);
	if (!WIFEXITED(status))
		return err_set(e, "%s ended by signal %d", t->program, WTERMSIG(status));
	if (WEXITSTATUS(status) > 2)
		return err_set(e, "%s ended with %d", t->program, WEXITSTATUS(status));
	return WEXITSTATUS(status);
}

static int check_path(struct side *s, char *path, struct buf *lines, struct err *e)
{
	struct tool *t = s->own;
	char *arguments[] = { (char[]){ "mxonly" }, (char[]){ "check" }, (char[]){ "-c" }, path, NULL };
	int code = run(t, arguments, true, lines, e);

	return code < 0 ? -1 : code == 1 ? err_set(e, "mxonly check ended with 1") : code == 0;
}

static int check(struct side *s, const char *name, struct buf *lines, struct err *e)
{
	struct buf path = { 0 };
	int fit;

	buf_format(&path, "%s/%s", s->folder, name);
	fit = check_path(s, path.at, lines, e);
	buf_free(&path);
	return fit;
}

/* What is served must stay when the scenario writes its next configuration. */
static int serve(struct side *s, const char *name, const char *refusal, struct buf *said, struct err *e)
{
	struct tool *t = s->own;
	struct buf path = { 0 };
	int fit = check(s, name, said, e);

	(void)refusal;
	if (fit != 1)
		return fit;
	buf_format(&path, "served-%s", name);
	if (side_copy(s, name, path.at, (struct text){ "", 0 }, e) < 0)
		fit = -1;
	path.len = 0;
	buf_format(&path, "%s/served-%s", s->folder, name);
	free(t->path);
	t->path = path.at;
	return fit;
}

/* The value of a member that is a plain word. */
static bool member_is(const struct buf *object, const char *name, const char *value)
{
	struct buf want = { 0 };
	bool found;

	buf_format(&want, "\"%s\":\"%s\"", name, value);
	found = memmem(object->at, object->len, want.at, want.len) != NULL;
	buf_free(&want);
	return found;
}

static int ask(struct side *s, struct text request, struct reply *r, struct err *e)
{
	struct tool *t = s->own;
	char *copy = must_strndup(request.at, request.len), *at = copy, *line;
	char *arguments[ARGUMENTS] = { (char[]){ "mxonly" }, (char[]){ "query" }, (char[]){ "-c" }, t->path,
		(char[]){ "--json" } };
	int n = 5, code;

	while ((line = strsep(&at, "\n")) && *line && n < ARGUMENTS - 1)
		arguments[n++] = line;
	code = run(t, arguments, false, &r->object, e);
	free(copy);
	if (code < 0)
		return -1;
	buf_add(&r->object, "", 1);
	r->object.len--;
	if (code == 2)
		return err_set(e, "mxonly query ended with 2: %.500s", r->object.at);
	if ((code == 0) != member_is(&r->object, "outcome", "permit"))
		return err_set(e, "mxonly query ended with %d: %.500s", code, r->object.at);
	return 0;
}

static int query(struct side *s, const char *key, struct buf *value, struct err *e)
{
	struct tool *t = s->own;
	char *copy = must_strndup(key, strlen(key));
	char *arguments[] = { (char[]){ "mxonly" }, (char[]){ "query" }, (char[]){ "-c" }, t->path, (char[]){ "-q" },
		copy, NULL };
	int code = run(t, arguments, false, value, e);

	free(copy);
	while (value->len > 0 && value->at[value->len - 1] == '\n')
		value->len--;
	return code < 0 ? -1 : code == 2 ? err_set(e, "mxonly query -q ended with 2") : code == 0;
}

static void end(struct side *s)
{
	struct tool *t = s->own;

	free(t->path);
	free(t);
}

void side_tool(struct side *s, const char *folder, const char *program)
{
	struct tool *t = must_alloc(sizeof(*t));

	*t = (struct tool){ .program = program };
	*s = (struct side){
		.name = "tool", .folder = folder, .serve = serve, .ask = ask, .check = check, .query = query, .end = end
	};
	s->own = t;
}
