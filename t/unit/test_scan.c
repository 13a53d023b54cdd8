/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/scan.h"
#include "unit.h"

static uint64_t by_hand(const char *at, char c)
{
	uint64_t mask = 0;

	for (int i = 0; i < SCAN_BLOCK; i++)
		if (at[i] == c)
			mask |= (uint64_t)1 << i;
	return mask;
}

static void same(const char *at, char c)
{
	uint64_t want = by_hand(at, c);

	ck_assert_msg(scan_equal(at, c) == want && scan_equal_words(at, c) == want, "byte %d: %llx and %llx, not %llx",
		c, (unsigned long long)scan_equal(at, c), (unsigned long long)scan_equal_words(at, c),
		(unsigned long long)want);
}

/* Each value of the byte and of its neighbours at each place: what an addition carries must not reach them. */
START_TEST(every_byte_everywhere)
{
	char block[SCAN_BLOCK + 1];

	for (int place = 0; place < SCAN_BLOCK; place++) {
		for (int value = 0; value < 256; value++) {
			memset(block, value ^ 1, sizeof block);
			block[place] = (char)value;
			same(block, (char)value);
			same(block, (char)(value ^ 1));
			same(block, (char)(value ^ 0x80));
		}
	}
}
END_TEST

START_TEST(random_bytes)
{
	char bytes[SCAN_BLOCK + 16];
	uint32_t state = 1;

	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof bytes; i++) {
			state = state * 1664525 + 1013904223;
			bytes[i] = "\n=\0\r\x80\xff\x8a\v"[state >> 29];
		}
		for (const char *c = "\n=\r\x80"; *c != '\0'; c++)
			same(bytes + round % 16, *c);
		same(bytes + round % 16, '\0');
	}
}
END_TEST

int main(void)
{
	return unit_run("scan", UNIT_TESTS(every_byte_everywhere, random_bytes));
}
