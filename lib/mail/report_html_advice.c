/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/report_html_parts.h"

enum { NEAR_SHOWN = 12 };

/* The client as people know it: its name and address; its own word where DNS tells no name. */
static void client(struct buf *b, const struct tally_near *n)
{
	if (n->name.len > 0)
		html_text(b, "<b>", n->name, "</b>, ");
	html_text(b, n->name.len > 0 ? "" : "<b>", n->address, n->name.len > 0 ? "" : "</b>");
	if (n->name.len == 0 && n->helo.len > 0)
		html_text(b, " (which calls itself ", n->helo, ")");
}

/* What it nearly was: words before and behind the relay's name. */
static const struct doubt {
	const char *before, *behind;
} doubts[REASONS] = {
	[REASON_NEAR_MISS] = { ", is probably a new host of this service (",
		"): the name is the service’s, the address is not in its ranges." },
	[REASON_NAME_UNVERIFIED] = { ", has an address of ", ", but DNS verified no name of it." },
	[REASON_HELO_MISMATCH] = { ", has an address of ",
		", but another HELO: another machine in its network, or new names of its hosts." },
	[REASON_NAME_MISMATCH] = { ", has an address of ",
		", but another verified name: another machine in its network, or new names of its hosts." },
	[REASON_CERTIFICATE_MISMATCH] = { ", has an address of ", ", but not its certificate." },
	[REASON_NO_TLS] = { ", has an address of ", ", but did not use TLS." },
};

/* Of a client whose name DNS did not verify: anybody can claim one. */
static const struct doubt claim = { ", claims a name of this service (",
	"), but DNS does not verify it and the address is not in its ranges: a new host, or a lie." };

static void near_item(struct buf *b, const struct report_html *r, const struct tally_near *n)
{
	bool claimed = n->reason == REASON_NEAR_MISS && n->name.len == 0;
	const struct doubt *d = claimed ? &claim : &doubts[n->reason];

	buf_str(b, "<li><p>");
	client(b, n);
	html_text(b, d->before, n->relay, d->behind);
	buf_str(b, "</p><p class=\"soft\">");
	words_units(b, r, n->sums.all);
	words_span(b, n->first, n->last);
	if (n->reason == REASON_NEAR_MISS) {
		html_text(b, ". Ask the service; if the host is its own, add <code>", n->address, "</code>");
		html_text(b, " to <code>ranges</code> of <code>[relay ", n->relay, "]</code>");
	} else if (n->reason == REASON_HELO_MISMATCH && n->helo.len > 0)
		html_text(b, ". It said <code>", n->helo, "</code>");
	buf_str(b, ".</p></li>\n");
}

void report_near(struct buf *b, const struct report_html *r, const struct tally *t)
{
	struct tally_near near[NEAR_SHOWN];
	struct tally_others others;
	size_t n = tally_near(t, near, NEAR_SHOWN, &others);

	if (n == 0)
		return;
	buf_str(b,
		"<section>\n<h2>Look at these first</h2>\n<p class=\"soft\">Nearly the service: to refuse them may be "
		"to lose mail that came the right way.</p>\n<ul class=\"plain near\">\n");
	for (size_t i = 0; i < n; i++)
		near_item(b, r, &near[i]);
	buf_str(b, "</ul>\n");
	if (others.sums.all > 0) {
		html_count(b, "<p class=\"soft\">And ", others.sums.all, " ");
		buf_str(b, words_unit(r, others.sums.all));
		buf_str(b, " from other clients of this kind.</p>\n");
	}
	buf_str(b, "</section>\n");
}

/* Whether some policy that people wrote has this mode. */
static bool has_mode(const struct snapshot *s, enum mode mode)
{
	for (uint32_t i = 0; i < s->policies.count; i++)
		if (i != SNAP_POLICY_NO_DOMAIN && snap_policy(s, i)->mode == mode)
			return true;
	return false;
}

static const char name_own[] =
	"<li>Name the hosts that take your mail, as they stand behind <code>by</code> in their Received\n"
	"lines: <code>own = mail.example.org</code> in <code>[audit]</code>, or <code>--own</code>.\n"
	"Without that nothing can be said of ";

static const char nothing_found[] = "<li>Name files that hold mail: nothing was found in these.</li>\n";

static const char settle[] = "<li>Settle the cases above before you enforce anything.</li>\n";

static const char look_through[] =
	"<li>Look through the senders below for mail that you want: a partner who delivers directly on\n"
	"purpose, a monitoring probe, a second service. Such go into <code>exempt_networks</code>,\n"
	"<code>exempt_recipients</code> or a <code>[relay]</code> of their own.</li>\n";

static const char replay_too[] =
	"<li>Ask the mail log the same: <code>mxonly replay --html replay.html /var/log/mail.log</code>.\n"
	"It knows what mailboxes do not: every recipient, and the mail that nobody kept.</li>\n";

static const char enforce_slowly[] =
	"<li>Serve the configuration with <code>mode = monitor</code> and read its log for a week; then\n"
	"<code>mode = enforce</code>, domain by domain:\n"
	"<code>mxonly check &amp;&amp; systemctl reload mxonlyd</code>.</li>\n";

static const char other_door[] =
	"<li>The configuration says <code>mode = enforce</code>. If it was served all the time, mail still\n"
	"came through a door that it does not guard: another port, another host, a <code>permit_</code>\n"
	"before <code>check_policy_service</code> (<code>mxonly check --postfix</code>). If not, begin with\n"
	"<code>mode = monitor</code>.</li>\n";

static const char enforce_now[] = "<li>Nothing seen here stands against <code>mode = enforce</code>.</li>\n";

static const char all_off[] = "<li>Every policy has <code>mode = off</code>: nothing is judged. Write\n"
			      "<code>mode = monitor</code> in <code>[default]</code> and ask again.</li>\n";

/* What follows from the modes of the configuration. */
static const char *advice_on_modes(const struct snapshot *s, bool direct)
{
	if (has_mode(s, MODE_MONITOR))
		return enforce_slowly;
	if (!has_mode(s, MODE_ENFORCE))
		return all_off;
	return direct ? other_door : enforce_now;
}

static void advise(struct buf *b, const struct report_html *r, const struct tally *t)
{
	const struct tally_sums *s = &tally_counts(t)->sums;
	bool audit = r->kind == REPORT_AUDIT, direct = s->way[WAY_DIRECT] > 0;
	struct tally_near near;

	if (audit && s->way[WAY_UNKNOWN] > s->all / 20) {
		buf_str(b, name_own);
		words_units(b, r, s->way[WAY_UNKNOWN]);
		buf_str(b, ".</li>\n");
	}
	if (tally_near(t, &near, 1, NULL) > 0)
		buf_str(b, settle);
	if (direct)
		buf_str(b, look_through);
	if (audit)
		buf_str(b, replay_too);
	buf_str(b, advice_on_modes(r->snapshot, direct));
}

void report_advice(struct buf *b, const struct report_html *r, const struct tally *t)
{
	buf_str(b, "<section>\n<h2>What to do next</h2>\n<ol>\n");
	if (tally_counts(t)->sums.all > 0)
		advise(b, r, t);
	else
		buf_str(b, nothing_found);
	buf_str(b, "</ol>\n</section>\n");
}
