/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/postfix.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/program.h"
#include "policy/lines.h"

enum { ARGUMENTS = 60 };

/* postconf with these arguments; what it prints behind output, what it says behind said. */
static int postconf(
	const char *directory, const char *const *arguments, struct buf *output, struct buf *said, struct err *e)
{
	const char *argv[ARGUMENTS + 4] = { "postconf" };
	size_t n = 1, before = said->len;
	int status;

	if (directory) {
		argv[n++] = "-c";
		argv[n++] = directory;
	}
	for (; *arguments && n < ARGUMENTS + 3; arguments++)
		argv[n++] = *arguments;
	argv[n] = NULL;
	status = program_run(argv, text_of(""), output, said, e);
	if (status > 0)
		return err_set(e, "%.*s", WORDS(text_trim(text_cut(said->at + before, said->len - before))));
	return status;
}

static int read_params(
	struct params *p, const char *directory, const char *const *arguments, struct buf *said, struct err *e)
{
	struct buf output = { 0 };
	int status = postconf(directory, arguments, &output, said, e);

	if (status == 0)
		params_read(p, text_cut(output.at ? output.at : "", output.len));
	buf_free(&output);
	return status;
}

static int read_services(struct postfix *p, const char *directory, struct err *e)
{
	static const char *const list[] = { "-M", NULL }, *const set[] = { "-P", NULL };
	struct buf services = { 0 }, parameters = { 0 };
	int status = -1;

	if (postconf(directory, list, &services, &p->said, e) == 0 &&
		postconf(directory, set, &parameters, &p->said, e) == 0) {
		services_read(&p->services, text_cut(services.at ? services.at : "", services.len),
			text_cut(parameters.at ? parameters.at : "", parameters.len));
		status = 0;
	}
	buf_free(&services);
	buf_free(&parameters);
	return status;
}

/* All parameters as this service sees them: postconf -x -o name=value ... puts its own in before $names. */
static int read_service(struct service *s, const struct postfix *p, const char *directory, struct err *e)
{
	const char *arguments[ARGUMENTS + 1] = { "-x" };
	struct buf own = { 0 }, said = { 0 };
	size_t n = 1, at = 0;
	int status;

	s->params = s->set.count > 0 ? &s->own : &p->main;
	if (s->set.count == 0)
		return 0;
	if (2 * s->set.count + 2 > ARGUMENTS)
		return err_set(e, "%s/%s: too many parameters of its own", s->name, s->type);
	for (size_t i = 0; i < s->set.count; i++) {
		buf_format(&own, "%s=%s", s->set.at[i].name, s->set.at[i].value);
		own.len++; /* its NUL too */
	}
	for (size_t i = 0; i < s->set.count; i++) {
		arguments[n++] = "-o";
		arguments[n++] = own.at + at;
		at += strlen(own.at + at) + 1;
	}
	status = read_params(&s->own, directory, arguments, &said, e);
	buf_free(&own);
	buf_free(&said);
	return status;
}

static bool receives(const struct service *s)
{
	return strcmp(s->command, "smtpd") == 0 || strcmp(s->command, "postscreen") == 0;
}

int postfix_read(struct postfix *p, const char *directory, struct err *e)
{
	static const char *const all[] = { "-x", NULL }, *const set[] = { "-n", NULL };
	struct buf said = { 0 };
	int status = -1;

	*p = (struct postfix){ 0 };
	if (read_params(&p->main, directory, all, &said, e) < 0 ||
		read_params(&p->set, directory, set, &p->said, e) < 0 || read_services(p, directory, e) < 0)
		goto out;
	p->directory = directory ? directory : params_get(&p->main, "config_directory");
	p->queue = params_get(&p->main, "queue_directory");
	for (size_t i = 0; i < p->services.count; i++)
		if (receives(&p->services.at[i]) && read_service(&p->services.at[i], p, directory, e) < 0)
			goto out;
	status = 0;
out:
	buf_free(&said);
	if (status < 0)
		postfix_free(p);
	return status;
}

/* `-` means no since Postfix 3.0, but yes where compatibility_level is below 1. */
bool postfix_chrooted(const struct postfix *p, const struct service *s)
{
	if (s->chroot != '-')
		return s->chroot == 'y';
	return params_get(&p->main, "compatibility_level")[0] == '0';
}

void postfix_free(struct postfix *p)
{
	params_free(&p->main);
	params_free(&p->set);
	services_free(&p->services);
	buf_free(&p->said);
}
