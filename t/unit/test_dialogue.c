/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/dialogue.h"

#include "../fuzz/dialogue_play.h"
#include "unit.h"

#define ASK "request=smtpd_access_policy\n"
#define A ASK "recipient=a@example.org\n\n"
#define B ASK "recipient=b@example.org\r\n\r\n"
#define REPLY_A "action=REJECT 1 13 a@example.org\n\n"
#define REPLY_B "action=REJECT 1 13 b@example.org\n\n"
#define TOLD_A "whole request=[smtpd_access_policy] recipient=[a@example.org]\n"
#define TOLD_B "whole request=[smtpd_access_policy] recipient=[b@example.org]\n"

static const char *string_of(struct buf *b)
{
	*buf_room(b, 0) = '\0';
	return b->at;
}

static const struct {
	const char *stream;
	const char *replies;
	const char *told;
	bool closed;
	bool within; /* at the end of the stream */
} dialogues[] = {
	{ "", "", "", false, false },
	{ A, REPLY_A, TOLD_A, false, false },
	{ A B A, REPLY_A REPLY_B REPLY_A, TOLD_A TOLD_B TOLD_A, false, false },
	{ A "r", REPLY_A, TOLD_A, false, true },
	{ A ASK "recipient=b@example.org\n", REPLY_A, TOLD_A, false, true },
	{ A "helo\n" B, REPLY_A, TOLD_A "malformed: a line without `=`\n", true, false },
	{ "\n", "", "malformed: no request= line\n", true, false },
	{ ASK "\n", "action=REJECT 1 0 \n\n", "whole request=[smtpd_access_policy]\n", false, false },
};

static void play_once(size_t row, unsigned most, unsigned room, unsigned seed)
{
	const char *stream = dialogues[row].stream;
	struct play p;

	play_start(&p);
	p.snapshots[1].compiled = 1;
	play_stream(&p, text_of(stream), most, room, seed);
	row_str(stream, string_of(&p.replies), dialogues[row].replies);
	row_str(stream, string_of(&p.events), dialogues[row].told);
	row_int(stream, p.closed, dialogues[row].closed);
	if (!p.closed) {
		row_int(stream, dialogue_within(&p.dialogue), dialogues[row].within);
		row_int(stream, p.dialogue.held != NULL, dialogues[row].within);
	}
	play_end(&p);
}

START_TEST(table)
{
	for (size_t i = 0; i < sizeof dialogues / sizeof dialogues[0]; i++) {
		play_once(i, 1000, 1000, 1);
		play_once(i, 1, DIALOGUE_REPLY, 2);
		for (unsigned seed = 1; seed < 100; seed++)
			play_once(i, 1 + seed / 3, seed * 5, seed);
	}
}
END_TEST

/* A request over the limits: one deferral, and nothing of it is kept. */
START_TEST(too_long)
{
	struct play p;
	struct buf b = { 0 };

	buf_str(&b, ASK "sender=");
	memset(buf_room(&b, 9000), 'x', 9000);
	b.len += 9000;
	play_start(&p);
	play_stream(&p, text_cut(b.at, b.len), 700, 1000, 1);
	ck_assert(dialogue_within(&p.dialogue));
	ck_assert(p.dialogue.held == NULL);
	play_stream(&p, text_of("\nno equals\n\n"), 4, 1000, 1);
	ck_assert(!dialogue_within(&p.dialogue));
	play_stream(&p, text_of(A), 1000, 1000, 1);
	ck_assert_str_eq(string_of(&p.events), "too long\n" TOLD_A);
	ck_assert_uint_eq(memcmp(string_of(&p.replies), "action=DEFER ", 13), 0);
	ck_assert_str_eq(string_of(&p.replies), string_of(&p.wanted));
	play_end(&p);
	buf_free(&b);
}
END_TEST

/* Room for one reply less a byte: nothing is answered, nothing is lost. */
START_TEST(no_room)
{
	struct play p;
	struct text stream = text_of(A B);

	play_start(&p);
	ck_assert_uint_eq(play_call(&p, stream, DIALOGUE_REPLY - 1), 0);
	ck_assert_uint_eq(play_call(&p, stream, 0), 0);
	ck_assert_uint_eq(p.replies.len, 0);
	size_t taken = play_call(&p, stream, DIALOGUE_REPLY);
	ck_assert_uint_eq(taken, strlen(A));
	ck_assert_str_eq(string_of(&p.replies), REPLY_A);
	taken += play_call(&p, text_cut(stream.at + taken, stream.len - taken), DIALOGUE_REPLY);
	ck_assert_uint_eq(taken, stream.len);
	ck_assert_str_eq(string_of(&p.replies), REPLY_A REPLY_B);
	ck_assert_uint_eq(play_call(&p, text_cut(stream.at, 0), 0), 0);
	play_end(&p);
}
END_TEST

/* The end of a held request, and more of them, while there is room for one reply only. */
START_TEST(held_and_no_room)
{
	struct play p;
	struct text stream = text_of(A B A);

	for (size_t cut = 1; cut < strlen(A); cut++) {
		play_start(&p);
		ck_assert_uint_eq(play_call(&p, text_cut(stream.at, cut), 1000), cut);
		ck_assert(dialogue_within(&p.dialogue));
		size_t taken = cut + play_call(&p, text_cut(stream.at + cut, stream.len - cut), DIALOGUE_REPLY);
		ck_assert_uint_eq(taken, strlen(A));
		ck_assert(p.dialogue.held == NULL);
		taken += play_call(&p, text_cut(stream.at + taken, stream.len - taken), 1000);
		ck_assert_uint_eq(taken, stream.len);
		ck_assert_str_eq(string_of(&p.replies), REPLY_A REPLY_B REPLY_A);
		play_end(&p);
	}
}
END_TEST

/* The snapshot in force when a request is whole decides it, whichever its first half met. */
START_TEST(snapshots)
{
	struct play p;
	struct text stream = text_of(A A);

	play_start(&p);
	play_call(&p, text_cut(stream.at, 10), 1000);
	p.desk.snapshot = &p.snapshots[1];
	play_call(&p, text_cut(stream.at + 10, strlen(A) - 5), 1000);
	memset(&p.snapshots[1], 0xff, sizeof p.snapshots[1]);
	p.desk.snapshot = &p.snapshots[0];
	play_call(&p, text_cut(stream.at + strlen(A) + 5, strlen(A) - 5), 1000);
	ck_assert_str_eq(string_of(&p.replies), "action=REJECT 22 13 a@example.org\n\n" REPLY_A);
	play_end(&p);
}
END_TEST

/* Requests at the limit of what may be held, begun at every phase of the held memory. */
START_TEST(held_to_the_limit)
{
	static const unsigned pieces[] = { 1, 7, 2047, 2048, 2049, 9000, 65535, 65536, 65537 };

	for (size_t i = 0; i < 2 * sizeof pieces / sizeof pieces[0]; i++) {
		struct play p;
		struct buf b = { 0 }, naive = { 0 };
		size_t size = i % 2 == 0 ? WIRE_REQUEST : WIRE_REQUEST + 1;
		buf_str(&b, ASK);
		while (b.len + 300 < size)
			buf_str(&b, "x=0123456789012345678901234567890123456789\n");
		buf_str(&b, "sender=");
		while (b.len + 2 < size)
			buf_str(&b, "y");
		buf_str(&b, "\n\n" A);
		ck_assert_uint_eq(b.len, size + strlen(A));
		reference_transcript(text_cut(b.at, b.len), &naive);
		play_start(&p);
		play_stream(&p, text_cut(b.at, b.len), pieces[i / 2], 1000, 1);
		ck_assert_str_eq(string_of(&p.events), string_of(&naive));
		ck_assert_str_eq(string_of(&p.replies), string_of(&p.wanted));
		ck_assert_int_eq(strncmp(naive.at, "too long", 8) == 0, i % 2 == 1);
		play_end(&p);
		buf_free(&b);
		buf_free(&naive);
	}
}
END_TEST

/* A connection that ends amid a request leaves nothing behind (the leak checker looks). */
START_TEST(end_within)
{
	struct play p;

	play_start(&p);
	play_call(&p, text_of(ASK "sender="), 1000);
	ck_assert(dialogue_within(&p.dialogue));
	play_end(&p);
}
END_TEST

int main(void)
{
	return unit_run("dialogue",
		UNIT_TESTS(table, too_long, no_room, held_and_no_room, snapshots, held_to_the_limit, end_within));
}
