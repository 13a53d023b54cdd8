/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/wire.h"

#include "../fuzz/wire_reference.h"
#include "unit.h"

#define ASK "request=smtpd_access_policy\n"
#define WHOLE "whole request=[smtpd_access_policy]"
#define BYTES(s)                \
	{                       \
		s, sizeof s - 1 \
	}

static const struct {
	struct text stream;
	const char *want;
} streams[] = {
	{ BYTES(""), "" },
	{ BYTES(ASK), "" },
	{ BYTES(ASK "\n"), WHOLE "\n" },
	{ BYTES(ASK "sender=a\n\n" ASK "sender=b\n\n" ASK "sender=c\n"), WHOLE " sender=[a]\n" WHOLE " sender=[b]\n" },
	{ BYTES("sender=a=b==\n" ASK "\n"), WHOLE " sender=[a=b==]\n" },
	{ BYTES(ASK "sender=\nhelo_name= x \n\n"), WHOLE " helo_name=[ x ]\n" },
	{ BYTES(ASK "sender=a\nsender=b\n\n"), WHOLE " sender=[b]\n" },
	{ BYTES(ASK "sender=a\nsender=\n\n"), WHOLE "\n" },
	{ BYTES(ASK "Sender=a\nsenders=b\nsende=c\n=d\nsize=1\n\n"), WHOLE "\n" },
	{ BYTES("request=smtpd_access_policy\r\nsender=a\r\n\r\n" ASK "\n"), WHOLE " sender=[a]\n" WHOLE "\n" },
	{ BYTES(ASK "sender=a\r\r\n\n"), WHOLE " sender=[a\r]\n" },
	{ BYTES(ASK "sender=a\rb\n\n"), WHOLE " sender=[a\rb]\n" },
	{ BYTES(ASK "sender\r=a\n\n"), WHOLE "\n" },
	{ BYTES(ASK "\r\r\n"), "malformed: a line without `=`\n" },
	{ BYTES("request=junk\n" ASK "\n"), WHOLE "\n" },
	{ BYTES(ASK "request=junk\n\n"), "malformed: request= is not smtpd_access_policy\n" },
	{ BYTES("request=\n\n"), "malformed: request= is not smtpd_access_policy\n" },
	{ BYTES("request=smtpd_access_policy \n\n"), "malformed: request= is not smtpd_access_policy\n" },
	{ BYTES("sender=a\n\n"), "malformed: no request= line\n" },
	{ BYTES("\n"), "malformed: no request= line\n" },
	{ BYTES("\r\n"), "malformed: no request= line\n" },
	{ BYTES(ASK "\n\n"), WHOLE "\nmalformed: no request= line\n" },
	{ BYTES(ASK "sender\n\n"), "malformed: a line without `=`\n" },
	{ BYTES(ASK " \n\n"), "malformed: a line without `=`\n" },
	{ BYTES("GET / HTTP/1.1\r\n"), "malformed: a line without `=`\n" },
	{ BYTES(ASK "sender=a\0b\n"), "malformed: a NUL byte\n" },
	{ BYTES(ASK "sender\0b\n"), "malformed: a NUL byte\n" },
	{ BYTES(ASK "size=a\0\nx\n\n"), "malformed: a NUL byte\n" },
	{ BYTES(ASK "size=a\nx\ny\0\n"), "malformed: a line without `=`\n" },
	{ BYTES(ASK "\0\n"), "malformed: a NUL byte\n" },
	{ BYTES(ASK "size=a\0"), "" },
	{ BYTES("size=\0\n" ASK "request=x\n\n"), "malformed: a NUL byte\n" },
	{ BYTES(ASK "\n" ASK "\0\n\n"), WHOLE "\nmalformed: a NUL byte\n" },
	{ BYTES(ASK "protocol_state=1\nclient_address=2\nclient_name=3\nreverse_client_name=4\nhelo_name=5\nsender=6\n"
		    "recipient=7\nqueue_id=8\ninstance=9\nsasl_username=10\nccert_fingerprint=11\n"
		    "ccert_pubkey_fingerprint=12\nencryption_protocol=13\npolicy_context=14\n\n"),
		WHOLE " protocol_state=[1] client_address=[2] client_name=[3] reverse_client_name=[4] helo_name=[5] "
		      "sender=[6] recipient=[7] queue_id=[8] instance=[9] sasl_username=[10] ccert_fingerprint=[11] "
		      "ccert_pubkey_fingerprint=[12] encryption_protocol=[13] policy_context=[14]\n" },
};

/* The transcript of these bytes in pieces must be want. */
static void same_in_pieces(
	const char *row, struct text stream, size_t first, unsigned most, unsigned seed, const char *want)
{
	struct buf got = { 0 };

	wire_transcript(stream, first, most, seed, &got);
	*buf_room(&got, 0) = '\0';
	ck_assert_msg(strcmp(got.at, want) == 0,
		"row \"%s\", first %zu, then up to %u bytes (seed %u): \"%s\", not \"%s\"", row, first, most, seed,
		got.at, want);
	buf_free(&got);
}

START_TEST(transcripts)
{
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
		struct text stream = streams[i].stream;
		for (size_t first = 0; first <= stream.len; first++)
			same_in_pieces(stream.at, stream, first, 100000, 1, streams[i].want);
		same_in_pieces(stream.at, stream, 0, 1, 1, streams[i].want);
		for (unsigned seed = 1; seed < 20; seed++)
			same_in_pieces(stream.at, stream, 0, 9, seed, streams[i].want);
	}
}
END_TEST

/* The reference itself is held to the table, so that two equal mistakes are seen. */
START_TEST(reference)
{
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
		struct buf got = { 0 };
		reference_transcript(streams[i].stream, &got);
		*buf_room(&got, 0) = '\0';
		row_str(streams[i].stream.at, got.at, streams[i].want);
		buf_free(&got);
	}
}
END_TEST

static void add_run(struct buf *b, char c, size_t n)
{
	memset(buf_room(b, n), c, n);
	b->len += n;
}

/* A line "x=aaa" of len bytes, and its end. */
static void add_line(struct buf *b, size_t len, const char *end)
{
	buf_str(b, "x=");
	add_run(b, 'a', len - 2);
	buf_str(b, end);
}

/* Whole; halved near the limits; in pieces; and the naive reading of it. */
static void everywhere(const char *row, const struct buf *b, const char *want)
{
	struct text stream = { b->at, b->len };
	static const size_t cuts[] = { 0, 8191, 8192, 8193, 8194, 8195, 8219, 8220, 8221, 8222, 8223, 65534, 65535,
		65536, 65537, 65538 };
	struct buf naive = { 0 };

	reference_transcript(stream, &naive);
	*buf_room(&naive, 0) = '\0';
	row_str(row, naive.at, want);
	buf_free(&naive);
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
		if (cuts[i] <= stream.len)
			same_in_pieces(row, stream, cuts[i], 1000000, 1, want);
	same_in_pieces(row, stream, 0, 1, 1, want);
	for (unsigned seed = 1; seed < 4; seed++)
		same_in_pieces(row, stream, 0, 5000, seed, want);
}

static const struct {
	const char *name;
	size_t len; /* of a line, 0: none */
	const char *end; /* its end, and what follows */
	const char *want;
} lines[] = {
	{ "8,192", 8192, "\n\n", WHOLE "\n" },
	{ "8,192 and \\r", 8192, "\r\n\n", WHOLE "\n" },
	{ "8,193", 8193, "\n\n", "too long\n" },
	{ "8,193 and \\r", 8193, "\r\n\n", "too long\n" },
	{ "8,191 and two \\r", 8191, "\r\r\n\n", WHOLE "\n" },
	{ "8,192 and two \\r", 8192, "\r\r\n\n", "too long\n" },
	{ "8,192, \\r within", 8192, "\rb\n\n", "too long\n" },
	{ "8,193, not ended", 8193, "", "" },
	{ "8,193, request not ended", 8193, "\nsender=a\n", "" },
	{ "100,000", 100000, "\n\n" ASK "\n", "too long\n" WHOLE "\n" },
	{ "100,000, \\r\\n", 100000, "\r\n\r\n" ASK "\r\n", "too long\n" WHOLE "\n" },
	{ "\\r\\r\\n is not empty", 9000, "\r\n\r\r\nx=\n\n", "too long\n" },
	{ "\\rx is not empty", 9000, "\n\rx\n\n", "too long\n" },
	{ "nothing is malformed behind it", 9000, "\nsender\nrequest=x\n\n", "too long\n" },
	{ "then malformed", 9000, "\n\nsender\n", "too long\nmalformed: a line without `=`\n" },
};

START_TEST(long_lines)
{
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct buf b = { 0 };
		buf_str(&b, ASK);
		add_line(&b, lines[i].len, lines[i].end);
		everywhere(lines[i].name, &b, lines[i].want);
		buf_free(&b);
	}
}
END_TEST

/* A NUL in the long line itself, before it, behind it. */
START_TEST(long_lines_and_nuls)
{
	struct buf b = { 0 };

	buf_str(&b, ASK);
	add_line(&b, 8193, "\n");
	b.at[b.len - 100] = '\0';
	buf_add(&b, "\0\n\n", 3);
	everywhere("within and behind", &b, "too long\n");
	b.at[5] = '\0';
	everywhere("before", &b, "malformed: a NUL byte\n");
	buf_free(&b);
}
END_TEST

/* Requests of exactly these many bytes, of lines of 100 and one that fills up; the last byte is the empty line's. */
static void add_request(struct buf *b, size_t bytes, const char *end)
{
	size_t from = b->len, last = strlen(end);

	buf_str(b, ASK);
	while (b->len - from + 250 + last < bytes)
		add_line(b, 99, "\n");
	add_line(b, bytes - last - (b->len - from) - 1, "\n");
	buf_str(b, end);
}

static const struct {
	const char *name;
	size_t bytes;
	const char *end;
	const char *want;
} requests[] = {
	{ "65,535", 65535, "\n", WHOLE "\n" WHOLE "\n" },
	{ "65,536", 65536, "\n", WHOLE "\n" WHOLE "\n" },
	{ "65,536 with \\r", 65536, "\r\n", WHOLE "\n" WHOLE "\n" },
	{ "65,537", 65537, "\n", "too long\n" WHOLE "\n" },
	{ "65,537 with \\r", 65537, "\r\n", "too long\n" WHOLE "\n" },
	{ "65,538 with \\r", 65538, "\r\n", "too long\n" WHOLE "\n" },
	{ "200,000", 200000, "\r\n", "too long\n" WHOLE "\n" },
	{ "malformed within 65,536", 65536, "y\n", "malformed: a line without `=`\n" },
	{ "malformed within, then beyond", 65537, "y\n\n", "malformed: a line without `=`\n" },
	{ "malformed beyond 65,536", 65538, "y\n\n", "too long\n" WHOLE "\n" },
};

START_TEST(long_requests)
{
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		struct buf b = { 0 };
		add_request(&b, requests[i].bytes, requests[i].end);
		ck_assert_uint_eq(b.len, requests[i].bytes);
		buf_str(&b, ASK "\n");
		everywhere(requests[i].name, &b, requests[i].want);
		buf_free(&b);
	}
}
END_TEST

/* Streams put together at random: in pieces as naively. */
START_TEST(random_streams)
{
	static const char *const pieces[] = { ASK, ASK, ASK, "\n", "\n", "\r\n", "\r", "\n\n", "sender=a\n",
		"recipient=b@c\r\n", "x\n", "=", "request=", "\r\r\n", "sender", "helo_name=" };
	unsigned seed = 7;

	for (int round = 0; round < 3000; round++) {
		struct buf b = { 0 }, naive = { 0 };
		for (unsigned n = reference_random(&seed, 12); n > 0; n--) {
			unsigned kind = reference_random(&seed, 40);
			if (kind == 0)
				add_run(&b, 'a', 8180 + reference_random(&seed, 20));
			else if (kind == 1)
				add_run(&b, '\0', 1);
			else
				buf_str(&b, pieces[reference_random(&seed, sizeof pieces / sizeof pieces[0])]);
		}
		struct text stream = { b.at == NULL ? "" : b.at, b.len };
		reference_transcript(stream, &naive);
		*buf_room(&naive, 0) = '\0';
		same_in_pieces("random", stream, stream.len, 1, 1, naive.at);
		same_in_pieces("random", stream, 0, 30, (unsigned)round, naive.at);
		buf_free(&b);
		buf_free(&naive);
	}
}
END_TEST

/* Whoever reads on behind a malformed request, as `mxonly query -r` does. */
START_TEST(new_behind_malformed)
{
	struct wire w = { 0 };
	struct request rq;
	size_t used;

	ck_assert_int_eq(wire_read(&w, "x\n", 2, &used, &rq), WIRE_MALFORMED);
	ck_assert_ptr_nonnull(w.fault);
	ck_assert_int_eq(wire_read(&w, ASK "\n", strlen(ASK "\n"), &used, &rq), WIRE_WHOLE);
	ck_assert_ptr_null(w.fault);
	ck_assert_uint_eq(used, strlen(ASK "\n"));
}
END_TEST

START_TEST(names)
{
	for (unsigned a = 0; a < ATTR_COUNT; a++) {
		const char *name = attribute_name((enum attribute)a);
		char other[40];
		row_int(name, attribute_of(text_of(name)), a);
		for (size_t i = 0; name[i] != '\0'; i++) {
			memcpy(other, name, strlen(name) + 1);
			other[i] ^= 0x20;
			row_int(other, attribute_of(text_of(other)), ATTR_COUNT);
			row_int(name, attribute_of(text_cut(name, i)), ATTR_COUNT);
		}
	}
	for (size_t n = 0; n < 40; n++)
		ck_assert_int_eq(attribute_of(text_cut("cccccccccccccccccccccccccccccccccccccccc", n)), ATTR_COUNT);
}
END_TEST

int main(void)
{
	return unit_run("wire", UNIT_TESTS(transcripts, reference, long_lines, long_lines_and_nuls, long_requests,
					random_streams, new_behind_malformed, names));
}
