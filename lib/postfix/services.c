/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/services.h"

#include <stdlib.h>

#include "base/buf.h"
#include "policy/lines.h"

enum { NAME, TYPE, PRIVATE, UNPRIVILEGED, CHROOT, WAKEUP, PROCESSES, COMMAND, FIELDS };

/* Cuts the first FIELDS words apart in place; what stands behind them is *arguments. */
static bool cut_fields(char *line, const char *field[FIELDS], const char **arguments)
{
	char *at = line;

	for (int i = 0; i < FIELDS; i++) {
		at += strspn(at, " \t");
		if (*at == '\0')
			return false;
		field[i] = at;
		at += strcspn(at, " \t");
		if (*at)
			*at++ = '\0';
	}
	*arguments = at + strspn(at, " \t");
	return true;
}

static bool read_service(struct service *s, struct text line)
{
	const char *field[FIELDS];
	unsigned long processes;

	*s = (struct service){ .line = must_strndup(line.at, line.len), .processes = -1 };
	if (!cut_fields(s->line, field, &s->arguments)) {
		free(s->line);
		return false;
	}
	s->name = field[NAME];
	s->type = field[TYPE];
	s->unprivileged = field[UNPRIVILEGED][0];
	s->chroot = field[CHROOT][0];
	if (text_number(text_of(field[PROCESSES]), 1000000000, &processes))
		s->processes = (long)processes;
	s->command = field[COMMAND];
	return true;
}

/* Of the lines "name/type/parameter = value" those of this service, without what they begin with. */
static void read_parameters(struct service *s, struct text parameters)
{
	struct buf prefix = { 0 }, own = { 0 };
	struct text line;
	const char *wrong;
	struct lines l;

	buf_format(&prefix, "%s/%s/", s->name, s->type);
	lines_start(&l, parameters);
	while (lines_next(&l, &line, &wrong))
		if (line.len > prefix.len && memcmp(line.at, prefix.at, prefix.len) == 0) {
			buf_add(&own, line.at + prefix.len, line.len - prefix.len);
			buf_str(&own, "\n");
		}
	params_read(&s->set, text_cut(own.at ? own.at : "", own.len));
	buf_free(&prefix);
	buf_free(&own);
}

void services_read(struct services *s, struct text services, struct text parameters)
{
	struct text line;
	const char *wrong;
	struct lines l;

	*s = (struct services){ 0 };
	lines_start(&l, services);
	while (lines_next(&l, &line, &wrong)) {
		s->at = must_grow(s->at, s->count, sizeof *s->at);
		if (wrong || !read_service(&s->at[s->count], line))
			continue;
		read_parameters(&s->at[s->count], parameters);
		s->count++;
	}
}

const char *service_port(const struct service *s)
{
	const char *colon = strrchr(s->name, ':');

	return colon ? colon + 1 : s->name;
}

struct text service_host(const struct service *s)
{
	const char *colon = strrchr(s->name, ':');
	struct text host = text_cut(s->name, colon ? (size_t)(colon - s->name) : 0);

	if (host.len > 1 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		host = text_cut(host.at + 1, host.len - 2);
	return host;
}

void services_free(struct services *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->at[i].line);
		params_free(&s->at[i].set);
		params_free(&s->at[i].own);
	}
	free(s->at);
	*s = (struct services){ 0 };
}
