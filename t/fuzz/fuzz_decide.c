/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request from arbitrary bytes: deciding twice, and with a trace, is the same; the relay's address is needed for a permit by the
 * relay; the action is one that Postfix takes as meant; the reports stay printable.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "policy/explain.h"
#include "policy/report.h"
#include "policy_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char ini[] =
	"[relay filter]\nranges = 192.0.2.0/24 2001:db8:25::/48\ndomains = relay.example\n"
	"match = address helo name\n"
	"[relay cert]\nfingerprints = 00112233445566778899aabbccddeeff00112233\nmatch = certificate tls\n"
	"[default]\nrelays = filter\nexempt_networks = 127.0.0.0/8 ::1\nexempt_recipients = postmaster\n"
	"refuse_action = 550 ${sender} ${helo_name} not for ${recipient} ${policy}\n"
	"[domain off.test]\nmode = off\n[domain m.test]\nmode = monitor\nmonitor_action = WARN x ${client_name}\n"
	"[domains l]\nnames = single .p.test v.test\nrelays = cert filter\n";

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* Lines of the input are the attributes, in the order of their enum. */
static struct request request_of(const char *bytes, size_t size)
{
	struct request rq = { 0 };

	for (int a = ATTR_CLIENT_ADDRESS; a < ATTR_COUNT && size > 0; a++) {
		const char *end = memchr(bytes, '\n', size);
		size_t n = end ? (size_t)(end - bytes) : size;
		rq.attr[a] = text_cut(bytes, n < 8192 ? n : 8192);
		bytes += n + (end != NULL);
		size -= n + (end != NULL);
	}
	return rq;
}

static void check_reports(const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	static char at[LOG_LINE];
	struct buf b = { 0 };
	struct line l;

	for (int json = 0; json < 2; json++) {
		line_start(&l, at, sizeof at);
		report_decision(&l, s, rq, v, json);
		must(json ? at[0] == '{' && at[l.len - 1] == '}' : !l.full);
		if (verdict_warns(v))
			report_warning(&l, s, rq, v);
		for (size_t i = 0; i < l.len; i++)
			must(at[i] >= 0x20 && at[i] < 0x7f);
	}
	explain(&b, s, rq);
	for (size_t i = 0; i < b.len; i++)
		must(b.at[i] == '\n' || (b.at[i] >= 0x20 && b.at[i] < 0x7f));
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct snapshot *s;
	struct verdict v, again;
	char action[ACTION_MAX];

	if (!s)
		s = fixture_snapshot(ini);
	struct request rq = request_of((const char *)data, size);
	decide(s, &rq, &v, NULL);
	decide(s, &rq, &again, NULL);
	must(v.outcome == again.outcome && v.reason == again.reason && v.policy == again.policy &&
		v.relay == again.relay);
	size_t len = verdict_action(s, &rq, &v, action);
	must(len > 0 && len <= ACTION_MAX);
	struct text word = { action, len };
	bool permits = action_permits(word);
	must(permits == (v.outcome == OUTCOME_PERMIT || v.mode == MODE_MONITOR));
	if (v.reason == REASON_RELAY && text_is(snap_text(s, v.relay->name), "filter")) {
		struct ip ip;
		must(ip_parse_client(&ip, rq.attr[ATTR_CLIENT_ADDRESS]) &&
			range_set_holds(snap_set(s, v.relay->ranges), &ip));
	}
	check_reports(s, &rq, &v);
	return 0;
}
