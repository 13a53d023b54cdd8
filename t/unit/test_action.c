/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/action.h"

#include <stdio.h>

#include "policy/verb.h"
#include "unit.h"

static const char *const nothing[VAR_COUNT];

struct allowed {
	enum action_use use;
	const char *text;
	const char *wire; /* with every variable empty */
	bool acts_on_message;
};

static const struct allowed allowed[] = {
	{ ACTION_REFUSE, "REJECT", "REJECT", false },
	{ ACTION_REFUSE, "reject", "REJECT", false },
	{ ACTION_REFUSE, "  ReJect  5.7.1\t  go away  ", "REJECT 5.7.1 go away", false },
	{ ACTION_REFUSE, "REJECT 5.7.1", "REJECT 5.7.1", false },
	{ ACTION_REFUSE, "REJECT 5.0.999 x", "REJECT 5.0.999 x", false },
	{ ACTION_REFUSE, "REJECT 192.0.2.1 is no relay", "REJECT 192.0.2.1 is no relay", false },
	{ ACTION_REFUSE, "REJECT costs $$5, ${policy}", "REJECT costs $5,", false },
	{ ACTION_REFUSE, "REJECT ${sender}${helo_name} x", "REJECT x", false },
	{ ACTION_REFUSE, "550 no", "550 no", false },
	{ ACTION_REFUSE, "550 5.7.1 no", "550 5.7.1 no", false },
	{ ACTION_REFUSE, "450 4.7.1 later", "450 4.7.1 later", false },
	{ ACTION_REFUSE, "421 ${reason} later", "421 later", false },
	{ ACTION_REFUSE, "DEFER", "DEFER", false },
	{ ACTION_REFUSE, "defer_if_permit 4.3.0 later", "DEFER_IF_PERMIT 4.3.0 later", false },
	{ ACTION_REFUSE, "HOLD look at it", "HOLD look at it", true },
	{ ACTION_REFUSE, "discard 4.7.1 is a text here", "DISCARD 4.7.1 is a text here", true },
	{ ACTION_REFUSE, "REJECT gr\xc3\xbc\xc3\x9f dich\tda", "REJECT gr???? dich?da", false },
	{ ACTION_DEFER, "DEFER", "DEFER", false },
	{ ACTION_DEFER, "DEFER_IF_PERMIT 4.7.1", "DEFER_IF_PERMIT 4.7.1", false },
	{ ACTION_DEFER, "499 x", "499 x", false },
	{ ACTION_MONITOR, "dunno", "DUNNO", false },
	{ ACTION_MONITOR, "INFO 5.7.1 would be ${reason}", "INFO 5.7.1 would be", false },
	{ ACTION_MONITOR, "WARN w${policy}", "WARN w", false },
	{ ACTION_MONITOR, "PREPEND X-mxonly:value", "PREPEND X-mxonly: value", false },
	{ ACTION_MONITOR, "prepend X-mxonly:   r=${reason}", "PREPEND X-mxonly: r=", false },
	{ ACTION_MONITOR, "PREPEND X: ${sender} : b", "PREPEND X: : b", false },
	{ ACTION_MONITOR, "PREPEND X-mxonly: ${reason}", "PREPEND X-mxonly:", false },
};

static struct text copy_exactly(const char *s, char **owned)
{
	size_t n = strlen(s);

	*owned = malloc(n + (n == 0));
	memcpy(*owned, s, n);
	return text_cut(*owned, n);
}

/* The action as it goes over the wire, NUL-terminated. */
static const char *render(const char *action, const char *const values[VAR_COUNT])
{
	static char line[ACTION_MAX + 1];
	char *owned[VAR_COUNT + 1];
	struct text variables[VAR_COUNT];

	for (size_t i = 0; i < VAR_COUNT; i++)
		variables[i] = copy_exactly(values[i] == NULL ? "" : values[i], &owned[i]);
	line[action_render(copy_exactly(action, &owned[VAR_COUNT]), variables, line)] = '\0';
	for (size_t i = 0; i <= VAR_COUNT; i++)
		free(owned[i]);
	return line;
}

static int check(const char *action, enum action_use use, bool *acts_on_message, struct err *e)
{
	char *owned;
	int result = action_check(copy_exactly(action, &owned), use, acts_on_message, e);

	free(owned);
	return result;
}

START_TEST(taken)
{
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
		const struct allowed *row = &allowed[i];
		struct err e = { "" };
		bool acts = !row->acts_on_message;
		int result = check(row->text, row->use, &acts, &e);
		ck_assert_msg(result == 0, "row \"%s\": refused: %s", row->text, e.text);
		row_int(row->text, acts, row->acts_on_message);
		row_str(row->text, render(row->text, nothing), row->wire);
	}
}
END_TEST

static const struct {
	enum action_use use;
	const char *text;
	const char *words; /* that the fault has */
} faults[] = {
	{ ACTION_REFUSE, "", "takes an empty one for a permit; `REJECT` meant?" },
	{ ACTION_DEFER, " \t", "`DEFER_IF_PERMIT` meant?" },
	{ ACTION_MONITOR, "", "`DUNNO` meant?" },
	{ ACTION_REFUSE, "550", "bare number for a permit; `550 5.7.1 Direct delivery refused` meant?" },
	{ ACTION_REFUSE, "550 5.7.1", "`550` needs a text" },
	{ ACTION_REFUSE, "450", "`450 4.7.1 " },
	{ ACTION_REFUSE, "55", "bare number for a permit" },
	{ ACTION_REFUSE, "250 ok", "bare number for a permit" },
	{ ACTION_REFUSE, "5500 no", "bare number for a permit" },
	{ ACTION_REFUSE, "550 ${reason}", "needs a word" },
	{ ACTION_REFUSE, "550 5.7.1 ${reason}", "needs a word" },
	{ ACTION_REFUSE, "REJECT ${reason} - $$!", "needs a word" },
	{ ACTION_REFUSE, "REJECT \xc3\xbc", "needs a word" },
	{ ACTION_REFUSE, "550 4.7.1 no", "`550 5.7.1` meant?" },
	{ ACTION_REFUSE, "450 5.7.1 no", "`450 4.7.1` meant?" },
	{ ACTION_REFUSE, "REJECT 4.7.1 no", "`REJECT 5.7.1` meant?" },
	{ ACTION_REFUSE, "DEFER 5.7.1", "`DEFER 4.7.1` meant?" },
	{ ACTION_REFUSE, "REJECT 2.7.1 no", "`REJECT 5.7.1` meant?" },
	{ ACTION_REFUSE, "REJECT 5.7.1000 no", "no status code X.Y.Z" },
	{ ACTION_REFUSE, "REJECT 5.1000.1 no", "no status code X.Y.Z" },
	{ ACTION_REFUSE, "650 no", "bare number for a permit" },
	{ ACTION_REFUSE, "REJECT 5.07.1 no", "no status code X.Y.Z" },
	{ ACTION_REFUSE, "REJECT 5.7.01 no", "no status code X.Y.Z" },
	{ ACTION_REFUSE, "REJECT 05.7.1 no", "no status code X.Y.Z" },
	{ ACTION_REFUSE, "REJECT 5.7.${reason} no", "holds no variable" },
	{ ACTION_REFUSE, "OK", "would let mail past later restrictions" },
	{ ACTION_REFUSE, "permit", "would let mail past later restrictions" },
	{ ACTION_MONITOR, "OK", "DUNNO meant?" },
	{ ACTION_REFUSE, "DUNNO", "mode = monitor or mode = off meant?" },
	{ ACTION_DEFER, "WARN x", "mode = monitor or mode = off meant?" },
	{ ACTION_DEFER, "REJECT", "no deferral: DEFER_IF_PERMIT" },
	{ ACTION_DEFER, "HOLD x", "no deferral: DEFER_IF_PERMIT" },
	{ ACTION_DEFER, "550 5.7.1 x", "no deferral: DEFER_IF_PERMIT" },
	{ ACTION_MONITOR, "REJECT no", "mode = enforce meant" },
	{ ACTION_MONITOR, "550 no", "mode = enforce meant" },
	{ ACTION_REFUSE, "REJCT no", "`REJECT` meant?" },
	{ ACTION_REFUSE, "reject: no", "`REJECT` meant?" },
	{ ACTION_REFUSE, "\"REJECT no\"", "`REJECT` meant?" },
	{ ACTION_REFUSE, "action=REJECT no", "`REJECT` meant" },
	{ ACTION_REFUSE, "550-no", "`550` meant" },
	{ ACTION_REFUSE, "FILTER smtp:[::1]", "whole message" },
	{ ACTION_REFUSE, "DEFER_IF_REJECT x", "`REJECT` meant" },
	{ ACTION_REFUSE, "check_sender_access", "unknown action `check_sender_access`: refuse_action takes" },
	{ ACTION_REFUSE, "${reason} no", "first word of an action holds no variable" },
	{ ACTION_REFUSE, "5${reason} no", "first word of an action holds no variable" },
	{ ACTION_REFUSE, "HOLD", "`HOLD` needs a text" },
	{ ACTION_REFUSE, "REJECT no $ x", "a dollar is written `$$`" },
	{ ACTION_REFUSE, "REJECT no $", "a dollar is written `$$`" },
	{ ACTION_REFUSE, "REJECT no $$$", "a dollar is written `$$`" },
	{ ACTION_REFUSE, "REJECT no ${", "a dollar is written `$$`" },
	{ ACTION_REFUSE, "REJECT no ${}", "unknown variable `${}`" },
	{ ACTION_REFUSE, "REJECT no ${reciepient}", "`${recipient}` meant?" },
	{ ACTION_REFUSE, "REJECT no ${Sender}", "unknown variable `${Sender}`" },
	{ ACTION_REFUSE, "REJECT no ${queue_number_of_it}", "there are client_address" },
	{ ACTION_REFUSE, "REJECT no $reason", "`${reason}` meant?" },
	{ ACTION_REFUSE, "REJECT no ${reason", "`${reason`: a variable is written `${name}`" },
	{ ACTION_REFUSE, "REJECT no $(reason)", "`${reason}` meant?" },
	{ ACTION_MONITOR, "DUNNO x", "`INFO x` or `WARN x` meant?" },
	{ ACTION_MONITOR, "INFO", "`INFO` needs a text" },
	{ ACTION_MONITOR, "WARN ${reason}", "needs a word" },
	{ ACTION_MONITOR, "PREPEND", "PREPEND Name: value" },
	{ ACTION_MONITOR, "PREPEND X-mxonly", "PREPEND Name: value" },
	{ ACTION_MONITOR, "PREPEND : x", "PREPEND Name: value" },
	{ ACTION_MONITOR, "PREPEND X-mxonly:", "needs a value" },
	{ ACTION_MONITOR, "PREPEND X mxonly: x", "without spaces" },
	{ ACTION_MONITOR, "PREPEND X-${reason}: x", "and variables" },
	{ ACTION_MONITOR, "PREPEND X\xc3\xbc: x", "printable ASCII" },
	{ ACTION_MONITOR, "PREPEND X-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789: x",
		"longer than 64" },
};

START_TEST(refused)
{
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct err e = { "" };
		row_int(faults[i].text, check(faults[i].text, faults[i].use, NULL, &e), -1);
		row_has(faults[i].text, e.text, faults[i].words);
	}
}
END_TEST

START_TEST(defaults)
{
	static const char *const values[VAR_COUNT] = { [VAR_RECIPIENT_DOMAIN] = "example.org" };
	static const char *const want[ACTION_USES] = {
		"REJECT 5.7.1 Direct delivery refused: mail for example.org must come through its MX hosts",
		"DEFER_IF_PERMIT 4.7.1 Not a known relay for example.org at this time, try again later",
		"DUNNO",
	};

	for (int use = 0; use < ACTION_USES; use++) {
		row_int(action_default[use], check(action_default[use], (enum action_use)use, NULL, NULL), 0);
		row_str(action_default[use], render(action_default[use], values), want[use]);
	}
}
END_TEST

#define TEN "0123456789"
#define SIXTY_FOUR TEN TEN TEN TEN TEN TEN "0123"
#define SPACES "                                                                      " /* more than 64 */

static const char *const every[VAR_COUNT] = { "192.0.2.1", "mx.relay.example", "helo", "a@example.com", "b@example.org",
	"example.org", "relay", "default" };
static const char *const spaces[VAR_COUNT] = { SPACES, SPACES, SPACES, SPACES, SPACES, SPACES, SPACES, SPACES };
static const char *const lengthy[VAR_COUNT] = { SIXTY_FOUR "4", SIXTY_FOUR "4", SIXTY_FOUR "4", SIXTY_FOUR "4",
	SIXTY_FOUR "4", SIXTY_FOUR "4", SIXTY_FOUR "4", SIXTY_FOUR "4" };
static const char *const foreign[VAR_COUNT] = { "\x01", "\x1f\x7f", "\r\n", "action=OK\n\n", "$${reason}", "\xff ",
	"\t", " a  b " };

static const struct {
	const char *text;
	const char *const *values;
	const char *want;
} renderings[] = {
	{ "REJECT x ${client_address} ${client_name} ${helo_name} ${sender} ${recipient} ${recipient_domain} ${reason} "
	  "${policy}",
		every,
		"REJECT x 192.0.2.1 mx.relay.example helo a@example.com b@example.org example.org relay default" },
	{ "550 ${client_address}${client_name}${helo_name}${sender} no", spaces, "550 no" },
	{ "550 5.7.1 ${client_address}${client_name}${helo_name}${sender}no", spaces, "550 5.7.1 no" },
	{ "PREPEND X: ${client_address}${client_name}${helo_name}${sender} no", spaces, "PREPEND X: no" },
	{ "550 no ${client_address}${client_name}${helo_name}${sender} no", spaces, "550 no" },
	{ "REJECT ${client_name}${client_name}${helo_name} no", foreign, "REJECT ????\?\? no" },
	{ "REJECT x ${sender}${recipient}${recipient_domain}${reason}", foreign, "REJECT x action=OK??$${reason}? ?" },
	{ "REJECT ${policy}x${policy}", foreign, "REJECT a  b x a  b" },
	{ "REJECT a ${client_name} b", lengthy, "REJECT a " SIXTY_FOUR " b" },
	{ "REJECT a ${policy}", lengthy, "REJECT a " SIXTY_FOUR "4" },
	{ "WARN ${sender}${sender}${sender}${sender} a", lengthy, "WARN " SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR "012" },
	{ "REJECT " SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR " tail", nothing, "REJECT " SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR },
};

START_TEST(rendered)
{
	for (size_t i = 0; i < sizeof renderings / sizeof renderings[0]; i++)
		row_str(renderings[i].text, render(renderings[i].text, renderings[i].values), renderings[i].want);
}
END_TEST

static const struct {
	const char *text;
	bool permits;
} first_words[] = {
	{ "DUNNO", true },
	{ "dunno", true },
	{ " ok", true },
	{ "INFO x", true },
	{ "WARN\tx", true },
	{ "Prepend X: y", true },
	{ "REJECT OK", false },
	{ "OKAY", false },
	{ "450 4.7.1 DUNNO", false },
	{ "DEFER", false },
	{ "HOLD x", false },
	{ "", false },
};

START_TEST(permits)
{
	for (size_t i = 0; i < sizeof first_words / sizeof first_words[0]; i++)
		row_int(first_words[i].text, action_permits(text_of(first_words[i].text)), first_words[i].permits);
}
END_TEST

START_TEST(verbs)
{
	ck_assert(verb_of(text_of("4NN")) == NULL);
	ck_assert_str_eq(verb_of(text_of("450"))->name, "4NN");
	ck_assert_str_eq(verb_of(text_of("599"))->name, "5NN");
	ck_assert(verb_of(text_of("350")) == NULL);
	ck_assert(verb_of(text_of("45x")) == NULL);
	ck_assert(verb_of(text_of("")) == NULL);
}
END_TEST

/* Each byte at each place of a value that is longer than a word of the processor. */
START_TEST(every_byte)
{
	const struct text action = text_of("REJECT x:${sender}");
	char value[20], to[ACTION_MAX];

	for (int c = 0; c < 256; c++) {
		for (size_t place = 0; place < sizeof value; place++) {
			struct text variables[VAR_COUNT] = { [VAR_SENDER] = { value, sizeof value } };
			char want = c >= 0x20 && c < 0x7f ? (char)c : '?';
			memset(value, 'a', sizeof value);
			value[place] = (char)c;
			size_t n = action_render(action, variables, to);
			if (c == ' ' && place == sizeof value - 1)
				continue; /* cut off */
			ck_assert_msg(n == 9 + sizeof value && to[9 + place] == want, "byte %d at %zu", c, place);
		}
	}
}
END_TEST

int main(void)
{
	return unit_run("action", UNIT_TESTS(every_byte, taken, refused, defaults, rendered, permits, verbs));
}
