/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Normalising twice is normalising once; a name the configuration takes, and the one by which Postfix also takes it, is
 * found again by a request for it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char once[65536], twice[65536];
	struct text name = { (const char *)data, size < 4096 ? size : 4096 };
	char parsed[DOMAIN_MAX + 1];

	size_t len = domain_normalise(name, once, sizeof once);
	if (len > sizeof once)
		abort();
	size_t again = domain_normalise(text_cut(once, len), twice, sizeof twice);
	size_t third = domain_normalise(text_cut(twice, again), once, sizeof once);
	if (!text_equal(text_cut(twice, again), text_cut(once, third)))
		abort();
	if (domain_parse(name, false, parsed, NULL) == 0) {
		len = domain_normalise(name, once, sizeof once);
		if (!text_is(text_cut(once, len), parsed))
			abort();
		len = domain_of_host(text_of(parsed), once, sizeof once);
		if (!domain_within(text_cut(once, len), text_of(parsed)))
			abort();
		if (domain_folded(text_of(parsed), once)) {
			again = domain_normalise(text_of(once), twice, sizeof twice);
			if (!text_is(text_cut(twice, again), once) || !domain_is_foreign(text_of(parsed)))
				abort();
		}
	}
	return 0;
}
