/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/program.h"

static const char search[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static const char commands[] =
	"bad=0\n"
	"try() { words=$1; shift; said=$(\"$@\" 2>&1); }\n"
	"right() { printf 'verified: %s\\n' \"$words\"; }\n"
	"wrong() { printf 'wrong: %s: %s\\n' \"$words\" \"$(printf %s \"$said\" | tr '\\n' ' ')\"; bad=1; }\n"
	"yes() { if try \"$@\"; then right; else wrong; fi; }\n"
	"no() { if try \"$@\"; then wrong; else right; fi; }\n"
	"cannot() { printf 'not verified: %s\\n' \"$1\"; }\n";

static bool installed(const char *program)
{
	char path[256];
	size_t n;

	for (const char *at = search; *at; at += n + (at[n] == ':')) {
		n = strcspn(at, ":");
		snprintf(path, sizeof path, "%.*s/%s", (int)n, at, program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static const char *missing_program(const struct target *t)
{
	for (size_t i = 0; t->programs && t->programs[i]; i++)
		if (!installed(t->programs[i]))
			return t->programs[i];
	return NULL;
}

/* In the folder, and in the folders that its name has. */
static int write_file(const char *folder, const char *name, const struct buf *words, struct err *e)
{
	struct buf path = { 0 };
	int fd, result;

	buf_format(&path, "%s/%s", folder, name);
	for (char *slash = path.at + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path.at, 0755);
		*slash = '/';
	}
	fd = open(path.at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	result = fd < 0 ? err_set(e, "%s: %s", path.at, strerror(errno)) : fd_write_all(fd, words->at, words->len, e);
	if (fd >= 0)
		close(fd);
	buf_free(&path);
	return result;
}

static void add_variables(struct buf *script, const struct plan *p, const char *folder)
{
	buf_format(script, "export PATH=%s LC_ALL=C\ncd %s || exit\nip link set lo up\n", search, folder);
	buf_format(script, "relay4=%s relay6=%s foreign4=%s foreign6=%s\n", p->relay4, p->relay6, p->foreign4,
		p->foreign6);
}

unsigned trial_seconds(const struct export_job *x)
{
	unsigned lines = 0;

	for (size_t i = 0; i < x->file_count; i++)
		for (size_t k = 0; k < x->files[i]->text.len; k++)
			lines += x->files[i]->text.at[k] == '\n';
	return PROGRAM_SECONDS + 2 * lines;
}

/* A script, in namespaces of its own, as their root. */
static int run_apart(unsigned seconds, const char *path, struct buf *said, struct err *e)
{
	const char *user = geteuid() == 0 ? "--" : "--map-root-user";
	const char *const argv[] = { "unshare", "--net", "--mount", user, "/bin/sh", path, NULL };
	struct buf errors = { 0 };
	int status = program_run_for(seconds, argv, text_of(""), said, &errors, e);

	buf_free(&errors);
	return status;
}

/* What a script said, a line each, made printable. */
static void add_lines(struct buf *report, struct text said)
{
	while (said.len > 0) {
		const char *newline = memchr(said.at, '\n', said.len);
		size_t n = newline ? (size_t)(newline - said.at) : said.len;
		char text[2048];
		struct line l;
		line_start(&l, text, sizeof text);
		line_plain(&l, text_cut(said.at, n));
		buf_format(report, "%s\n", text);
		said = text_cut(said.at + n + (newline != NULL), said.len - n - (newline != NULL));
	}
}

/* Everything in its place, and the script; *path, which the caller frees, is the script's. */
static int prepare(const struct export_job *x, const char *folder, struct buf *path, struct err *e)
{
	struct buf script = { 0 };
	int result = 0;

	for (size_t i = 0; result == 0 && i < x->file_count; i++)
		result = write_file(folder, x->files[i]->name, &x->files[i]->text, e);
	add_variables(&script, x->plan, folder);
	buf_format(&script, "%s%sexit $bad\n", commands, x->target->trial);
	if (result == 0)
		result = write_file(folder, "trial.sh", &script, e);
	buf_format(path, "%s/trial.sh", folder);
	buf_free(&script);
	return result;
}

static int try_in(const struct export_job *x, const char *folder, struct buf *report, struct err *e)
{
	struct buf path = { 0 }, said = { 0 };
	int status = prepare(x, folder, &path, e);

	if (status == 0)
		status = run_apart(trial_seconds(x), path.at, &said, e);
	add_lines(report, text_cut(said.at, said.len));
	buf_free(&said);
	buf_free(&path);
	if (status < 0)
		return err_wrap(e, "the trial of %s", x->target->name);
	return status == 0 ? 0 : err_set(e, "%s did not stand its trial: nothing is written", x->target->name);
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *place)
{
	(void)s;
	(void)type;
	(void)place;
	return remove(path);
}

int trial_run(const struct export_job *x, struct buf *report, struct err *e)
{
	const char *missing = missing_program(x->target);
	char folder[] = "/tmp/mxonly-trial-XXXXXX";
	struct buf nothing = { 0 };
	int result = 0;

	if (!x->target->trial) {
		buf_str(report, "not verified: no program on this machine can try it; its header says how\n");
	} else if (missing) {
		buf_format(report, "not verified: %s is not on this machine\n", missing);
	} else if (run_apart(PROGRAM_SECONDS, "/dev/null", &nothing, e) != 0) {
		buf_str(report, "not verified: this user cannot make a network namespace to try it in\n");
	} else if (!mkdtemp(folder)) {
		result = err_set(e, "%s: %s", folder, strerror(errno));
	} else {
		result = try_in(x, folder, report, e);
		nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	}
	buf_free(&nothing);
	return result;
}
