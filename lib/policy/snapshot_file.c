/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot_file - a snapshot as a file: what its header says, its checksum, its mapping
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/snapshot.h"

/* An odd number without pattern: the fraction of the golden ratio. */
#define MULTIPLY 0x9e3779b97f4a7c15u

/* Four sums side by side, because a processor multiplies faster than it waits for a product. */
enum { LANES = 4 };

static inline uint64_t sum_step(uint64_t sum, uint64_t word)
{
	sum ^= word;
	return (sum << 29 | sum >> 35) * MULTIPLY;
}

static void sum_words(uint64_t lane[LANES], const char *at, size_t n)
{
	uint64_t words[LANES];

	for (; n >= sizeof words; at += sizeof words, n -= sizeof words) {
		memcpy(words, at, sizeof words);
		for (int i = 0; i < LANES; i++)
			lane[i] = sum_step(lane[i], words[i]);
	}
	memset(words, 0, sizeof words);
	memcpy(words, at, n);
	for (int i = 0; i < LANES; i++)
		lane[i] = sum_step(lane[i], words[i]);
}

uint64_t snapshot_checksum(const void *bytes, size_t length)
{
	uint64_t lane[LANES] = { 1, 2, 3, 4 }, sum = length;
	struct snapshot head = { .format = 0 };
	size_t n = length < sizeof head ? length : sizeof head;

	memcpy(&head, bytes, n);
	head.checksum = 0;
	sum_words(lane, (const char *)&head, n);
	sum_words(lane, (const char *)bytes + n, length - n);
	for (int i = 0; i < LANES; i++)
		sum = sum_step(sum, lane[i]);
	return sum ^ sum >> 32;
}

static int check_length(uint64_t said, size_t length, struct err *e)
{
	char a[TEXT_GROUPED], b[TEXT_GROUPED];

	if (said > length)
		return err_set(e, "cut off: %s of %s bytes", text_grouped(length, a), text_grouped(said, b));
	if (said < length)
		return err_set(e, "damaged: %s bytes where it says %s", text_grouped(length, a), text_grouped(said, b));
	return 0;
}

int snapshot_check_header(const void *bytes, size_t length, struct err *e)
{
	const uint32_t ours = 0x01020304, theirs = 0x04030201;
	const struct snapshot *s = bytes;

	if (length < sizeof s->magic || memcmp(s->magic, SNAPSHOT_MAGIC, sizeof s->magic) != 0)
		return err_set(e, "no compiled configuration of mxonly");
	if (length < offsetof(struct snapshot, checksum))
		return err_set(e, "cut off: %zu bytes, less than a header", length);
	if (s->byte_order == theirs)
		return err_set(e,
			"compiled on a machine of the other byte order: compile it on this one with `mxonly compile`");
	if (s->format != SNAPSHOT_FORMAT)
		return err_set(e,
			"compiled by another version (format %" PRIu32
			", this program reads %d): compile it again with `mxonly compile`",
			s->format, SNAPSHOT_FORMAT);
	if (s->byte_order != ours)
		return err_set(e, "damaged: its byte order is none");
	if (check_length(s->length, length, e) < 0)
		return -1;
	if (length < sizeof *s || length % 8 != 0 || length > UINT32_MAX)
		return err_set(e, "damaged: no snapshot has %zu bytes", length);
	return 0;
}

int snapshot_map(const struct snapshot **s, int fd, struct err *e)
{
	const int wanted = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	int seals = fcntl(fd, F_GET_SEALS);
	/* not fstat(2): as the C library makes it, a confined worker may not call it */
	off_t length = lseek(fd, 0, SEEK_END);

	if (seals < 0 || (seals & wanted) != wanted)
		return err_set(e, "the snapshot is no sealed memory file");
	if (length < 0)
		return err_set(e, "cannot look at the snapshot: %s", strerror(errno));
	if (length == 0) /* which mmap(2) refuses */
		return err_set(e, "no compiled configuration of mxonly");
	/* Private, because Linux before 6.7 refuses a shared mapping of a write-sealed file; nobody writes, so memory is shared. */
	void *at = mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return err_set(e, "cannot map the snapshot: %s", strerror(errno));
	if (snapshot_check_header(at, (size_t)length, e) < 0) {
		munmap(at, (size_t)length);
		return -1;
	}
	*s = at;
	return 0;
}

void snapshot_unmap(const struct snapshot *s)
{
	union {
		const struct snapshot *s;
		void *at;
	} mapping = { .s = s };

	munmap(mapping.at, (size_t)s->length);
}
