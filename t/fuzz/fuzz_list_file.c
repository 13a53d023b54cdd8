/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of ranges or of domains, of any bytes: each fault names a line that is there, CRLF line ends change nothing, and what is
 * read is read again as the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "policy/config.h"
#include "policy/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* One configuration whose list, of ranges or of domains, is in a file of these bytes. */
static void read_list(bool ranges, const char *bytes, size_t n, struct config *c, struct faults *f)
{
	int fd = memory_file(NULL);
	char ini[200];

	must(fd >= 0 && fd_write_all(fd, bytes, n, NULL) == 0);
	snprintf(ini, sizeof ini,
		ranges ? "[relay r]\nallow_wide_ranges = yes\nranges_file = /proc/self/fd/%d\n"
		       : "[relay r]\nranges = 192.0.2.1\n[domains d]\nfile = /proc/self/fd/%d\n",
		fd);
	config_read_text(c, text_of(ini), "/nonexistent-mxonly/fuzz.ini", f);
	close(fd);
}

static void check_domains(const struct config *c)
{
	char again[DOMAIN_MAX + 1];

	for (size_t i = 0; i < c->domain_count; i++) {
		must(domain_parse(text_of(c->domains[i].name), true, again, NULL) == 0);
		must(strcmp(again, c->domains[i].name) == 0);
	}
}

static void check_ranges(const struct config *c)
{
	for (size_t i = 0; i < c->relays[0].ranges.count; i++) {
		struct range again, *r = &c->relays[0].ranges.at[i];
		char words[RANGE_TEXT];

		must(range_parse(&again, text_of(range_print(r, words)), NULL) == 0);
		must(ip_compare(&again.first, &r->first) == 0 && ip_compare(&again.last, &r->last) == 0);
	}
}

/* "/proc/self/fd/3:LINE: ..." */
static void check_places(const struct faults *f, size_t lines)
{
	for (size_t i = 0; i < f->count; i++) {
		unsigned long line;
		int fd;

		if (sscanf(f->list[i].words, "/proc/self/fd/%d:%lu:", &fd, &line) == 2)
			must(line >= 1 && line <= lines);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct faults f[2] = { { .count = 0 }, { .count = 0 } };
	struct buf text = { 0 }, crlf = { 0 };
	struct config c[2];
	size_t lines = 1;

	if (size == 0)
		return 0;
	buf_add(&text, data + 1, size - 1);
	buf_add(&crlf, "", 0);
	for (size_t i = 0; i < text.len; i++) {
		lines += text.at[i] == '\n';
		if (text.at[i] == '\n')
			buf_add(&crlf, "\r", 1);
		buf_add(&crlf, &text.at[i], 1);
	}
	read_list(data[0] & 1, text.at, text.len, &c[0], &f[0]);
	read_list(data[0] & 1, crlf.at, crlf.len, &c[1], &f[1]);
	must(f[0].errors <= lines + 1 && f[0].errors == f[1].errors && f[0].warnings == f[1].warnings);
	must(c[0].domain_count == c[1].domain_count && c[0].relays[0].ranges.count == c[1].relays[0].ranges.count);
	check_places(&f[0], lines);
	check_domains(&c[0]);
	check_ranges(&c[0]);
	for (int i = 0; i < 2; i++) {
		config_free(&c[i]);
		faults_free(&f[i]);
	}
	buf_free(&text);
	buf_free(&crlf);
	return 0;
}
