/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Candidates end, are at least one, and do not change when the address is wrapped: quotes, backslashes or spaces put anywhere
 * change nothing, and behind `@off.test` every name with a dot is still there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/recipient.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 4096, ADDRESS = 1024 };

struct list {
	unsigned count;
	uint64_t hash[MOST]; /* 0: no domain */
	bool dot[MOST];
};

static bool section(const void *context, struct text name)
{
	(void)context;
	return text_is(name, "single") || text_is(name, "kk");
}

static void collect(struct text address, struct list *l)
{
	static struct recipient r;
	static char name[RECIPIENT_MAX];
	size_t len;

	l->count = 0;
	recipient_start(&r, address, RECIPIENT_STRICT, section, NULL);
	while (recipient_next(&r, name, sizeof name, &len)) {
		uint64_t h = 14695981039346656037u;
		for (size_t i = 0; i < len && i < sizeof name; i++)
			h = (h ^ (unsigned char)name[i]) * 1099511628211u;
		if (l->count == MOST)
			abort();
		l->dot[l->count] = memchr(name, '.', len < sizeof name ? len : sizeof name) != NULL;
		l->hash[l->count++] = len == 0 ? 0 : h;
	}
	if (l->count == 0)
		abort();
}

static bool has(const struct list *l, uint64_t hash)
{
	for (unsigned i = 0; i < l->count; i++)
		if (l->hash[i] == hash)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct list plain, dressed, wrapped;
	static char address[4 * ADDRESS + 16];
	size_t n = size < ADDRESS ? size : ADDRESS, len = 0;
	bool ascii = true;

	collect(text_cut((const char *)data, n), &plain);
	for (size_t i = 0; i < n; i++) {
		ascii &= data[i] < 0x80;
		if (data[i] % 3 == 0)
			address[len++] = "\"\\ \x7f"[data[i] / 3 % 4];
		address[len++] = (char)data[i];
	}
	collect(text_cut(address, len), &dressed);
	if (dressed.count != plain.count || memcmp(dressed.hash, plain.hash, plain.count * sizeof *plain.hash) != 0)
		abort();
	memcpy(address + len, "@off.test", 9);
	collect(text_cut(address, len + 9), &wrapped);
	/* (beyond ASCII a name may get its dot from normalising, and then counts only where it is last) */
	for (unsigned i = 0; ascii && i < plain.count; i++)
		if (plain.dot[i] && !has(&wrapped, plain.hash[i]))
			abort();
	return 0;
}
