/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/mailbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "unit.h"

/* What came: "PATH:FIELD=VALUE,FIELD=VALUE;" for each message, "PATH!WHY;" for each failure. */
struct reading {
	struct mailbox_reader reader; /* first */
	struct buf said;
};

static void say_message(struct mailbox_reader *r, struct text path, const struct header *h)
{
	static const char letters[FIELD_NAMES] = { 'R', 'D', 'X', 'E', 'P' };
	struct buf *b = &((struct reading *)r)->said;

	buf_format(b, "%.*s:%s%s", (int)path.len, path.at, h->headless ? "headless " : "", h->cut ? "cut " : "");
	for (size_t i = 0; i < h->count; i++) {
		struct text value = text_trim(h->fields[i].value);
		buf_format(b, "%s%c=%.*s", i ? "," : "", letters[h->fields[i].name],
			value.len > 60 ? 60 : (int)value.len, value.at);
	}
	buf_str(b, ";");
}

static void say_failure(struct mailbox_reader *r, struct text path, const char *why)
{
	buf_format(&((struct reading *)r)->said, "%.*s!%s;", (int)path.len, path.at, why);
}

static void start(struct reading *r)
{
	*r = (struct reading){ .reader = { .message = say_message, .failed = say_failure } };
	buf_str(&r->said, "");
}

static char folder[] = "/tmp/mxonly-mailbox-XXXXXX";

static void enter(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void leave(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(system(command), 0);
}

static void put(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

static const struct {
	const char *bytes, *said;
} files[] = {
	{ "", "" },
	{ "Received: a\n", "f:R=a;" },
	{ "Received: a", "f:R=a;" },
	{ "Received: a\r\n\tb\r\nX: y\r\nreceived:c\r\n\r\nReceived: body\r\n", "f:R=a\r\n\tb,R=c;" },
	{ "Subject: x\nReceived: a\nX-Received: b\nDelivered-To: c\nX-Original-To: d\nEnvelope-To: e\nReturn-Path: f\n",
		"f:R=a,D=c,X=d,E=e,P=f;" },
	{ "Received : a\n", "f:R=a;" },
	{ "Received:\nReceived: b\n", "f:R=,R=b;" },
	{ "Received: a\nby b with c\nfor d; Mon\nSubject: x\nnot Received: y\n", "f:R=a\n by b with c\n for d; Mon;" },
	{ "Received: a\n\xc2\xa0 \xc2\xa0 by b\xc2\xa0\n", "f:R=a\n by b\xc2\xa0;" },
	{ "\nReceived: a\n", "f:;" },
	{ " b\nReceived: a\n", "f:headless R=a;" },
	{ "(192.0.2.1) with x; Tue\nReceived: a\n", "f:headless R=a;" },
	{ "\tb\nReceived: a\n", "f:headless R=a;" },
	{ "by mx with x; Tue\nReceived: a\n", "f:headless R=a;" },
	{ "\x7f"
	  "ELF\n",
		"f:;" },
	{ "no field\nnor this\nReceived: a\n", "f:R=a;" },
	{ "\xef\xbb\xbfReceived: a\n", "f:R=a;" },
	{ "\xef\xbb\xbf b\nReceived: a\n", "f:headless R=a;" },
	{ "To: a: b: c: ((((;\nContent-Type: multipart/mixed; boundary=x\nReceived: a\n\n--x\nReceived: b\n",
		"f:R=a;" },
	/* mbox */
	{ "From a Mon\n", "f#1:;" },
	{ "From a Mon\nReceived: a\n", "f#1:R=a;" },
	{ "From a Mon\nReceived: a\n\nbody\n\nFrom b Mon\nReceived: b\n\nbody\n", "f#1:R=a;f#2:R=b;" },
	{ "From a Mon\r\nReceived: a\r\n\r\nbody\r\n\r\nFrom b Mon\r\nReceived: b\r\n", "f#1:R=a;f#2:R=b;" },
	{ "From a Mon\n>From b Tue\nReceived: a\n", "f#1:R=a;" },
	{ "From a Mon\nReceived: a\n\nbody\nFrom the text\n\n>From the text\nFrom\n\nFrom b Mon\nReceived: b\n",
		"f#1:R=a;f#2:R=b;" },
	{ "From a Mon\nReceived: a\nFrom b Mon\nReceived: b\n", "f#1:R=a;f#2:R=b;" },
	{ "From a Mon\n\nFrom b Mon\n\n\nFrom c Mon\nReceived: c\n", "f#1:;f#2:;f#3:R=c;" },
	{ "From a Mon\n b\nReceived: a\n", "f#1:headless R=a;" },
	{ "\n\r\n\nFrom a Mon\nReceived: a\n\nFrom b Mon\nReceived: b\n", "f#1:R=a;f#2:R=b;" },
	{ "\xef\xbb\xbf"
	  "From a Mon\nReceived: a\n",
		"f#1:R=a;" },
	{ "\n\nReceived: a\n", "f:;" },
	{ "\n", "f:;" },
	/* with a date, also without an empty line before */
	{ "From a Mon\nReceived: a\n\nbody\nFrom b Sat Nov 21 23:57:15 2026\nReceived: b\n", "f#1:R=a;f#2:R=b;" },
	{ "From a Mon\n\nbody\nFrom b@c  Sun Nov  1 00:00:00 2026\r\nReceived: b\n", "f#1:;f#2:R=b;" },
	{ "From a Mon\n\nbody\nFrom b Sat Nov 21 23:57:15 CET 2026\nReceived: b\n", "f#1:;f#2:R=b;" },
	{ "From a Mon\n\nbody\nFrom b Sat Nov 21 23:57:15 2026 +0100\nReceived: b\n", "f#1:;f#2:R=b;" },
	{ "From a Mon\n\nbody\nFrom b Sat Nov 21 23:57:15 +0100 2026\nReceived: b\n", "f#1:;f#2:R=b;" },
	{ "From a Mon\n\nbody\nFrom b Sat Nov 21 23:57:15 2026", "f#1:;f#2:;" },
	{ "From a Mon\n\nbody\nFrom Sat Nov 21 23:57:15 2026\n", "f#1:;f#2:;" },
	{ "From a Mon\n\nbody\nFrom b Sat Nov 21 23:57 2026\nReceived: b\n", "f#1:;" },
	{ "From a Mon\n\nbody\nFrom b Sat Nov 32 23:57:15 2026\nReceived: b\n", "f#1:;" },
	{ "From a Mon\n\nbody\nFrom b Sat Nov 21 24:57:15 2026\nReceived: b\n", "f#1:;" },
	{ "From a Mon\n\nbody\nFrom b Sam Nov 21 23:57:15 2026\nReceived: b\n", "f#1:;" },
	{ "From a Mon\n\nbody\nFrom b Sat Nov 21 23:57:15 2026 we met\nReceived: b\n", "f#1:;" },
	{ "From a Mon\n\nbody\nFrom the Sat Nov 21 on\nReceived: b\n", "f#1:;" },
	/* other compressors */
	{ "BZh91AY", "f!compressed by bzip2: pipe it through bzcat;" },
	{ "\xfd"
	  "7zXZ",
		"f!compressed by xz: pipe it through xzcat;" },
};

START_TEST(one_file)
{
	enter();
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct reading r;
		start(&r);
		put("f", files[i].bytes, strlen(files[i].bytes));
		mailbox_read(&r.reader, "f");
		row_str(files[i].bytes, r.said.at, files[i].said);
		buf_free(&r.said);
	}
	leave();
}
END_TEST

static void put_gzip(const char *path, const char *mode, const char *bytes)
{
	gzFile to = gzopen(path, mode);

	ck_assert_ptr_nonnull(to);
	ck_assert_int_eq(gzputs(to, bytes), (int)strlen(bytes));
	ck_assert_int_eq(gzclose(to), Z_OK);
}

/* Compressed it is the same; of several pieces, too. */
START_TEST(compressed)
{
	struct reading r;
	struct buf noise = { 0 };
	char bytes[4096];

	enter();
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		start(&r);
		put_gzip("f", "wb", files[i].bytes);
		mailbox_read(&r.reader, "f");
		if (!strchr(files[i].said, '!'))
			row_str(files[i].bytes, r.said.at, files[i].said);
		buf_free(&r.said);
	}
	start(&r);
	put_gzip("g", "wb", "From a\nReceived: a\n\n");
	put_gzip("g", "ab", "From b\nReceived: b\n\n");
	mailbox_read(&r.reader, "g");
	ck_assert_str_eq(r.said.at, "g#1:R=a;g#2:R=b;");
	buf_free(&r.said);
	start(&r);
	put_gzip("g", "wb", "From a\nReceived: a\n\nbody\n");
	put_gzip("g", "ab", "From b Sat Nov 21 23:57:15 2026\nReceived: b\n\n");
	mailbox_read(&r.reader, "g");
	ck_assert_str_eq(r.said.at, "g#1:R=a;g#2:R=b;");
	buf_free(&r.said);

	start(&r);
	buf_str(&noise, "From a\nReceived: a\n\n");
	for (unsigned i = 0, x = 1; i < 20000; i++, x = x * 1103515245 + 12345)
		buf_format(&noise, "%x\n", x);
	put_gzip("h", "wb", noise.at);
	int fd = open("h", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, bytes, sizeof bytes), sizeof bytes);
	close(fd);
	put("h", bytes, sizeof bytes);
	mailbox_read(&r.reader, "h");
	ck_assert_str_eq(r.said.at, "h#1:R=a;h!the compressed file is cut off;");
	buf_free(&r.said);

	start(&r);
	memset(bytes + 200, 0, 200);
	put("h", bytes, sizeof bytes);
	mailbox_read(&r.reader, "h");
	ck_assert_ptr_nonnull(strstr(r.said.at, "h!the compressed file is damaged: "));
	buf_free(&r.said);
	buf_free(&noise);
	leave();
}
END_TEST

START_TEST(folders)
{
	static const char *const made[] = { "m", "m/new", "m/cur", "m/tmp", "m/.Junk", "m/.Sent", "m/.Sent/new",
		"m/.Sent/cur", "m/.Sent/.Deep", "m/.half", "m/.half/new", "f", "f/.hidden", "f/sub" };
	struct reading r;

	enter();
	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		ck_assert_int_eq(mkdir(made[i], 0700), 0);
	put("m/new/2", "Received: new\n", 14);
	put("m/cur/1", "Received: cur\n", 14);
	put("m/tmp/3", "Received: tmp\n", 14);
	put("m/dovecot-uidlist", "3 V1\n", 5);
	put("m/.Junk/1", "Received: no\n", 13);
	put("m/.half/new/1", "Received: no\n", 13);
	put("m/.Sent/cur/1", "Received: sent\n", 15);
	ck_assert_int_eq(symlink("../f", "m/.link"), 0);
	put("f/10", "Received: ten\n", 14);
	put("f/9", "Received: nine\n", 15);
	put("f/.mh", "Received: no\n", 13);
	put("f/.hidden/1", "Received: no\n", 13);
	put("f/sub/box", "From a\nReceived: box\n", 21);
	ck_assert_int_eq(symlink("../../m/new/2", "f/sub/link"), 0);
	ck_assert_int_eq(symlink("..", "f/sub/round"), 0);
	ck_assert_int_eq(symlink("nowhere", "f/sub/dangling"), 0);
	ck_assert_int_eq(mkfifo("f/sub/fifo", 0600), 0);

	start(&r);
	mailbox_read(&r.reader, "m/");
	ck_assert_str_eq(r.said.at, "m/new/2:R=new;m/cur/1:R=cur;m/.Sent/cur/1:R=sent;");
	buf_free(&r.said);
	start(&r);
	mailbox_read(&r.reader, "f");
	ck_assert_str_eq(r.said.at, "f/9:R=nine;f/10:R=ten;f/sub/box#1:R=box;f/sub/dangling!No such file or directory;"
				    "f/sub/link:R=new;");
	buf_free(&r.said);
	start(&r);
	mailbox_read(&r.reader, "nothing");
	ck_assert_str_eq(r.said.at, "nothing!No such file or directory;");
	buf_free(&r.said);
	leave();
}
END_TEST

static size_t count(const char *s, char c)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == c;
	return n;
}

/* Lines longer than a piece, headers longer than what is kept, wherever a line meets the end of a piece. */
START_TEST(long_ones)
{
	struct reading r;
	struct buf b = { 0 };

	enter();
	buf_str(&b, "From a\nX: ");
	for (int i = 0; i < 3 * SOURCE_PIECE; i++)
		buf_str(&b, i % 1000 ? "x" : " From ");
	buf_str(&b, "\nReceived: a\n\n");
	for (int i = 0; i < 3 * SOURCE_PIECE; i++)
		buf_str(&b, "y");
	buf_str(&b, "From b\nReceived: no\n\nFrom c\nReceived: c\n");
	for (int i = 0; i < 3 * SOURCE_PIECE; i++)
		buf_str(&b, "X-Many: z\n");
	buf_str(&b, "Received: d\nReceived: ");
	for (int i = 0; i < 3 * SOURCE_PIECE; i++)
		buf_str(&b, "z");
	put("f", b.at, b.len);
	start(&r);
	mailbox_read(&r.reader, "f");
	ck_assert_str_eq(r.said.at, "f#1:R=a;f#2:cut R=c,R=d;");
	buf_free(&r.said);

	/* A piece that begins like a field, in the middle of a line. */
	b.len = 0;
	buf_str(&b, "From a\nX: ");
	for (int i = 3; i < SOURCE_PIECE; i++)
		buf_str(&b, "x");
	buf_str(&b, "Received: no\nReceived: a\n");
	put("f", b.at, b.len);
	start(&r);
	mailbox_read(&r.reader, "f");
	ck_assert_str_eq(r.said.at, "f#1:R=a;");
	buf_free(&r.said);

	for (int shift = 0; shift < 40; shift++) {
		b.len = 0;
		buf_str(&b, "From a\nReceived: a\n\n");
		while (b.len + 20 < SOURCE_PIECE + (size_t)shift)
			buf_str(&b, b.len % 64 ? "." : "\n");
		buf_str(&b, "\n\nFrom b\nReceived: b\n\nFrom c\nReceived: c\n");
		put("f", b.at, b.len);
		start(&r);
		mailbox_read(&r.reader, "f");
		ck_assert_str_eq(r.said.at, "f#1:R=a;f#2:R=b;f#3:R=c;");
		buf_free(&r.said);
	}
	buf_free(&b);
	leave();
}
END_TEST

static void stop_at_second(struct mailbox_reader *r, struct text path, const struct header *h)
{
	say_message(r, path, h);
	if (count(((struct reading *)r)->said.at, ';') == 2)
		r->watch.stop = 1;
}

START_TEST(stopped)
{
	struct reading r;

	enter();
	put("f", "From a\n\nFrom b\n\nFrom c\n\n", 24);
	start(&r);
	r.reader.message = stop_at_second;
	mailbox_read(&r.reader, "f");
	ck_assert_str_eq(r.said.at, "f#1:;f#2:;");
	buf_free(&r.said);
	leave();
}
END_TEST

/* A NUL ends nothing. */
START_TEST(nul)
{
	static const char bytes[] = "Received: a\0b\nX\0: y\nReceived: c\n";
	struct reading r;

	enter();
	put("f", bytes, sizeof bytes - 1);
	start(&r);
	mailbox_read(&r.reader, "f");
	ck_assert_str_eq(r.said.at, "f:R=a?b\n X?: y,R=c;");
	buf_free(&r.said);
	leave();
}
END_TEST

int main(void)
{
	return unit_run("mailbox", UNIT_TESTS(one_file, compressed, folders, long_ones, stopped, nul));
}
