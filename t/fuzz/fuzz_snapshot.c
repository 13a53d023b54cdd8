/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Property: bytes that snapshot_check takes can be followed anywhere (t/unit/snapshot_walk.h).
 *
 * An input is a whole snapshot (it begins with the magic), or a list of changes to one that was compiled of the text below:
 * 8 bytes each, where (3, little endian), how (1), and what (4). Magic, length and checksum are put right again, so that
 * what is behind them is reached.
 */
#include <stdint.h>

#include "../unit/snapshot_walk.h"
#include "policy/compile.h"
#include "policy/config.h"

static const char ini[] = "[policyd]\n"
			  "listen = unix:/tmp/p inet:[::1]:10040\n"
			  "[relay filter]\n"
			  "ranges = 192.0.2.0/24, 2001:db8:25::/48, 198.51.100.3-198.51.100.9\n"
			  "domains = relay.example other.example\n"
			  "[relay certified]\n"
			  "fingerprints = 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33\n"
			  "[default]\n"
			  "relays = filter\n"
			  "exempt_recipients = postmaster abuse@example.org\n"
			  "[domain example.org]\n"
			  "mode = monitor\n"
			  "relays = certified filter\n"
			  "[domain .example.net]\n"
			  "mode = off\n"
			  "[domains customers]\n"
			  "names = example.com .example.com example.net a.example.com b.example.com\n"
			  "refuse_action = 550 5.7.1 No: ${recipient_domain}\n"
			  "exempt_networks = 127.0.0.0/8 10.0.0.0/8\n"
			  "[domains vip]\n"
			  "[audit]\n"
			  "own = mx.example.org\n";

static struct buf original(void)
{
	static struct buf out;
	struct config c = { .relay_count = 0 };
	struct faults f = { 0 };
	struct err e;

	if (out.len > 0)
		return out;
	config_read_text(&c, text_of(ini), "fuzz.ini", &f);
	if (f.errors > 0 || compile(&c, &out, &e) < 0 || snapshot_check(out.at, out.len, &e) < 0) {
		faults_print(&f, stderr);
		abort();
	}
	faults_free(&f);
	config_free(&c);
	return out;
}

static void change(char *to, size_t length, const uint8_t change[8])
{
	size_t at = (change[0] | (size_t)change[1] << 8 | (size_t)change[2] << 16) % length;
	uint32_t value = change[4] | (uint32_t)change[5] << 8 | (uint32_t)change[6] << 16 | (uint32_t)change[7] << 24,
		 old;

	if (change[3] % 3 == 0) {
		to[at] = (char)value;
		return;
	}
	at = at / 4 * 4;
	memcpy(&old, to + at, sizeof old);
	value = change[3] % 3 == 1 ? value : old + value;
	memcpy(to + at, &value, sizeof value);
}

static void put_right(char *bytes, size_t length)
{
	struct snapshot head;

	if (length < sizeof head)
		return;
	memcpy(&head, bytes, sizeof head);
	memcpy(head.magic, SNAPSHOT_MAGIC, sizeof head.magic);
	head.format = SNAPSHOT_FORMAT;
	head.byte_order = 0x01020304;
	head.length = length;
	memcpy(bytes, &head, sizeof head);
	head.checksum = snapshot_checksum(bytes, length);
	memcpy(bytes, &head, sizeof head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool whole = size >= 8 && memcmp(data, SNAPSHOT_MAGIC, 8) == 0;
	struct buf base = original();
	size_t length = whole ? size : base.len;
	char *bytes = must_alloc(length);
	struct err e;

	memcpy(bytes, whole ? (const char *)data : base.at, length);
	for (size_t i = 0; !whole && i + 8 <= size; i += 8)
		change(bytes, length, data + i);
	put_right(bytes, length);
	if (snapshot_check(bytes, length, &e) == 0)
		snapshot_walk((const struct snapshot *)bytes);
	free(bytes);
	return 0;
}
