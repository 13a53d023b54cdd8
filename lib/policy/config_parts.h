/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CONFIG_PARTS_H
#define MXONLY_CONFIG_PARTS_H

/*
 * config_parts - what the files of config.h share while a configuration is read; nobody else includes this
 *
 * From the ground up: config_place.c says where a fault is; config_lists.c, config_policies.c, config_names.c and config_files.c
 * (the files that values name) read values, and config_values.c the others; config_sections.c says what a section line begins,
 * config_keys.c what a key means there; config_ini.c reads files and what they include, entry by entry, through libinih;
 * config_check.c looks at the whole, config_warn.c at what is allowed and unwise; config.c is what others see.
 */

#include <sys/types.h>

#include "policy/config.h"
#include "policy/entries.h"
#include "policy/name_table.h"
#include "policy/settings.h"

enum section_state {
	OUTSIDE, /* no section has begun in this file */
	INSIDE,
	ASTRAY /* below a section line that was a fault: its keys are not looked at */
};

/* The section being read. */
struct section {
	enum section_state state;
	enum section_kind kind;
	uint32_t index; /* of the relay or the policy that it fills */
	uint64_t seen; /* bit i: settings[i] stood in it, right or wrong */
	unsigned line[64]; /* where */
};

/* Besides c->relays[i]: what the checks need to know. */
struct relay_notes {
	uint64_t faulty; /* bit i: settings[i] has a value that was a fault: what seems to be missing may be there */
	bool broken; /* the same of lines that are no known key */
	bool ghost; /* only named by a section line that was a fault */
	unsigned match_line, files_line;
};

/* Besides c->policies[i]. */
struct policy_notes {
	unsigned line[POLICY_FIELDS]; /* of each key, in the section's file; 0: not set */
	unsigned faulty; /* bit 1 << enum policy_field: its value was a fault */
	bool covers; /* a [domains LABEL] that says what it covers */
};

/* A word of `relays`, until all relays are known. */
struct relay_use {
	uint32_t policy;
	struct place place;
	char *name; /* in c->names */
};

/* A range that needs allow_wide_ranges. */
struct wide_range {
	uint32_t relay;
	struct place place;
	struct range range;
};

/* An ini file that was opened; the same one (by device and inode) is never read twice. */
struct source {
	dev_t device;
	ino_t inode;
	bool open; /* it, or what it includes, is being read */
	struct place by; /* who included it */
};

/* A word of `include`, until its file has been read. */
struct include {
	char *path; /* resolved; a pattern of glob(3) when glob is set */
	bool glob;
	unsigned line;
};

struct build {
	struct config *c;
	struct faults *faults;
	uint32_t file; /* index of the ini file being read */
	unsigned depth;
	struct section section;
	const struct entries *entries; /* where values come from; NULL: a preset */

	struct place once[SECTIONS]; /* where [policyd], [default], [audit] stood; line 0: nowhere */
	uint64_t policyd_seen; /* as section.seen, of all [policyd] */
	struct name_table relays, labels, domains;
	struct place *domain_places; /* of c->domains[i] */
	uint32_t *foreign; /* those of c->domains that are not pure ASCII, or would not be as U-labels */
	size_t foreign_count;
	struct relay_notes *relay_notes;
	struct policy_notes *policy_notes;
	struct relay_use *uses;
	size_t use_count;
	struct wide_range *wide;
	size_t wide_count;
	struct include *includes;
	size_t include_count;
	struct source *sources;
	size_t source_count;
	bool lost_section; /* a section line was a fault, and what it named is not known */
	bool lost_use; /* a list of `relays` was a fault */
};

/* A value on its way into the configuration. */
struct value {
	const struct setting *row;
	struct text text; /* NUL-free; of a preset, or within b->entries */
	uint32_t index; /* of the relay or policy */
	void *to; /* the field */
};

/* Reads v->text into v->to; faults go to b->faults. */
typedef void value_reader(struct build *b, const struct value *v);
value_reader value_read;

/* config_lists.c, config_policies.c, config_names.c, config_files.c: those that config_values.c does not have. */
value_reader read_ranges, read_ranges_files, read_relay_domains, read_fingerprints, read_match;
value_reader read_relays, read_action, read_exempt_networks, read_exempt_recipients, read_hosts, read_networks;
value_reader read_names, read_name_files, read_include;

/* The setting of a section, as value_read wants it. */
struct value value_of(
	struct build *b, const struct setting *row, enum section_kind kind, uint32_t index, struct text text);

/* config_place.c; at: the word of v->text that is meant. */
struct place value_place(const struct build *b, const char *at);
void value_fault(struct build *b, const struct value *v, const char *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void value_warning(struct build *b, const struct value *v, const char *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

void place_fault(struct build *b, struct place at, const char *format, ...) __attribute__((format(printf, 3, 4)));
void place_warning(struct build *b, struct place at, const char *format, ...) __attribute__((format(printf, 3, 4)));
const char *place_file(const struct build *b, struct place at);

/* Adds a file's name to c->files; returns its index. Takes path, which is malloc'ed. */
uint32_t file_add(struct build *b, char *path);

/* config_sections.c: what a section line begins, and keys within it. */
void section_begin(struct build *b, const struct entry *e);
void section_lost(struct build *b);
uint32_t policy_add(struct build *b, enum policy_kind kind, struct text name, struct place place);

/* config_keys.c: the setting that a key names, when it may stand here; NULL with a fault. */
const struct setting *key_take(struct build *b, const struct entry *e);
/* The value of that setting in the current section was a fault. */
void key_faulty(struct build *b, const struct setting *row);
/* A line of the current section was a fault. */
void key_lost(struct build *b);

/* config_names.c */
void names_add(struct build *b, struct text name, uint32_t policy, struct place place);

/* When all sections have been read: the names by which Postfix also takes them. */
void names_add_aliases(struct build *b);

/* config_files.c: the items of a list file, one a line. */
typedef void item_reader(struct build *b, const struct value *v, struct text item, struct place place);
/* Reads the file that a word of v names. Its path, which belongs to c->files; NULL, with a fault, when it cannot be read. */
const char *list_file_read(
	struct build *b, const struct value *v, struct text word, item_reader *read, time_t *modified);

/* config_ini.c: an ini file and what it includes. */
void ini_read(struct build *b, struct text bytes, const char *path, struct place by);

/* config_check.c, config_warn.c: the whole. */
void config_check(struct build *b);
void config_warn(struct build *b);
/* Some server listens on port 25 of an IPv6 address that others can reach; path: /proc/net/tcp6. */
bool ipv6_is_listened_to(const char *path);

#endif
