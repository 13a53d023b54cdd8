/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/judge.h"

#include <unistd.h>

#include "policy/load.h"
#include "unit.h"

static const char ini[] =
	"[relay filter]\nranges = 192.0.2.0/24\ndomains = relay.example\n"
	"[relay strict]\nranges = 198.51.100.0/24\ndomains = strict.example\nmatch = address helo name tls\n"
	"[relay cert]\nfingerprints = 00112233445566778899aabbccddeeff00112233\n"
	"[default]\nrelays = filter strict\n[domain cert.test]\nrelays = cert\n"
	"[domain watched.test]\nmode = monitor\n[domain off.test]\nmode = off\n"
	"[domain exempt.test]\nexempt_networks = 127.0.0.0/8 203.0.113.0/24\n";

static const struct snapshot *open_ini(void)
{
	const struct snapshot *s = NULL;
	struct faults faults = { 0 };
	int fd = load_text(text_of(ini), "mxonly.ini", &faults);

	faults_print(&faults, stderr);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(snapshot_map(&s, fd, NULL), 0);
	close(fd);
	faults_free(&faults);
	return s;
}

enum { ALL = FACTOR_BIT_HELO | FACTOR_BIT_TLS | FACTOR_BIT_CERTIFICATE };

/* without: what the source does not tell */
static const struct {
	const char *address, *name, *helo, *user, *recipient;
	unsigned without;
	enum way way;
	const char *reason, *relay, *policy, *domain;
} rows[] = {
	{ "192.0.2.7", "", "mx.relay.example", "", "u@x.test", 0, WAY_RELAYED, "relay", "filter", "default", "x.test" },
	{ "192.0.2.7", "", "", "", "u@x.test", 0, WAY_DIRECT, "helo-mismatch", "filter", "default", "x.test" },
	{ "192.0.2.7", "", "", "", "u@x.test", ALL, WAY_RELAYED, "relay", "filter", "default", "x.test" },
	{ "192.0.2.7", "", "", "", "u@x.test", FACTOR_BIT_TLS, WAY_DIRECT, "helo-mismatch", "filter", "default",
		"x.test" },
	{ "203.0.113.9", "", "", "", "u@x.test", ALL, WAY_DIRECT, "unknown-address", "", "default", "x.test" },
	{ "203.0.113.9", "mx.relay.example", "", "", "u@x.test", ALL, WAY_DIRECT, "near-miss", "filter", "default",
		"x.test" },
	{ "198.51.100.1", "a.strict.example", "", "", "u@x.test", ALL, WAY_RELAYED, "relay", "strict", "default",
		"x.test" },
	{ "198.51.100.1", "a.strict.example", "b.strict.example", "", "u@x.test", 0, WAY_DIRECT, "no-tls", "strict",
		"default", "x.test" },
	{ "198.51.100.1", "other.test", "", "", "u@x.test", ALL, WAY_DIRECT, "name-mismatch", "strict", "default",
		"x.test" },
	{ "198.51.100.1", "", "", "", "u@cert.test", ALL, WAY_DIRECT, "certificate-mismatch", "cert",
		"domain cert.test", "cert.test" },
	{ "203.0.113.9", "", "", "", "u@watched.test", ALL, WAY_DIRECT, "unknown-address", "", "domain watched.test",
		"watched.test" },
	{ "203.0.113.9", "", "", "", "u@off.test", ALL, WAY_EXEMPT, "mode-off", "", "domain off.test", "off.test" },
	{ "203.0.113.9", "", "", "", "u@exempt.test", ALL, WAY_EXEMPT, "exempt-network", "", "domain exempt.test",
		"exempt.test" },
	{ "203.0.113.9", "", "", "joe", "u@x.test", ALL, WAY_AUTHENTICATED, "authenticated", "", "default", "x.test" },
	{ "unknown", "", "", "", "u@x.test", ALL, WAY_DIRECT, "bad-address", "", "default", "x.test" },
};

START_TEST(deliveries)
{
	const struct snapshot *s = open_ini();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct snapshot *without = snapshot_without(s, rows[i].without);
		struct request rq = { .attr = {
					      [ATTR_CLIENT_ADDRESS] = text_of(rows[i].address),
					      [ATTR_CLIENT_NAME] = text_of(rows[i].name),
					      [ATTR_HELO_NAME] = text_of(rows[i].helo),
					      [ATTR_SASL_USERNAME] = text_of(rows[i].user),
					      [ATTR_RECIPIENT] = text_of(rows[i].recipient),
				      } };
		struct finding f = { 0 };
		struct judgement j;
		char row[64];

		snprintf(row, sizeof row, "%zu: %s %s", i, rows[i].address, rows[i].reason);
		judge(&f, &j, without, &rq);
		row_ok(row, f.judged);
		row_str(row, way_name(f.way), way_name(rows[i].way));
		row_str(row, reason_name[f.reason], rows[i].reason);
		row_int(row, f.outcome == OUTCOME_PERMIT, rows[i].way != WAY_DIRECT);
		row_ok(row, text_is(f.relay, rows[i].relay));
		row_ok(row, text_is(f.policy, rows[i].policy));
		row_ok(row, text_is(f.domain, rows[i].domain));
		free(without);
	}
	snapshot_unmap(s);
}
END_TEST

int main(void)
{
	return unit_run("judge", UNIT_TESTS(deliveries));
}
