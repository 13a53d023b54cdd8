/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inputs - prints the samples that are measured with: inputs requests|ranges|domains COUNT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

static void print_request(uint32_t i)
{
	char request[SAMPLE_REQUEST];

	fwrite(request, 1, sample_request(i, request), stdout);
}

static void print_range(uint32_t i)
{
	char range[SAMPLE_NAME];

	sample_range(i, range);
	puts(range);
}

static void print_domain(uint32_t i)
{
	char domain[SAMPLE_NAME];

	sample_domain(i, domain);
	puts(domain);
}

static const struct {
	const char *what;
	void (*print)(uint32_t i);
} kinds[] = { { "requests", print_request }, { "ranges", print_range }, { "domains", print_domain } };

int main(int argc, char **argv)
{
	uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

	for (size_t k = 0; count > 0 && k < sizeof kinds / sizeof *kinds; k++) {
		if (strcmp(argv[1], kinds[k].what) != 0)
			continue;
		for (uint32_t i = 0; i < count; i++)
			kinds[k].print(i);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	fputs("usage: inputs requests|ranges|domains COUNT\n", stderr);
	return 2;
}
