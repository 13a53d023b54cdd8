/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/catalogue.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "policy/domain.h"
#include "policy/lines.h"

static const char suffix[] = ".relay";

static void set(char **field, struct text value)
{
	free(*field);
	*field = must_strndup(value.at, value.len);
}

static void add_line(struct buf *b, struct text value)
{
	buf_add(b, value.at, value.len);
	buf_str(b, "\n");
}

static bool take_key(struct known_service *s, struct text key, struct text value)
{
	if (text_is(key, "name"))
		set(&s->name, value);
	else if (text_is(key, "domains"))
		set(&s->domains, value);
	else if (text_is(key, "published"))
		set(&s->published, value);
	else if (text_is(key, "verified"))
		set(&s->verified, value);
	else if (text_is(key, "source"))
		add_line(&s->sources, value);
	else if (text_is(key, "note"))
		add_line(&s->notes, value);
	else
		return false;
	return true;
}

/* NULL, or what is wrong with the line. */
static const char *take_line(struct known_service *s, struct text line)
{
	const char *equals;

	line = text_trim(line);
	if (line.len == 0 || line.at[0] == '#')
		return NULL;
	equals = text_find(line, '=');
	if (!equals)
		return "no `key = value`";
	struct text key = text_trim(text_cut(line.at, (size_t)(equals - line.at)));
	struct text value = text_trim(text_cut(equals + 1, line.len - (size_t)(equals + 1 - line.at)));
	return take_key(s, key, value) ? NULL : "unknown key";
}

static bool is_address(const char *url)
{
	return url && strncmp(url, "https://", 8) == 0 && url[8] != '\0' && strpbrk(url, " \t\"<>") == NULL;
}

/* "YYYY-MM-DD: words" */
static bool is_dated(const char *verified)
{
	static const char form[] = "dddd-dd-dd: ";

	for (size_t i = 0; form[i]; i++)
		if (!verified || (form[i] == 'd' ? verified[i] < '0' || verified[i] > '9' : verified[i] != form[i]))
			return false;
	return verified[sizeof form - 1] != '\0';
}

/* NULL, or what the file lacks: nothing is known without a source. */
static const char *missing(const struct known_service *s)
{
	struct text rest = text_of(s->domains ? s->domains : ""), word;
	char name[DOMAIN_MAX + 1];

	if (!s->name || !*s->name)
		return "no name";
	if (!s->domains)
		return "no domains (they may be empty)";
	while (text_next_word(&rest, &word))
		if (domain_parse(word, false, name, NULL) < 0 || !domain_has_dot(text_of(name)))
			return "domains: not all of them are domains";
	if (!is_address(s->published))
		return "published: no address of a page";
	if (s->sources.len == 0)
		return "no source";
	return is_dated(s->verified) ? NULL : "verified: not `YYYY-MM-DD: what`";
}

static void free_service(struct known_service *s)
{
	free(s->id);
	free(s->name);
	free(s->domains);
	free(s->published);
	free(s->verified);
	buf_free(&s->sources);
	buf_free(&s->notes);
}

static bool read_service(struct known_service *s, const char *path, struct faults *f)
{
	const char *wrong, *what = NULL;
	struct buf bytes = { 0 };
	struct text line;
	struct lines l;
	struct err e;

	if (file_read_regular(path, &bytes, NULL, &e) < 0) {
		fault_add(f, NULL, 0, "%s", e.text);
		return false;
	}
	lines_start(&l, text_cut(bytes.at ? bytes.at : "", bytes.len));
	while (!what && lines_next(&l, &line, &wrong))
		what = wrong ? wrong : take_line(s, line);
	if (what)
		fault_add(f, path, l.number, "%s", what);
	else if ((what = missing(s)))
		fault_add(f, path, 0, "%s", what);
	buf_free(&bytes);
	return !what;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct known_service *)a)->id, ((const struct known_service *)b)->id);
}

static void take_file(struct catalogue *c, const char *folder, const char *name, struct faults *f)
{
	size_t n = strlen(name), end = sizeof suffix - 1;
	struct known_service new = { 0 };
	struct buf path = { 0 };

	if (n <= end || strcmp(name + n - end, suffix) != 0)
		return;
	buf_format(&path, "%s/%s", folder, name);
	new.id = must_strndup(name, n - end);
	if (read_service(&new, path.at, f)) {
		c->at = must_grow(c->at, c->count, sizeof *c->at);
		c->at[c->count++] = new;
	} else {
		free_service(&new);
	}
	buf_free(&path);
}

void catalogue_read(struct catalogue *c, const char *folder, struct faults *f)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)))
		take_file(c, folder, entry->d_name, f);
	closedir(d);
	if (c->count > 0)
		qsort(c->at, c->count, sizeof *c->at, by_id);
}

const struct known_service *catalogue_find(const struct catalogue *c, const char *word)
{
	for (size_t i = 0; i < c->count; i++)
		if (text_equal_nocase(text_of(word), text_of(c->at[i].id)) ||
			text_equal_nocase(text_of(word), text_of(c->at[i].name)))
			return &c->at[i];
	return NULL;
}

void catalogue_free(struct catalogue *c)
{
	for (size_t i = 0; i < c->count; i++)
		free_service(&c->at[i]);
	free(c->at);
	*c = (struct catalogue){ 0 };
}
