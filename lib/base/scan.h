/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SCAN_H
#define MXONLY_SCAN_H

/*
 * scan - where a byte stands, for 64 bytes at once
 *
 * memchr(3) finds one byte fast; a request has some sixty that matter, ten bytes apart, of three kinds.
 *
 * Memory:    all 64 bytes must be readable
 * Tested by: t/unit/test_scan.c
 */

#include <endian.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { SCAN_BLOCK = 64 };

/* Bit i is set where byte i is c; for every processor. */
static inline uint64_t scan_equal_words(const char *at, char c)
{
	const uint64_t ones = 0x0101010101010101u, sevens = 0x7f7f7f7f7f7f7f7fu;
	uint64_t mask = 0, word;

	for (int i = 0; i < SCAN_BLOCK; i += 8) {
		memcpy(&word, at + i, sizeof word);
		word = le64toh(word) ^ ones * (unsigned char)c;
		/* A 1 for each byte that is 0 now, then these side by side. */
		uint64_t zero = ~(((word & sevens) + sevens) | word | sevens) >> 7;
		mask |= (zero * 0x0102040810204080u >> 56) << i;
	}
	return mask;
}

/* The same. */
static inline uint64_t scan_equal(const char *at, char c)
{
#ifdef __SSE2__
	uint64_t mask = 0;

	for (int i = 0; i < SCAN_BLOCK; i += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + i));
		uint32_t equal = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
		mask |= (uint64_t)equal << i;
	}
	return mask;
#else
	return scan_equal_words(at, c);
#endif
}

#endif
