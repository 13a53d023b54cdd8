/* SPDX-License-Identifier: BSD-2-Clause */
#include "mutate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum { LONGEST = 1 << 16, CHANGES = 6 };

/* What the child is at, for its parent to see. */
struct stage {
	size_t len;
	long runs;
	uint8_t at[LONGEST];
};

static struct input {
	uint8_t *at;
	size_t len;
} * inputs;
static size_t count;
static uint64_t state;

void mutate_keep(const uint8_t *bytes, size_t n)
{
	n = n < LONGEST ? n : LONGEST;
	inputs = must_grow(inputs, count, sizeof *inputs);
	inputs[count] = (struct input){ must_alloc(n + 1), n };
	if (n > 0)
		memcpy(inputs[count].at, bytes, n);
	count++;
}

/* xorshift64*; below limit. */
static size_t chance(size_t limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return limit > 0 ? (size_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % limit : 0;
}

static void insert(struct stage *s, const uint8_t *bytes, size_t n)
{
	size_t at = chance(s->len + 1);

	n = n < LONGEST - s->len ? n : LONGEST - s->len;
	memmove(s->at + at + n, s->at + at, s->len - at);
	memcpy(s->at + at, bytes, n);
	s->len += n;
}

static void erase(struct stage *s)
{
	size_t at = chance(s->len + 1), n = chance(s->len - at + 1);

	memmove(s->at + at, s->at + at + n, s->len - at - n);
	s->len -= n;
}

/* A part of some other input, or of this one. */
static void insert_part(struct stage *s)
{
	const struct input *from = &inputs[chance(count)];
	size_t at = chance(from->len + 1), n = chance(from->len - at + 1);

	insert(s, from->at + at, n);
}

static void change(struct stage *s)
{
	static const uint8_t telling[] = { 0, 1, 0x7f, 0x80, 0xff, '\n', '\r', ' ', '=', '"', '\\', '@', '.', '/',
		'-' };
	size_t at = chance(s->len);

	switch (chance(5)) {
	case 0:
		if (s->len > 0)
			s->at[at] ^= (uint8_t)(1u << chance(8));
		break;
	case 1:
		if (s->len > 0)
			s->at[at] = telling[chance(sizeof telling)];
		break;
	case 2:
		insert(s, &telling[chance(sizeof telling)], 1);
		break;
	case 3:
		erase(s);
		break;
	default:
		insert_part(s);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void be_child(struct stage *s, double seconds, uint64_t seed)
{
	double end = now() + seconds;

	state = seed * 2 + 1;
	for (; now() < end; s->runs++) {
		const struct input *from = &inputs[chance(count)];
		uint8_t *exact;

		memcpy(s->at, from->at, from->len);
		s->len = from->len;
		for (size_t changes = 1 + chance(CHANGES); changes > 0; changes--)
			change(s);
		exact = must_alloc(s->len); /* so that a read behind the last byte is seen */
		memcpy(exact, s->at, s->len);
		LLVMFuzzerTestOneInput(exact, s->len);
		free(exact);
	}
	exit(EXIT_SUCCESS); /* leaks are looked for */
}

static void leave_behind(const struct stage *s)
{
	char name[] = "crash-XXXXXX";
	int fd = mkstemp(name);

	if (fd >= 0 && fd_write_all(fd, s->at, s->len, NULL) == 0)
		fprintf(stderr, "input %ld ended the target: it is in %s\n", s->runs, name);
	if (fd >= 0)
		close(fd);
}

long mutate_run(double seconds, uint64_t seed)
{
	struct stage *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = s == MAP_FAILED ? -1 : fork();
	int status = -1;

	if (child == 0)
		be_child(s, seconds, seed);
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
		if (child > 0)
			leave_behind(s);
		return -1;
	}
	return s->runs;
}
