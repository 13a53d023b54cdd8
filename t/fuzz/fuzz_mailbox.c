/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mailbox of any bytes: compressed it is the same; what is appended to an mbox is one message more, with a date also where no
 * empty line is before it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "mail/mailbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* What came of it. */
struct reading {
	struct mailbox_reader reader; /* first */
	unsigned messages, failures;
	uint32_t sum; /* of all fields */
};

static void message(struct mailbox_reader *reader, struct text path, const struct header *h)
{
	struct reading *r = (struct reading *)reader;

	(void)path;
	r->messages++;
	r->sum = r->sum * 31 + h->headless * 2u + h->cut;
	for (size_t i = 0; i < h->count; i++)
		r->sum = r->sum * 31 + text_hash(h->fields[i].value) + (uint32_t)h->fields[i].name;
	must(h->lines.len <= HEADER_MAX + 2);
}

static void failed(struct mailbox_reader *reader, struct text path, const char *why)
{
	(void)path;
	(void)why;
	((struct reading *)reader)->failures++;
}

static struct reading read_bytes(const void *bytes, size_t size)
{
	struct reading r = { .reader = { .message = message, .failed = failed } };
	char path[40];
	struct err e;
	int fd = memory_file(&e);

	must(fd >= 0 && fd_write_all(fd, bytes, size, &e) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	mailbox_read(&r.reader, path);
	close(fd);
	return r;
}

static void compressed(const void *bytes, size_t size, const struct reading *plain)
{
	uLongf room = compressBound(size) + 100;
	Bytef *at = must_alloc(room);
	z_stream z = {
		.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)size, .next_out = at, .avail_out = (uInt)room
	};

	must(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	must(deflate(&z, Z_FINISH) == Z_STREAM_END);
	struct reading r = read_bytes(at, z.total_out);
	must(r.messages == plain->messages && r.sum == plain->sum && r.failures == plain->failures);
	deflateEnd(&z);
	free(at);
}

static void appended(const void *bytes, size_t size, const struct reading *plain, const char *last)
{
	struct buf b = { 0 };

	buf_add(&b, bytes, size);
	buf_str(&b, last);
	struct reading r = read_bytes(b.at, b.len);
	must(r.messages == plain->messages + 1 && r.failures == 0);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b) {
		read_bytes(data, size);
		return 0;
	}
	struct reading plain = read_bytes(data, size);
	compressed(data, size, &plain);
	if (plain.failures == 0 && size >= 5 && memcmp(data, "From ", 5) == 0) {
		appended(data, size, &plain, "\n\nFrom x\nReceived: last\n");
		appended(data, size, &plain, "\nFrom x Sat Nov 21 23:57:15 2026\nReceived: last\n");
	}
	return 0;
}
