/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SETTINGS_H
#define MXONLY_SETTINGS_H

/*
 * settings - the one table of sections and keys of mxonly.ini(5): parser, bounds, defaults, hints, help and manual read it
 *
 * Tested by: t/unit/test_config.c
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum section_kind {
	SECTION_POLICYD,
	SECTION_RELAY,
	SECTION_DEFAULT,
	SECTION_DOMAIN,
	SECTION_DOMAINS,
	SECTION_AUDIT,
	SECTIONS
};

/* How a value is read; config_values.c and config_lists.c have a function for each. */
enum value_kind {
	VALUE_WORD, /* one of `words`, into an enum; min of it is the first that may be written */
	VALUE_FLAG, /* one of two `words`, into a bool */
	VALUE_NUMBER, /* min..max */
	VALUE_SECONDS,
	VALUE_WORKERS,
	VALUE_SOCKET_MODE,
	VALUE_ACCOUNT, /* the name of a user or group, or its number */
	VALUE_DELIMITER,
	VALUE_ENDPOINTS,
	VALUE_CONTROL,
	VALUE_INCLUDE,
	VALUE_RANGES,
	VALUE_RANGES_FILES,
	VALUE_RELAY_DOMAINS,
	VALUE_FINGERPRINTS,
	VALUE_MATCH,
	VALUE_RELAYS,
	VALUE_ACTION,
	VALUE_EXEMPT_NETWORKS,
	VALUE_EXEMPT_RECIPIENTS,
	VALUE_NAMES,
	VALUE_NAME_FILES,
	VALUE_HOSTS,
	VALUE_NETWORKS,
	VALUE_KINDS
};

struct setting {
	unsigned sections; /* bits 1 << enum section_kind */
	const char *key;
	enum value_kind kind;
	size_t at; /* of the field, within the struct that the section fills (config.h) */
	int field; /* enum policy_field, or -1 */
	const char *preset; /* the default, as one would write it; NULL: none */
	unsigned long min, max; /* of a number; VALUE_WORD, VALUE_FLAG: words[min..max] */
	const char *const *words;
	const char *help;
};

extern const struct setting settings[];
extern const size_t setting_count; /* at most 64: sets of them are bits */

/* "policyd", ...; and what stands behind it between the brackets: "NAME", or NULL. */
extern const char *const section_word[SECTIONS];
extern const char *const section_argument[SECTIONS];

/* NULL when that section has no such key. */
const struct setting *setting_find(enum section_kind section, struct text key);

/* The key of that section that was probably meant, or NULL. */
const struct setting *setting_nearest(enum section_kind section, struct text key);

/* Some section's row for this key, or NULL. */
const struct setting *setting_anywhere(struct text key);

/* The key of any section that was probably meant, or NULL. */
const struct setting *setting_near(struct text key);

/* SECTIONS when no section begins with this word. */
enum section_kind section_find(struct text word);

/* The word that was probably meant, or SECTIONS. */
enum section_kind section_nearest(struct text word);

/* The table of words of a choice, as people read it: "enforce, monitor or off". */
void setting_choices(const struct setting *s, char *to, size_t cap);

#endif
