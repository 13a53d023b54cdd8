/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Exchange Online: a transport rule for each lane, which knows recipients; and a connector, which does not, where all domains are
 * treated alike.
 */

#include <stdlib.h>

#include "export/lanes.h"
#include "export/targets.h"

/* What Microsoft allows: of one rule, of all, and of their patterns together. */
enum { LONGEST_PREFIX = 24, RULE_BYTES = 8192, RULES_MOST = 300, PATTERN_BYTES = 20480 };

#define INSTEAD                                                                                                       \
	"Give fewer ranges or domains, use a connector that knows the relays by certificate, or mxonlyd in front of " \
	"it"

struct script {
	struct buf *b;
	struct export_job *x;
	const struct lanes *l;
	unsigned rules;
	size_t patterns; /* bytes */
};

/* Networks that never come to Exchange Online as what they are: private ones, loopback, link-local; sorted. */
static struct range_list inner_networks(void)
{
	static const char *const words[] = { "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
		"172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7", "fe80::/10" };
	struct range_list l = { 0 };
	struct range r = { 0 };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		range_parse(&r, text_of(words[i]), NULL);
		range_list_add(&l, &r);
	}
	return l;
}

/* What of these ranges can be told: public IPv4. */
static struct range_list outer_ranges(const struct range_list *l)
{
	struct range_list inner = inner_networks(), outer = ranges_minus(l, &inner);
	struct range_list four = ranges_of(&outer, false);

	range_list_free(&inner);
	range_list_free(&outer);
	return four;
}

/* What connectors take: IPv4, prefixes of /24 to /32. Trusted hosts alone are no reason to refuse the relays' mail. */
static int add_addresses(struct buf *b, const struct lane *lane, struct err *e)
{
	struct range_list relays = outer_ranges(&lane->relays), all = outer_ranges(&lane->allowed), prefixes = { 0 };
	int result = ranges_split(&prefixes, &all, LONGEST_PREFIX, 0, e);

	if (result == 0 && relays.count == 0)
		result = err_set(e,
			"%s: its relays have no public IPv4 range, and Exchange Online's connectors and rules know "
			"IPv4 "
			"alone",
			lane->titles.at);
	buf_str(b, "    Addresses = @(\n        '");
	ranges_print(b, &prefixes, "'\n        '");
	buf_str(b, "'\n    )\n");
	range_list_free(&relays);
	range_list_free(&all);
	range_list_free(&prefixes);
	return result;
}

/* '@example\.org$' for a name, '[@.].*\.example\.net$' in effect for what is below one. */
static void add_pattern(struct script *s, struct text name)
{
	size_t before = s->b->len;

	buf_str(s->b, "        '");
	if (name.at[0] != '.')
		buf_str(s->b, "@");
	for (size_t i = 0; i < name.len; i++)
		buf_format(s->b, "%s%c", name.at[i] == '.' ? "\\" : "", name.at[i]);
	buf_str(s->b, "$'\n");
	s->patterns += s->b->len - before - sizeof "        ''";
}

/* Returns where its words begin, which are about as long as the rule. */
static size_t begin_rule(struct script *s, const struct lane *lane)
{
	size_t start;

	buf_format(s->b, "\n# %s\n", lane->titles.at);
	start = s->b->len;
	buf_format(s->b, "$Rules += @{\n    Name = 'mxonly %u'\n    Mode = '%s'\n    For = @(\n", ++s->rules,
		lane->policy->mode == MODE_MONITOR ? "Audit" : "Enforce");
	return start;
}

/* Exceptions cannot be divided among rules: each rule would refuse those of the others. */
static int end_rule(struct script *s, size_t start, const struct lane *lane, const struct buf *addresses, struct err *e)
{
	buf_str(s->b, "    )\n");
	buf_add(s->b, addresses->at, addresses->len);
	buf_str(s->b, "}\n");
	if (s->b->len - start > RULE_BYTES)
		return err_set(e,
			"%s: a rule of Exchange Online's holds %d characters, and this one would have %zu, whose "
			"exceptions cannot be divided. " INSTEAD,
			lane->titles.at, RULE_BYTES, s->b->len - start);
	if (s->rules > RULES_MOST)
		return err_set(e, "Exchange Online takes %d rules, and these would be more. " INSTEAD, RULES_MOST);
	if (s->patterns > PATTERN_BYTES)
		return err_set(e,
			"Exchange Online takes %d characters of patterns in all rules together, and the names of "
			"these domains have more. " INSTEAD,
			PATTERN_BYTES);
	return 0;
}

/* From i on, the first exact name of a lane. */
static size_t next_exact(const struct lanes *l, size_t i, int lane)
{
	while (i < l->exact_count && lane_of(l, &l->exact[i]) != lane)
		i++;
	return i;
}

/* A pattern has room in the rule, escaped, and what ends the rule. */
static bool has_room(const struct script *s, size_t start, const struct buf *addresses, struct text name)
{
	return s->b->len - start + addresses->len + 2 * name.len + 64 <= RULE_BYTES;
}

/* The names of a lane that mean themselves alone, in as many rules as they need. */
static int add_exact(struct script *s, int lane, struct err *e)
{
	const struct lanes *l = s->l;
	struct buf addresses = { 0 };
	size_t i = next_exact(l, 0, lane);
	int result = i < l->exact_count ? add_addresses(&addresses, &l->at[lane], e) : 0;

	while (result == 0 && i < l->exact_count) {
		size_t start = begin_rule(s, &l->at[lane]);
		do {
			add_pattern(s, l->exact[i].name);
			i = next_exact(l, i + 1, lane);
		} while (i < l->exact_count && has_room(s, start, &addresses, l->exact[i].name));
		buf_str(s->b, "    )\n    NotFor = @(\n");
		result = end_rule(s, start, &l->at[lane], &addresses, e);
	}
	buf_free(&addresses);
	return result;
}

static bool below(struct text name, struct text parent)
{
	return name.len > parent.len && memcmp(name.at + name.len - parent.len, parent.at, parent.len) == 0;
}

/* Those below a name, or all that are not named (parent NULL), but for those that have a section of their own. */
static int add_parent(struct script *s, const struct plan_domain *parent, struct err *e)
{
	const struct lanes *l = s->l;
	int lane = parent ? lane_of(l, parent) : lane_default(l), result;
	struct buf addresses = { 0 };
	size_t start;

	if (lane == LANE_OFF)
		return 0;
	start = begin_rule(s, &l->at[lane]);
	if (parent)
		add_pattern(s, parent->name);
	buf_str(s->b, "    )\n    NotFor = @(\n");
	for (size_t i = 0; i < l->domain_count; i++)
		if (!parent || below(l->domains[i].name, parent->name))
			add_pattern(s, l->domains[i].name);
	result = add_addresses(&addresses, &l->at[lane], e);
	if (result == 0)
		result = end_rule(s, start, &l->at[lane], &addresses, e);
	buf_free(&addresses);
	return result;
}

/* Its section says what the next name above it, or [default], says already. */
static bool is_spare(const struct lanes *l, const struct plan_domain *d)
{
	for (size_t i = 0; i < l->parent_count; i++)
		if (below(d->name, l->parents[i].name))
			return lane_of(l, &l->parents[i]) == lane_of(l, d);
	return lane_default(l) == lane_of(l, d);
}

/* Patterns are dear: no domain is named that need not be. */
static void drop_spare(struct lanes *l)
{
	bool *spare = must_alloc(l->domain_count + 1);
	size_t kept = 0, parents = 0;

	for (size_t i = 0; i < l->domain_count; i++)
		spare[i] = is_spare(l, &l->domains[i]);
	for (size_t i = 0; i < l->domain_count; i++) {
		if (spare[i])
			continue;
		parents += i < l->parent_count;
		l->domains[kept++] = l->domains[i];
	}
	free(spare);
	l->domain_count = kept;
	l->parent_count = parents;
	l->exact = l->domains + parents;
	l->exact_count = kept - parents;
}

static int add_rules(struct script *s, struct err *e)
{
	const struct lanes *l = s->l;
	int result = add_parent(s, NULL, e);

	for (size_t i = 0; i < l->parent_count && result == 0; i++)
		result = add_parent(s, &l->parents[i], e);
	for (size_t i = 0; i < l->count && result == 0; i++)
		result = add_exact(s, (int)i, e);
	for (size_t i = 0; i < l->count && result == 0; i++)
		if (l->at[i].policy->exempt_recipients.count > 0)
			export_warn(s->x,
				"%s: exempt_recipients are left out: nobody but the relays reaches them either",
				l->at[i].titles.at);
	return result;
}

static const char rules[] =
	"\n"
	"# A rule for each: mail to these recipients from elsewhere is rejected (Enforce), or only told in reports "
	"(Audit).\n"
	"foreach ($Entry in $Rules) {\n"
	"    $Rule = @{\n"
	"        SentToScope = 'InOrganization'; ExceptIfFromScope = 'InOrganization'; ExceptIfSenderIpRanges = "
	"$Entry.Addresses\n"
	"        RejectMessageReasonText = 'Direct delivery refused: mail for this domain must come through its MX "
	"hosts'\n"
	"        RejectMessageEnhancedStatusCode = '5.7.1'; Mode = $Entry.Mode; StopRuleProcessing = $false\n"
	"    }\n"
	"    if ($Entry.For) { $Rule.RecipientAddressMatchesPatterns = $Entry.For }\n"
	"    if ($Entry.NotFor) { $Rule.ExceptIfRecipientAddressMatchesPatterns = $Entry.NotFor }\n"
	"    if (Get-TransportRule -Identity $Entry.Name -ErrorAction SilentlyContinue) {\n"
	"        Set-TransportRule -Identity $Entry.Name @Rule -WhatIf:(-not $Apply)\n"
	"    } else {\n"
	"        New-TransportRule -Name $Entry.Name @Rule -WhatIf:(-not $Apply)\n"
	"    }\n"
	"}\n";

static const char connector[] =
	"\n"
	"# The connector refuses sooner, and for the whole organization. It is made disabled: enable it when the "
	"rule's reports\n"
	"# show nothing that must come in: Set-InboundConnector -Identity 'mxonly' -Enabled $true\n"
	"$Connector = @{\n"
	"    SenderDomains = '*'; SenderIPAddresses = $Rules[0].Addresses; RestrictDomainsToIPAddresses = $true\n"
	"    RequireTls = $true; EFSkipLastIP = $false; EFSkipIPs = $Rules[0].Addresses; Comment = 'only the relays "
	"may deliver'\n"
	"}\n"
	"if (Get-InboundConnector -Identity 'mxonly' -ErrorAction SilentlyContinue) {\n"
	"    Set-InboundConnector -Identity 'mxonly' @Connector -WhatIf:(-not $Apply)\n"
	"} else {\n"
	"    New-InboundConnector -Name 'mxonly' -ConnectorType Partner -Enabled $false @Connector -WhatIf:(-not "
	"$Apply)\n"
	"}\n";

/* Every domain is of the one lane, and enforced. */
static bool alike(const struct lanes *l)
{
	for (uint32_t i = 0; i < l->plan->s->policies.count; i++)
		if (i != SNAP_POLICY_NO_DOMAIN && l->of[i] != 0)
			return false;
	return l->at[0].policy->mode == MODE_ENFORCE;
}

/* Loopback goes without saying. */
static void tell_left_out(struct export_job *x)
{
	struct range_list all = { 0 }, inner = inner_networks(), outer, kept_in, six;
	char text[RANGE_TEXT];

	ranges_add(&all, &x->plan->judged_relays);
	ranges_add(&all, &x->plan->trusted);
	ranges_merge(&all);
	outer = ranges_minus(&all, &inner);
	kept_in = ranges_minus(&all, &outer);
	for (size_t i = 0; i < kept_in.count; i++)
		export_note(x, "%s is left out: private, it never comes to Exchange Online under such an address",
			range_print(&kept_in.at[i], text));
	six = ranges_of(&outer, true);
	export_leave_out(x, &six,
		"Exchange Online's connectors and rules know IPv4 alone: the relay must deliver over IPv4 (tenants get "
		"IPv6 only on demand)");
	range_list_free(&all);
	range_list_free(&inner);
	range_list_free(&outer);
	range_list_free(&kept_in);
	range_list_free(&six);
}

static int write_exchange_online(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_hash);
	struct lanes l;
	struct script s = { .b = b, .x = x, .l = &l };
	int result = lanes_make(&l, x, false, e);

	if (result < 0)
		return -1;
	tell_left_out(x);
	drop_spare(&l);
	buf_str(b, "\nparam([switch]$Apply)\n$ErrorActionPreference = 'Stop'\n$Rules = @()\n");
	result = add_rules(&s, e);
	buf_str(b, rules);
	if (alike(&l))
		buf_str(b, connector);
	else
		export_note(x, "no connector: it knows no recipients, and not all domains are enforced through the "
			       "same relays");
	lanes_free(&l);
	return result;
}

const struct target target_exchange_online = {
	.name = "exchange-online",
	.help = "a PowerShell script for Exchange Online (Microsoft 365): transport rules, and a connector",
	.flags = TARGET_RANGES,
	.file = "mxonly-exchange-online.ps1",
	.what = "Rejects mail from outside for each domain, by its own mode, that comes neither from its relays nor "
		"from trusted\n"
		"hosts (Enforce), or only reports it (Audit). Where all domains are treated alike it makes a partner "
		"connector "
		"too,\n"
		"disabled. IPv4 alone, in prefixes of /24 to /32. The rules see a recipient after it was resolved to "
		"its primary\n"
		"address: mail to TENANT.onmicrosoft.com is judged by the primary address's domain. Mail that "
		"Microsoft itself "
		"or\n"
		"another tenant of yours hands in (calendars, Teams, hybrid) must be let in by exceptions: begin with "
		"mode = "
		"monitor.\n"
		"Its cmdlets and parameters are from Microsoft's documentation; it was parsed, not run against a "
		"tenant.",
	.load = "wait 72 hours after a change of the MX records; then Connect-ExchangeOnline, and\n"
		".\\${output}             says what it would do (-WhatIf)\n"
		".\\${output} -Apply      does it; up to some hours pass until it acts\n"
		"with a certificate instead of addresses (Microsoft prefers it): -RestrictDomainsToCertificate $true\n"
		"  -TlsSenderCertificateName *.RELAY-DOMAIN in place of SenderIPAddresses and "
		"RestrictDomainsToIPAddresses\n"
		"besides: Set-OrganizationConfig -RejectDirectSend $true  refuses anonymous mail in your own domains' "
		"name",
	.undo = "Remove-TransportRule -Identity 'mxonly 1' (and each other number); Remove-InboundConnector -Identity "
		"'mxonly'",
	.check = "through the relay (${relay4}): a test message must arrive\n"
		 "from a foreign host (${foreign4}) straight to DOMAIN-WITH-DASHES.mail.protection.outlook.com, port "
		 "25:\n"
		 "550 5.7.1 in the bounce (the rule) or at once (the connector); message trace tells which\n"
		 "over IPv6 (${relay6}, ${foreign6}): the tenant must not answer at all",
	.write = write_exchange_online,
};
