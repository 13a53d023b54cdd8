/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Exchange Online: a transport rule for each lane, which knows recipients; and a connector, which does not, where all domains are
 * treated alike.
 */

#include "export/lanes.h"
#include "export/targets.h"

enum { LONGEST_PREFIX = 24, RULE_BYTES = 8192 };

/* What connectors take: IPv4, prefixes of /24 to /32; loopback never comes from outside. */
static int add_addresses(struct buf *b, const struct lane *lane, struct err *e)
{
	struct range_list four = { 0 }, prefixes = { 0 };
	char text[RANGE_TEXT];

	for (size_t i = 0; i < lane->allowed.count; i++)
		if (!lane->allowed.at[i].first.v6 && lane->allowed.at[i].first.low >> 24 != 127)
			range_list_add(&four, &lane->allowed.at[i]);
	int result = ranges_split(&prefixes, &four, LONGEST_PREFIX, 0, e);
	if (result == 0 && prefixes.count == 0)
		result = err_set(e, "%s: no IPv4 range, and Exchange Online's connectors and rules know IPv4 alone",
			lane->titles.at);
	buf_str(b, "    Addresses = @(\n");
	for (size_t i = 0; i < prefixes.count; i++)
		buf_format(b, "        '%s'\n", range_print(&prefixes.at[i], text));
	buf_str(b, "    )\n");
	range_list_free(&four);
	range_list_free(&prefixes);
	return result;
}

/* '@example\.org$' for a name, '[@.].*\.example\.net$' in effect for what is below one. */
static void add_pattern(struct buf *b, struct text name)
{
	buf_str(b, "        '");
	if (name.at[0] != '.')
		buf_str(b, "@");
	for (size_t i = 0; i < name.len; i++)
		buf_format(b, "%s%c", name.at[i] == '.' ? "\\" : "", name.at[i]);
	buf_str(b, "$'\n");
}

static void begin_rule(struct buf *b, const struct lane *lane, unsigned number)
{
	buf_format(b, "\n# %s\n$Rules += @{\n    Name = 'mxonly %u'\n    Mode = '%s'\n    For = @(\n", lane->titles.at,
		number, lane->policy->mode == MODE_MONITOR ? "Audit" : "Enforce");
}

/* start: of its words in b, which are about as long as the rule. */
static int end_rule(struct buf *b, size_t start, struct export_job *x, const struct lane *lane, struct err *e)
{
	buf_str(b, "    )\n");
	if (add_addresses(b, lane, e) < 0)
		return -1;
	if (b->len - start > RULE_BYTES)
		export_warn(x,
			"%s: a rule holds %d characters, and this one has more: cut it in several by hand, or use the "
			"connector alone",
			lane->titles.at, RULE_BYTES);
	buf_str(b, "}\n");
	return 0;
}

/* The names of a lane that mean themselves alone. */
static int add_exact(
	struct buf *b, struct export_job *x, const struct lanes *l, int lane, unsigned *number, struct err *e)
{
	size_t before = b->len, count = 0;

	begin_rule(b, &l->at[lane], *number + 1);
	for (size_t i = 0; i < l->exact_count; i++)
		if (lane_of(l, &l->exact[i]) == lane) {
			add_pattern(b, l->exact[i].name);
			count++;
		}
	if (count == 0) {
		b->len = before;
		return 0;
	}
	++*number;
	buf_str(b, "    )\n    NotFor = @(\n");
	return end_rule(b, before, x, &l->at[lane], e);
}

static bool below(struct text name, struct text parent)
{
	return name.len > parent.len && memcmp(name.at + name.len - parent.len, parent.at, parent.len) == 0;
}

/* Those below a name, or all that are not named (parent NULL), but for those that have a section of their own. */
static int add_parent(struct buf *b, struct export_job *x, const struct lanes *l, const struct plan_domain *parent,
	unsigned *number, struct err *e)
{
	int lane = parent ? lane_of(l, parent) : lane_default(l);
	size_t before = b->len;

	if (lane == LANE_OFF)
		return 0;
	begin_rule(b, &l->at[lane], ++*number);
	if (parent)
		add_pattern(b, parent->name);
	buf_str(b, "    )\n    NotFor = @(\n");
	for (size_t i = 0; i < l->domain_count; i++)
		if (!parent || below(l->domains[i].name, parent->name))
			add_pattern(b, l->domains[i].name);
	return end_rule(b, before, x, &l->at[lane], e);
}

static int add_rules(struct buf *b, struct export_job *x, const struct lanes *l, struct err *e)
{
	unsigned number = 0;
	int result = add_parent(b, x, l, NULL, &number, e);

	for (size_t i = 0; i < l->parent_count && result == 0; i++)
		result = add_parent(b, x, l, &l->parents[i], &number, e);
	for (size_t i = 0; i < l->count && result == 0; i++)
		result = add_exact(b, x, l, (int)i, &number, e);
	for (size_t i = 0; i < l->count && result == 0; i++)
		if (l->at[i].policy->exempt_recipients.count > 0)
			export_warn(x, "%s: exempt_recipients are left out: nobody but the relays reaches them either",
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

static int write_exchange_online(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_hash);
	struct range_list six = ranges_of(&x->plan->relays, true);
	struct lanes l;
	int result = lanes_make(&l, x, false, e);

	export_leave_out(x, &six,
		"Exchange Online's connectors and rules know IPv4 alone: the relay must deliver over IPv4 (tenants get "
		"IPv6 only on "
		"demand)");
	range_list_free(&six);
	if (result < 0)
		return -1;
	buf_str(b, "\nparam([switch]$Apply)\n$ErrorActionPreference = 'Stop'\n$Rules = @()\n");
	result = add_rules(b, x, &l, e);
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
