/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_entry.h"

#include "mail/log_journal.h"
#include "unit.h"

#define LENGTH(n) n "\0\0\0\0\0\0\0"
#define EXPORT "__CURSOR=s=1\nMESSAGE=a\n"
#define BYTES "__CURSOR=s=1\nMESSAGE\n" LENGTH("\x05") "\n\n{\n=\nA=b\n"

static char is_long[LOG_ROOM];

/* What is read, and the entries in it, "|" behind each; "+": it is too long. */
static const struct row {
	const char *name, *text;
	size_t len;
	const char *want;
	size_t want_len;
} rows[] = {
#define ROW(name, text, want)                                        \
	{                                                            \
		name, text, sizeof(text) - 1, want, sizeof(want) - 1 \
	}
	ROW("lines", "a\nb\n\nc", "a|b||c|"),
	ROW("an object a line", "{\"a\":1}\n{\n", "{\"a\":1}|{ |"),
	ROW("an object over lines", "{\n\t\"a\" : \"}\",\n\t\"b\" : [\n}\nc\n", "{ \t\"a\" : \"}\", \t\"b\" : [ } |c|"),
	ROW("exported", EXPORT "\n" EXPORT "\nc\n", EXPORT "|" EXPORT "|c|"),
	ROW("exported, with bytes", BYTES "\nc\n", BYTES "|c|"),
	ROW("exported, cut off", EXPORT, EXPORT "|"),
	ROW("cut off within bytes", "__CURSOR=s=1\nMESSAGE\n" LENGTH("\x40") "x\n\ny",
		"__CURSOR=s=1\nMESSAGE\n" LENGTH("\x40") "x\n\ny|"),
	ROW("cut off within a length", "__CURSOR=s=1\nMESSAGE\n\x05\0\0", "__CURSOR=s=1\nMESSAGE\n\x05\0\0|"),
	ROW("a length beyond all bounds", "__CURSOR=s=1\nM\n\xff\xff\xff\xff\xff\xff\xff\xff\nx\n\ny\n",
		"__CURSOR=s=1\nM\n\xff\xff\xff\xff\xff\xff\xff\xff\nx\n\ny\n|"),
#undef ROW
};

static void end(struct buf *said, enum log_entry_state state, struct text entry)
{
	if (state == LOG_ENTRY_GOES_ON)
		return;
	if (state == LOG_ENTRY_LONG)
		buf_str(said, "+");
	else
		buf_add(said, entry.at, entry.len);
	buf_str(said, "|");
}

/* Given in lines, and long lines in pieces of at most so many bytes; an entry of one line comes whole. */
static void read_all(struct buf *said, struct text all, size_t piece)
{
	struct log_entry e = { 0 };
	struct text entry;

	said->len = 0;
	while (all.len > 0) {
		const char *newline = text_find(all, '\n');
		size_t n = newline ? (size_t)(newline - all.at) + 1 : all.len;
		if (e.shape != LOG_LINES && n > piece)
			n = piece;
		enum log_entry_state state = log_entry_add(&e, text_cut(all.at, n), &entry);
		end(said, state, entry);
		all = text_cut(all.at + n, all.len - n);
	}
	end(said, log_entry_end(&e, &entry), entry);
	buf_free(&e.text);
}

START_TEST(entries)
{
	struct buf said = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t piece = 1; piece < 100; piece += piece < 10 ? 1 : 40) {
			read_all(&said, text_cut(rows[i].text, rows[i].len), piece);
			ck_assert_msg(text_equal(text_cut(said.at, said.len), text_cut(rows[i].want, rows[i].want_len)),
				"%s, in pieces of %zu: %.*s", rows[i].name, piece, (int)said.len, said.at);
		}
	buf_free(&said);
}
END_TEST

/* What is behind an entry that is too long is read again, whatever made it so. */
START_TEST(long_ones)
{
	static const char *const begins[] = { "__CURSOR=s=1\nMESSAGE=", "__CURSOR=s=1\nA\n", "{\n\t\"MESSAGE\" : \"" };
	static const char *const ends[] = { "\n\nb\n", "\n\nb\n", "\"\n}\nb\n" };
	struct buf text = { 0 }, said = { 0 };

	memset(is_long, 'x', sizeof is_long);
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		for (size_t less = 0; less < 40; less++) {
			size_t n = sizeof is_long - less;
			const char length[8] = { (char)(n & 0xff), (char)(n >> 8 & 0xff), (char)(n >> 16) };
			text.len = 0;
			buf_str(&text, begins[i]);
			if (i == 1)
				buf_add(&text, length, sizeof length);
			buf_add(&text, is_long, n);
			if (i == 1)
				buf_add(&text, "\nB\n\x01\0\0\0\0\0\0\0y", 12);
			buf_str(&text, ends[i]);
			read_all(&said, text_cut(text.at, text.len), 4096);
			ck_assert_msg(said.len > 3 && memcmp(said.at + said.len - 3, "|b|", 3) == 0, "%zu, %zu less", i,
				less);
			if (less == 0)
				ck_assert_msg(said.at[0] == '+', "%zu is not told to be too long", i);
		}
	buf_free(&text);
	buf_free(&said);
}
END_TEST

int main(void)
{
	return unit_run("log_entry", UNIT_TESTS(entries, long_ones));
}
