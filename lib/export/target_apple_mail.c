/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/relay_names.h"
#include "export/targets.h"

static const struct comment comment_plist = { .first = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
	.open = "<!--\n",
	.line = "  ",
	.close = "-->\n",
	.no_dashes = true };

static void add_criterion(struct buf *b, const char *sign, struct text name, size_t id)
{
	buf_format(b,
		"\t\t\t<dict>\n\t\t\t\t<key>CriterionUniqueId</key>\n\t\t\t\t<string>6D786F6E-6C79-4000-8000-%012zu</"
		"string>\n"
		"\t\t\t\t<key>Expression</key>\n\t\t\t\t<string>%s",
		id, sign);
	buf_quote(b, QUOTE_XML, name);
	buf_str(b, "</string>\n\t\t\t\t<key>Header</key>\n\t\t\t\t<string>Received</string>\n"
		   "\t\t\t\t<key>Qualifier</key>\n\t\t\t\t<string>DoesNotContain</string>\n\t\t\t</dict>\n");
}

static int write_apple_mail(struct export_job *x, struct err *e)
{
	struct buf *b;
	struct relay_names names;

	if (relay_names_make(&names, x, e) < 0)
		return -1;
	relay_names_leave_out(x);
	b = export_file(x, x->target->file, &comment_plist);
	buf_str(b, "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		   "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		   "<plist version=\"1.0\">\n<array>\n\t<dict>\n"
		   "\t\t<key>AllCriteriaMustBeSatisfied</key>\n\t\t<string>YES</string>\n"
		   "\t\t<key>Criteria</key>\n\t\t<array>\n");
	for (size_t i = 0; i < RELAY_NAME_SIGNS * names.count; i++)
		add_criterion(b, relay_name_sign[i % RELAY_NAME_SIGNS], names.at[i / RELAY_NAME_SIGNS], i + 1);
	buf_str(b, "\t\t</array>\n"
		   "\t\t<key>FlagColor</key>\n\t\t<integer>0</integer>\n"
		   "\t\t<key>MarkFlagged</key>\n\t\t<string>YES</string>\n"
		   "\t\t<key>RuleId</key>\n\t\t<string>6D786F6E-6C79-4000-8000-000000000000</string>\n"
		   "\t\t<key>RuleName</key>\n\t\t<string>mxonly: direct delivery</string>\n"
		   "\t\t<key>StopEvaluatingRules</key>\n\t\t<string>NO</string>\n"
		   "\t</dict>\n</array>\n</plist>\n");
	relay_names_free(&names);
	return 0;
}

static const char *const programs[] = { "xmllint", NULL };

static const char trial[] =
	"yes 'xmllint reads it' xmllint --noout --nonet SyncedRules.plist\n"
	"if command -v plutil >/dev/null; then yes 'plutil reads it' plutil -lint SyncedRules.plist; fi\n"
	"cannot 'what Mail does with it: it runs on macOS alone'\n";

const struct target target_apple_mail = {
	.name = "apple-mail",
	.help = "a rule for Apple Mail (SyncedRules.plist): FORGEABLE, a last resort",
	.flags = 0,
	.file = "SyncedRules.plist",
	.what = "Flags mail (red) in which no Received line names a relay's host.\n"
		"FORGEABLE: a sender who writes such a line himself, or such a name into his HELO, passes: Mail's "
		"rules\n"
		"know no addresses, and not which line is the topmost. What Mail makes of several Received lines is "
		"not\n"
		"documented: look at what it flags before you let it move anything.\n" RELAY_NAMES_OWN_MAIL,
	.load = "quit Mail; in ~/Library/Mail/V*/MailData/ keep a copy of SyncedRules.plist, and of "
		"RulesActiveState.plist;\n"
		"where there are no rules yet: cp ${output} SyncedRules.plist; else put the <dict> of this one into "
		"its <array>;\n"
		"iCloud may write its own over it: then Mail > Settings > Rules > Add Rule with the same values by "
		"hand:\n"
		"  If ALL are met: Edit Header List: Received; Received does not contain: each Expression below",
	.undo = "Mail > Settings > Rules: remove \"mxonly: direct delivery\"",
	.check = "a message that came through the relay (${relay4}): must not be flagged\n"
		 "and one that came through it over IPv6 (${relay6}): the same\n"
		 "one from a foreign host (${foreign4} or ${foreign6}): must be flagged; unless he forged a line",
	.write = write_apple_mail,
	.programs = programs,
	.trial = trial,
};
