/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/explain.h"

#include "policy_fixture.h"
#include "unit.h"

static const char ini[] = "[relay filter]\n"
			  "ranges = 192.0.2.0/25, 192.0.2.128/25\n"
			  "domains = relay.example\n"
			  "[domain off.test]\nmode = off\n";

static const struct {
	const char *request, *want;
} rows[] = {
	{ "client_address=192.0.2.200 helo_name=evil recipient=u%x.test@off.test",
		"REJECT 5.7.1 Direct delivery refused: mail for x.test must come through its MX hosts\n"
		"  candidate off.test: policy [domain off.test] at test.ini:4, mode off\n"
		"    permit: mode-off: the policy's mode is off\n"
		"  candidate x.test: policy [default] at built-in, mode enforce\n"
		"    sasl_username (empty): not authenticated\n"
		"    client_address 192.0.2.200: in none of exempt_networks\n"
		"    recipient u%x.test@off.test: none of exempt_recipients\n"
		"    relay filter at test.ini:1, match address helo\n"
		"      address: yes: client_address 192.0.2.200 is in 192.0.2.0/24\n"
		"      helo: no: helo_name evil is not at or below relay.example\n"
		"    refuse: helo-mismatch, relay filter: a relay's client with another HELO\n"
		"  decided: refuse, helo-mismatch, for x.test by [default] at built-in\n" },
	{ "client_address=127.0.0.1 recipient=u@x.test",
		"DUNNO\n"
		"  candidate x.test: policy [default] at built-in, mode enforce\n"
		"    sasl_username (empty): not authenticated\n"
		"    client_address 127.0.0.1: in exempt_networks (127.0.0.0/8)\n"
		"    permit: exempt-network: the client's address is in exempt_networks\n"
		"  decided: permit, exempt-network, for x.test by [default] at built-in\n" },
	{ "client_address=127.0.0.1", "DUNNO\n"
				      "  decided: permit, no-recipient: asked at a stage without one recipient, where "
				      "nothing can be decided\n" },
};

START_TEST(every_step_is_told)
{
	const struct snapshot *s = fixture_snapshot(ini);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct request rq = fixture_request(rows[i].request);
		struct buf b = { 0 };
		explain(&b, s, &rq);
		*buf_room(&b, 1) = 0;
		row_str(rows[i].request, b.at, rows[i].want);
		buf_free(&b);
	}
	snapshot_unmap(s);
}
END_TEST

int main(void)
{
	return unit_run("explain", UNIT_TESTS(every_step_is_told));
}
