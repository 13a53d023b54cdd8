/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SAMPLE_H
#define MXONLY_SAMPLE_H

/*
 * sample - what is measured with: requests, ranges and domains that look random and are the same in every run
 *
 * Each is a function of its number alone. Ranges and domains of different numbers differ, and never overlap. Every second
 * request comes from the relay: request 2n from within range n % SAMPLE_RANGES, with a HELO and a name below SAMPLE_RELAY.
 * Its recipient's domain is one of the first 2 * SAMPLE_DOMAINS.
 */

#include <stddef.h>
#include <stdint.h>

enum { SAMPLE_RANGES = 1000, SAMPLE_DOMAINS = 500, SAMPLE_VARIANTS = 1000, SAMPLE_REQUEST = 2048, SAMPLE_NAME = 128 };
#define SAMPLE_RELAY "relay.example"

/* A permutation of 2^bits numbers, bits from 16 to 32. */
uint32_t sample_mix(uint32_t i, unsigned bits);

/* The 29 attributes that Postfix 3.7 sends, in its order, and the empty line; returns their length. */
size_t sample_request(uint32_t i, char to[SAMPLE_REQUEST]);

/* A /24; every fifth is an IPv6 /48. NUL-terminated, as the domain. */
void sample_range(uint32_t i, char to[SAMPLE_NAME]);

/* A name of four labels. */
void sample_domain(uint32_t i, char to[SAMPLE_NAME]);

#endif
