/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SNAPSHOT_H
#define MXONLY_SNAPSHOT_H

/*
 * snapshot - the compiled configuration: one flat, position-independent, read-only block
 *
 * Life:      compile.h makes its bytes; they lie in a sealed memory file; snapshot_map -> look-ups -> snapshot_unmap
 * Memory:    offsets, no pointers; a look-up allocates nothing and cannot fail on a snapshot that snapshot_check took
 * Processes: never written after sealing; supervisor and workers map one copy
 * Limits:    under 4 GiB; one byte order; format SNAPSHOT_FORMAT, no other
 * Tested by: t/unit/test_snapshot.c, t/unit/test_snapshot_check.c, t/fuzz/fuzz_snapshot.c
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "net/range_set.h"
#include "policy/action.h"
#include "policy/terms.h"

enum { SNAPSHOT_FORMAT = 2 };
#define SNAPSHOT_MAGIC "mxonly\r\n" /* 8 bytes; \r\n: a transfer that changes line ends is noticed */

/* Where something lies: an offset from the start, and how many (bytes of a string, elements of an array). */
struct span {
	uint32_t at, count;
};

struct snap_policyd {
	struct span listen; /* struct span[]: strings */
	struct span socket_group, user, group, control, recipient_delimiter; /* strings; empty: none */
	uint32_t socket_mode, workers, max_connections, request_timeout, idle_timeout;
	uint8_t routed_recipients, control_set, log, log_json, log_decisions, pad[3];
};

struct snap_place {
	uint32_t file, line; /* line 0: the built-in default */
};

struct snap_file {
	struct span name;
	int64_t modified; /* seconds; of a ranges_file */
};

struct snap_relay {
	struct span name;
	struct snap_place place;
	struct span ranges; /* a range_set of so many bytes */
	struct span domains; /* struct span[]: normalised names */
	struct span fingerprints; /* struct fingerprint[], sorted by length, then bytes */
	struct span files; /* struct snap_file[]: its ranges_files */
	uint32_t match; /* bits 1 << enum factor */
	uint32_t max_age; /* seconds; 0: none */
};

struct snap_policy {
	struct span name; /* without its kind; empty for [default] */
	struct snap_place place;
	struct span relays; /* uint32_t[]: indexes of relays, in the order listed */
	struct span action[ACTION_USES]; /* strings that action_check takes */
	struct span exempt_networks; /* a range_set of so many bytes */
	struct span exempt_recipients; /* struct span[]: sorted by bytes (as memcmp, shorter first) */
	uint8_t kind, mode, on_near_miss, on_mismatch, exempt_authenticated, pad[3];
};

/*
 * A slot of the table of domains. A name with a leading dot covers what is below it.
 *
 * The table is in the order of hashes (text_hash), then of names. A name's home is where its hash lies between 0 and 2^32, scaled to
 * domain_homes slots; it sits there or behind, with no empty slot between. So a look-up goes from home until it meets an
 * empty slot or a greater hash, found or not, and nothing ever wraps: the last slot is empty.
 */
struct snap_domain {
	uint32_t name; /* offset of the name's bytes, behind a byte that tells their number; 0: an empty slot */
	uint32_t hash; /* the name's */
	uint32_t policy : 31;
	uint32_t alias : 1; /* in no section: how Postfix also spells a name that is in one (domain_folded) */
};

struct snapshot {
	char magic[8];
	uint32_t format, byte_order; /* byte_order 0x01020304 as its maker writes it */
	uint64_t length; /* of the whole, this header included */
	uint64_t checksum; /* of the whole, taken with this field 0 */
	int64_t compiled; /* seconds since 1970 */
	struct span files; /* struct span[]: names of the files that were read */
	struct span relays; /* struct snap_relay[], in file order */
	struct span policies; /* struct snap_policy[]: 0 is [default], 1 is that of "no domain" */
	struct span labels; /* uint32_t[]: policies of [domains LABEL], sorted by name */
	struct span domains; /* struct snap_domain[]: the table */
	uint32_t domain_count; /* slots in use, aliases not counted */
	uint32_t domain_homes; /* slots that can be a home; behind them only what found its home taken */
	uint32_t has_parents; /* some name has a leading dot */
	uint32_t alias_count; /* slots in use by aliases */
	struct span own, internal_networks; /* [audit]: struct span[] */
	struct snap_policyd policyd;
};

enum { SNAP_POLICY_DEFAULT = 0, SNAP_POLICY_NO_DOMAIN = 1 };

/* The full check, of bytes from anywhere: every offset, count, order, hash, mode, action. Made once, by whoever made or read them. */
int snapshot_check(const void *bytes, size_t length, struct err *e);

/* Magic, byte order, format and length alone. bytes are 8-byte aligned, here and above. */
int snapshot_check_header(const void *bytes, size_t length, struct err *e);

/* Maps a sealed memory file that was checked: seals, header and length are looked at again. */
int snapshot_map(const struct snapshot **s, int fd, struct err *e);
void snapshot_unmap(const struct snapshot *s);

/* Strings, arrays and sets of a checked snapshot. */
static inline const void *snap_at(const struct snapshot *s, struct span span)
{
	return (const char *)s + span.at;
}

static inline struct text snap_text(const struct snapshot *s, struct span span)
{
	return (struct text){ (const char *)s + span.at, span.count };
}

static inline const struct snap_relay *snap_relay(const struct snapshot *s, uint32_t i)
{
	return (const struct snap_relay *)snap_at(s, s->relays) + i;
}

static inline const struct snap_policy *snap_policy(const struct snapshot *s, uint32_t i)
{
	return (const struct snap_policy *)snap_at(s, s->policies) + i;
}

static inline const struct range_set *snap_set(const struct snapshot *s, struct span span)
{
	return (const struct range_set *)snap_at(s, span);
}

/* The i-th string of an array of spans. */
static inline struct text snap_item(const struct snapshot *s, struct span list, uint32_t i)
{
	return snap_text(s, ((const struct span *)snap_at(s, list))[i]);
}

/* The policy of a normalised domain: the exact name's, else the longest .parent's, else [default]'s. */
uint32_t snapshot_policy_of(const struct snapshot *s, struct text domain);

/* Whether that very name has a section. */
bool snapshot_has_domain(const struct snapshot *s, struct text domain);

/*
 * The policy of the section whose name Postfix also takes for this one, if this one is in no section itself: it decides
 * beside snapshot_policy_of.
 */
bool snapshot_alias_of(const struct snapshot *s, struct text domain, uint32_t *policy);

/* The policy of [domains LABEL], to the letter; -1 when there is none. */
int64_t snapshot_policy_labelled(const struct snapshot *s, struct text label);

/* "default", "domain example.org", "domains customers"; returns the length that was written (at most cap). */
size_t snapshot_policy_title(const struct snapshot *s, const struct snap_policy *p, char *to, size_t cap);

/* "FILE:LINE", or "built-in" without one; NUL-terminated, cut to cap. */
void snapshot_place(const struct snapshot *s, struct snap_place place, char *to, size_t cap);

/* As memcmp(3), a shorter text before a longer one that begins with it: the order of every sorted list of strings. */
int snapshot_order(struct text a, struct text b);

/* The checksum of a whole snapshot, its own field taken as 0. */
uint64_t snapshot_checksum(const void *bytes, size_t length);

#endif
