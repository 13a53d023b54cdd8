/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text is read with a bounded number of faults. One without faults is whole: every policy has relays that exist, every
 * factor of a match has data, every domain a policy. And CRLF line ends change nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "policy/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_relay(const struct relay_config *r)
{
	must(r->match != 0 && r->match < 1u << FACTORS);
	must(!(r->match & FACTOR_BIT_ADDRESS) || r->ranges.count > 0);
	must(!(r->match & (FACTOR_BIT_HELO | FACTOR_BIT_NAME)) || r->domains.count > 0);
	must(!(r->match & FACTOR_BIT_CERTIFICATE) || r->fingerprint_count > 0);
	must(r->match & (FACTOR_BIT_ADDRESS | FACTOR_BIT_NAME | FACTOR_BIT_CERTIFICATE));
	for (size_t i = 0; !r->allow_wide_ranges && i < r->ranges.count; i++)
		must(!range_wider(&r->ranges.at[i], 8, 16));
}

static void check_policy(const struct config *c, const struct policy_config *p)
{
	must(p->mode < MODES && p->relay_count > 0);
	for (size_t i = 0; i < p->relay_count; i++)
		must(p->relays[i] < c->relay_count);
	for (unsigned use = 0; use < ACTION_USES; use++)
		must(action_check(text_of(p->action[use]), (enum action_use)use, NULL, NULL) == 0);
}

static void check_whole(const struct config *c)
{
	must(c->policy_count > 0 && c->relay_count > 0 && c->policyd.listen.count > 0);
	for (size_t i = 0; i < c->relay_count; i++)
		check_relay(&c->relays[i]);
	for (size_t i = 0; i < c->policy_count; i++)
		check_policy(c, &c->policies[i]);
	for (size_t i = 0; i < c->domain_count; i++)
		must(c->domains[i].policy > 0 && c->domains[i].policy < c->policy_count);
}

/* Relative paths lead into a folder that is not there; absolute ones are made relative, so that nothing is ever opened. */
static void tame(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] == '/' && (i == 0 || strchr(" \t\r\n\v\f,=", text[i - 1])))
			text[i] = '_';
}

static void with_crlf(struct buf *b, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			buf_add(b, "\r", 1);
		buf_add(b, &text[i], 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char path[] = "/nonexistent-mxonly/fuzz.ini";
	struct config c[2];
	struct faults f[2] = { { .count = 0 }, { .count = 0 } };
	struct buf text = { 0 }, crlf = { 0 };
	char *user, *group;

	buf_add(&text, data, size);
	tame(text.at, size);
	with_crlf(&crlf, text.at, size);
	config_read_text(&c[0], text_cut(text.at, text.len), path, &f[0]);
	config_read_text(&c[1], text_cut(crlf.at, crlf.len), path, &f[1]);
	must(f[0].errors <= size + 16 && f[0].count <= 2 * FAULTS_KEPT);
	must(f[0].errors == f[1].errors && f[0].warnings == f[1].warnings);
	must(c[0].relay_count == c[1].relay_count && c[0].policy_count == c[1].policy_count);
	must(c[0].domain_count == c[1].domain_count && c[0].files.count == c[1].files.count);
	if (f[0].errors == 0)
		check_whole(&c[0]);
	config_read_user(text_cut(text.at, text.len), &user, &group);
	must(user != NULL);
	if (f[0].errors == 0)
		must(strcmp(user, c[0].policyd.user) == 0);
	free(user);
	free(group);
	for (int i = 0; i < 2; i++) {
		config_free(&c[i]);
		faults_free(&f[i]);
	}
	buf_free(&text);
	buf_free(&crlf);
	return 0;
}
