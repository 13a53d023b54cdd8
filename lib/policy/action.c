/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/action.h"

#include "policy/verb.h"

enum { CLIENT_VALUE_MAX = 64, HEADER_NAME_MAX = 64 }; /* bytes */

#define NAME(s)                 \
	{                       \
		s, sizeof s - 1 \
	}
static const struct text variable_name[VAR_COUNT] = { NAME("client_address"), NAME("client_name"), NAME("helo_name"),
	NAME("sender"), NAME("recipient"), NAME("recipient_domain"), NAME("reason"), NAME("policy") };

const char *const action_default[ACTION_USES] = {
	"REJECT 5.7.1 Direct delivery refused: mail for ${recipient_domain} must come through its MX hosts",
	"DEFER_IF_PERMIT 4.7.1 Not a known relay for ${recipient_domain} at this time, try again later",
	"DUNNO",
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	char l = ascii_lower(c);

	return is_digit(c) || (l >= 'a' && l <= 'z');
}

/* Takes the first n bytes off *t, and the blanks behind them. */
static struct text take(struct text *t, size_t n)
{
	struct text head = { t->at, n };

	while (n < t->len && is_blank(t->at[n]))
		n++;
	*t = text_cut(t->at + n, t->len - n);
	return head;
}

static size_t word_length(struct text t)
{
	size_t n = 0;

	while (n < t.len && !is_blank(t.at[n]))
		n++;
	return n;
}

/* Three numbers with dots between them: meant to be a status code, right or wrong. */
static bool looks_like_status(struct text word)
{
	size_t dots = 0;

	if (word.len == 0 || !is_digit(word.at[0]) || !is_digit(word.at[word.len - 1]))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] == '.' && is_digit(word.at[i - 1]))
			dots++;
		else if (!is_digit(word.at[i]))
			return false;
	}
	return dots == 2;
}

/* The variable of the "${name}" that t begins with, and how many bytes that takes; VAR_COUNT: none. */
static enum action_variable variable_at(struct text t, size_t *taken)
{
	const char *end = t.len < 2 || t.at[1] != '{' ? NULL : text_find(t, '}');

	if (end == NULL)
		return VAR_COUNT;
	struct text name = { t.at + 2, (size_t)(end - t.at) - 2 };
	*taken = name.len + 3;
	for (size_t i = 0; i < VAR_COUNT; i++)
		if (text_equal(name, variable_name[i]))
			return (enum action_variable)i;
	return VAR_COUNT;
}

/* For "%.*s": a length that keeps a message readable. */
static int shown(struct text t)
{
	return t.len > 80 ? 80 : (int)t.len;
}

/* t begins with a "$" that is neither "$$" nor a variable. */
static int wrong_dollar(struct text t, struct err *e)
{
	const char *names[VAR_COUNT];
	struct text name = text_cut(t.at + 1, t.len - 1);
	bool braced = name.len > 0 && *name.at == '{';
	size_t n = 0;

	if (braced || (name.len > 0 && *name.at == '('))
		name = text_cut(name.at + 1, name.len - 1);
	while (n < name.len && (is_alnum(name.at[n]) || name.at[n] == '_' || name.at[n] == '-'))
		n++;
	bool closed = braced && n < name.len && name.at[n] == '}';
	name.len = n;
	for (size_t i = 0; i < VAR_COUNT; i++)
		names[i] = variable_name[i].at;
	const char *nearest = n == 0 ? NULL : text_nearest(name, names, VAR_COUNT);
	if (closed && nearest != NULL)
		return err_set(e, "unknown variable `${%.*s}`: `${%s}` meant?", shown(name), name.at, nearest);
	if (closed)
		return err_set(e,
			"unknown variable `${%.*s}`: there are client_address, client_name, helo_name, sender, "
			"recipient, recipient_domain, reason, policy",
			shown(name), name.at);
	if (nearest != NULL)
		return err_set(e, "`%.*s`: a variable is written `${name}`: `${%s}` meant? (a dollar is `$$`)",
			(int)(name.at - t.at) + shown(name), t.at, nearest);
	return err_set(e, "`$` alone: a dollar is written `$$`, a variable `${name}`");
}

/* Known variables only, and a constant letter or digit, so that a text is never blank; a header's value may be. */
static int check_words(const struct verb *v, struct text verb, struct text t, struct err *e)
{
	bool word = v->text == TEXT_HEADER;

	for (size_t i = 0, n; i < t.len; i += n) {
		struct text rest = { t.at + i, t.len - i };
		n = 1;
		if (t.at[i] != '$')
			word = word || is_alnum(t.at[i]);
		else if (rest.len > 1 && rest.at[1] == '$')
			n = 2;
		else if (variable_at(rest, &n) == VAR_COUNT)
			return wrong_dollar(rest, e);
	}
	if (word)
		return 0;
	return err_set(e,
		"what follows `%.*s` needs a word (ASCII letters or digits) besides its variables: they may be empty",
		shown(verb), verb.at);
}

static int check_text(const struct verb *v, struct text verb, struct text t, struct err *e)
{
	if (t.len > 0 && v->text == TEXT_NONE)
		return err_set(e, "`%s` takes nothing behind it: `INFO %.*s` or `WARN %.*s` meant?", v->name, shown(t),
			t.at, shown(t), t.at);
	if (t.len > 0)
		return check_words(v, verb, t, e);
	if (v->text == TEXT_NONE || v->text == TEXT_MAY)
		return 0;
	if (v->class != 0)
		return err_set(e,
			"`%.*s` needs a text: Postfix takes a bare number for a permit; `%.*s %c.7.1 Direct delivery "
			"refused` meant?",
			shown(verb), verb.at, shown(verb), verb.at, v->class);
	if (v->text == TEXT_HEADER)
		return err_set(e, "the header that PREPEND adds needs a value: `PREPEND Name: value`");
	return err_set(
		e, "`%s` needs a text, which Postfix logs: `%s direct delivery (${reason})` meant?", v->name, v->name);
}

/* status has the shape N.N.N: of the right class, each number of the right length (RFC 3463)? */
static int check_status_of(const struct verb *v, struct text verb, struct text status, struct err *e)
{
	size_t subject = 2, dot = subject;

	while (status.at[dot] != '.')
		dot++;
	size_t detail = dot + 1, detail_len = status.len - detail;
	if (status.at[1] != '.' || dot - subject > 3 || detail_len > 3 ||
		(status.at[subject] == '0' && dot - subject > 1) || (status.at[detail] == '0' && detail_len > 1))
		return err_set(e, "`%.*s` is no status code X.Y.Z (RFC 3463): `%c.7.1` meant?", shown(status),
			status.at, v->class);
	if (status.at[0] == v->class)
		return 0;
	return err_set(e,
		"`%.*s %.*s`: the class of a status code must go with its action (4: for now, 5: for good): `%.*s "
		"%c%.*s` meant?",
		shown(verb), verb.at, (int)status.len, status.at, shown(verb), verb.at, v->class, (int)status.len - 1,
		status.at + 1);
}

/* Takes the status code off *rest, if one stands there. */
static int check_status(const struct verb *v, struct text verb, struct text *rest, struct err *e)
{
	struct text word = { rest->at, word_length(*rest) };

	if (looks_like_status(word)) {
		take(rest, word.len);
		return check_status_of(v, verb, word, e);
	}
	if (word.len > 2 && is_digit(word.at[0]) && word.at[1] == '.' && text_find(word, '$') != NULL)
		return err_set(
			e, "`%.*s`: a status code holds no variable: `%c.7.1` meant?", shown(word), word.at, v->class);
	return 0;
}

/* Takes "Name:" off *rest. */
static int check_header(struct text *rest, struct err *e)
{
	const char *colon = text_find(*rest, ':');
	struct text name = { rest->at, colon == NULL ? 0 : (size_t)(colon - rest->at) };

	if (name.len == 0)
		return err_set(e, "PREPEND adds a header: `PREPEND Name: value`");
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= ' ' || name.at[i] > '~' || name.at[i] == '$')
			return err_set(e,
				"the header name `%.*s` must be printable ASCII without spaces and variables: `PREPEND "
				"Name: value`",
				shown(name), name.at);
	if (name.len > HEADER_NAME_MAX)
		return err_set(
			e, "the header name `%.*s...` is longer than %d bytes", shown(name), name.at, HEADER_NAME_MAX);
	take(rest, name.len + 1);
	return 0;
}

int action_check(struct text t, enum action_use use, bool *acts_on_message, struct err *e)
{
	struct text rest = text_trim(t);
	struct text word = take(&rest, word_length(rest));
	const struct verb *v = verb_of(word);

	if (acts_on_message != NULL)
		*acts_on_message = v != NULL && v->whole_message;
	if (v == NULL || (v->uses & 1 << use) == 0)
		return verb_wrong(word, use, e);
	if (v->text == TEXT_HEADER && check_header(&rest, e) < 0)
		return -1;
	if (v->class != 0 && check_status(v, word, &rest, e) < 0)
		return -1;
	return check_text(v, word, rest, e);
}

/* What is being written: parts get one space between them, and none before the first. */
struct rendering {
	char *to;
	size_t len;
	bool part_due; /* the next byte that is not a space begins a part */
};

/* All n bytes are printable ASCII; eight at once. */
static bool printable(const char *at, size_t n)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t word, bad = 0;
	size_t i = 0;

	/* The high bit is set in a byte that is over 0x7f, that 1 makes so, or from which 0x20 cannot be taken. */
	for (; n - i >= sizeof word; i += sizeof word) {
		memcpy(&word, at + i, sizeof word);
		bad |= word | (word + ones) | (word - ones * ' ');
	}
	for (; i < n; i++)
		bad |= at[i] >= ' ' && at[i] <= '~' ? 0 : 0x80;
	return (bad & 0x80 * ones) == 0;
}

static void put(struct rendering *r, struct text t)
{
	if (r->part_due) {
		while (t.len > 0 && *t.at == ' ')
			t = text_cut(t.at + 1, t.len - 1);
		if (t.len == 0)
			return;
		if (r->len > 0 && r->len < ACTION_MAX)
			r->to[r->len++] = ' ';
		r->part_due = false;
	}
	size_t n = t.len < ACTION_MAX - r->len ? t.len : ACTION_MAX - r->len;
	char *to = r->to + r->len;
	if (n > 0 && printable(t.at, n))
		memcpy(to, t.at, n);
	else
		for (size_t i = 0; i < n; i++)
			to[i] = t.at[i] >= ' ' && t.at[i] <= '~' ? t.at[i] : '?';
	r->len += n;
}

static void put_part(struct rendering *r, struct text t)
{
	r->part_due = true;
	put(r, t);
}

static void put_variable(struct rendering *r, enum action_variable v, struct text value)
{
	if (v != VAR_REASON && v != VAR_POLICY && value.len > CLIENT_VALUE_MAX)
		value.len = CLIENT_VALUE_MAX;
	put(r, value);
}

/* The last part. Blank variables before its first word leave nothing behind, so that a cut never leaves a bare code. */
static void put_text(struct rendering *r, struct text t, const struct text variables[VAR_COUNT])
{
	r->part_due = true;
	while (t.len > 0 && r->len < ACTION_MAX) {
		const char *dollar = text_find(t, '$');
		size_t n = dollar == NULL ? t.len : (size_t)(dollar - t.at);
		put(r, text_cut(t.at, n));
		t = text_cut(t.at + n, t.len - n);
		if (t.len == 0)
			break;
		enum action_variable v = variable_at(t, &n);
		if (v < VAR_COUNT) {
			put_variable(r, v, variables[v]);
		} else {
			put(r, text_cut(t.at, 1));
			n = t.len < 2 ? 1 : 2;
		}
		t = text_cut(t.at + n, t.len - n);
	}
	while (r->len > 0 && r->to[r->len - 1] == ' ')
		r->len--;
}

size_t action_render(struct text t, const struct text variables[VAR_COUNT], char to[ACTION_MAX])
{
	struct rendering r = { to, 0, true };
	struct text rest = text_trim(t);
	struct text word = take(&rest, word_length(rest));
	const struct verb *v = verb_of(word);

	put(&r, word);
	for (size_t i = 0; i < r.len; i++)
		if (to[i] >= 'a' && to[i] <= 'z')
			to[i] = (char)(to[i] - 32);
	size_t n = word_length(rest);
	if (v != NULL && v->class != 0 && looks_like_status(text_cut(rest.at, n)))
		put_part(&r, take(&rest, n));
	const char *colon = v != NULL && v->text == TEXT_HEADER ? text_find(rest, ':') : NULL;
	if (colon != NULL)
		put_part(&r, take(&rest, (size_t)(colon - rest.at) + 1));
	put_text(&r, rest, variables);
	return r.len;
}

bool action_permits(struct text action)
{
	static const char *const permits[] = { "DUNNO", "OK", "INFO", "WARN", "PREPEND" };
	struct text word = text_trim(action);

	word.len = word_length(word);
	for (size_t i = 0; i < sizeof permits / sizeof permits[0]; i++)
		if (text_equal_nocase(word, text_of(permits[i])))
			return true;
	return false;
}
