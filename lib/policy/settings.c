/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/settings.h"

#include "base/escape.h"
#include "policy/config.h"

enum { KEYS_MAX = 64 };

const char *const section_word[SECTIONS] = { "policyd", "relay", "default", "domain", "domains", "audit" };
const char *const section_argument[SECTIONS] = {
	[SECTION_RELAY] = "NAME",
	[SECTION_DOMAIN] = "D",
	[SECTION_DOMAINS] = "LABEL",
};

static const char *const no_yes[] = { "no", "yes" };
static const char *const routed[] = { "strict", "ignore" };
static const char *const log_targets[] = { NULL, "stderr", "syslog" };
static const char *const log_formats[] = { "text", "json" };
static const char *const log_decisions[] = { "none", "refused", "all" };

#define IN(section) (1u << SECTION_##section)
#define IN_POLICIES (IN(DEFAULT) | IN(DOMAIN) | IN(DOMAINS))
#define SERVER(key, kind, field, preset, min, max, words, help)                                                      \
	{                                                                                                            \
		IN(POLICYD), key, VALUE_##kind, offsetof(struct policyd_config, field), -1, preset, min, max, words, \
			help                                                                                         \
	}
#define RELAY(key, kind, field, preset, min, max, words, help)                                                        \
	{                                                                                                             \
		IN(RELAY), key, VALUE_##kind, offsetof(struct relay_config, field), -1, preset, min, max, words, help \
	}
#define POLICY(key, kind, member, field, preset, max, words, help)                                                     \
	{                                                                                                              \
		IN_POLICIES, key, VALUE_##kind, offsetof(struct policy_config, member), FIELD_##field, preset, 0, max, \
			words, help                                                                                    \
	}
#define COVER(key, kind, help)                                                \
	{                                                                     \
		IN(DOMAINS), key, VALUE_##kind, 0, -1, NULL, 0, 0, NULL, help \
	}
#define AUDIT(key, kind, field, help)                                                                    \
	{                                                                                                \
		IN(AUDIT), key, VALUE_##kind, offsetof(struct config, field), -1, NULL, 0, 0, NULL, help \
	}

/* clang-format off */
const struct setting settings[] = {
	/*     key                    kind            field                preset  min max words  help */
	SERVER("listen",              ENDPOINTS,      listen,              "unix:/var/spool/postfix/mxonly/policy", 0, 0, NULL,
		"endpoints to serve: unix:/path, inet:host:port"),
	SERVER("socket_group",        ACCOUNT,        socket_group,        NULL, 0, 0, NULL,
		"group of the UNIX sockets; the run-time user must be a member"),
	SERVER("socket_mode",         SOCKET_MODE,    socket_mode,         "0660", 0, 0777, NULL,
		"permissions of the UNIX sockets, octal"),
	SERVER("user",                ACCOUNT,        user,                "mxonly", 0, 0, NULL,
		"whom every process runs as when started as root"),
	SERVER("group",               ACCOUNT,        group,               NULL, 0, 0, NULL,
		"group to run as; the user's primary group unless set"),
	SERVER("workers",             WORKERS,        workers,             "auto", 1, 256, NULL,
		"worker processes; auto: one a CPU, at most 4"),
	SERVER("max_connections",     NUMBER,         max_connections,     "4096", 1, 1000000, NULL,
		"connections of the whole server; beyond it accepting stops"),
	SERVER("request_timeout",     SECONDS,        request_timeout,     "30", 1, 3600, NULL,
		"seconds for a request that has begun"),
	SERVER("idle_timeout",        SECONDS,        idle_timeout,        "3600", 1, 604800, NULL,
		"seconds of a silent connection; must outlast Postfix's 300 s and 1000 s"),
	SERVER("routed_recipients",   WORD,           routed_recipients,   "strict", 0, 1, routed,
		"strict: a routed recipient stands for every domain it names; ignore: only for the last"),
	SERVER("recipient_delimiter", DELIMITER,      recipient_delimiter, "+", 0, 0, NULL,
		"as Postfix's; for exempt_recipients"),
	SERVER("control",             CONTROL,        control,             "unix:/run/mxonly/control", 0, 0, NULL,
		"UNIX socket of mxonly ctl; empty: none"),
	SERVER("log",                 WORD,           log,                 NULL, 1, 2, log_targets,
		"where log lines go; unless set: syslog, or stderr when a terminal or the journal is there"),
	SERVER("log_format",          FLAG,           log_json,            "text", 0, 1, log_formats,
		"form of log lines"),
	SERVER("log_decisions",       WORD,           log_decisions,       "refused", 0, 2, log_decisions,
		"which decisions are logged; refused: refused, deferred and would-be ones"),
	{ IN(POLICYD), "include", VALUE_INCLUDE, 0, -1, NULL, 0, 0, NULL,
		"files or globs that are read after this file" },

	RELAY("ranges",               RANGES,         ranges,              NULL, 0, 0, NULL,
		"address ranges of the relay"),
	RELAY("ranges_file",          RANGES_FILES,   files,               NULL, 0, 0, NULL,
		"files with a range a line, # comments"),
	RELAY("max_age",              SECONDS,        max_age,             NULL, 1, UINT32_MAX, NULL,
		"warn when a ranges_file is older: 90d, 12h"),
	RELAY("domains",              RELAY_DOMAINS,  domains,             NULL, 0, 0, NULL,
		"domains of the relay's host names; a name matches when it is one or is below one"),
	RELAY("fingerprints",         FINGERPRINTS,   fingerprints,        NULL, 0, 0, NULL,
		"fingerprints of the relay's client certificates or public keys"),
	RELAY("match",                MATCH,          match,               NULL, 0, FACTORS - 1, factor_name,
		"factors that must all hold; unless set: what there is data for"),
	RELAY("allow_wide_ranges",    FLAG,           allow_wide_ranges,   "no", 0, 1, no_yes,
		"ranges of more addresses than an IPv4 /8 or an IPv6 /16"),

	/*     key                     kind               member                    field  preset max words  help */
	POLICY("mode",                 WORD,              mode,                     MODE, "enforce", MODES - 1, mode_name,
		"enforce; monitor: decide and log, but answer monitor_action; off"),
	POLICY("relays",               RELAYS,            relays,                   RELAYS, NULL, 0, NULL,
		"relays of which any may match; unless set: every relay"),
	POLICY("refuse_action",        ACTION,            action[ACTION_REFUSE],    REFUSE_ACTION, NULL, ACTION_REFUSE, NULL,
		"answer to a refusal"),
	POLICY("defer_action",         ACTION,            action[ACTION_DEFER],     DEFER_ACTION, NULL, ACTION_DEFER, NULL,
		"answer to a deferral"),
	POLICY("monitor_action",       ACTION,            action[ACTION_MONITOR],   MONITOR_ACTION, NULL, ACTION_MONITOR, NULL,
		"answer under mode = monitor"),
	POLICY("on_near_miss",         WORD,              on_near_miss,             ON_NEAR_MISS, "defer", ON_DOUBTS - 1,
		on_doubt_name, "a host of the relay's domains with an address outside its ranges"),
	POLICY("on_mismatch",          WORD,              on_mismatch,              ON_MISMATCH, "refuse", ON_DOUBTS - 1,
		on_doubt_name, "an address of the relay, while another factor fails"),
	POLICY("exempt_networks",      EXEMPT_NETWORKS,   exempt_networks,          EXEMPT_NETWORKS, "127.0.0.0/8 ::1", 0, NULL,
		"clients that are always let pass"),
	POLICY("exempt_authenticated", FLAG,              exempt_authenticated,     EXEMPT_AUTHENTICATED, "yes", 1, no_yes,
		"clients that logged in are let pass"),
	POLICY("exempt_recipients",    EXEMPT_RECIPIENTS, exempt_recipients,        EXEMPT_RECIPIENTS, NULL, 0, NULL,
		"local parts or whole addresses that are always let pass"),

	COVER("names",                 NAMES,             "domains that the section covers; .example.com: every name below it"),
	COVER("file",                  NAME_FILES,        "files with a domain a line, # comments"),

	AUDIT("own",                   HOSTS,             own, "hosts whose Received lines are believed"),
	AUDIT("internal_networks",     NETWORKS,          internal_networks, "ranges of internal hosts, besides the private ones"),
};
/* clang-format on */

const size_t setting_count = sizeof settings / sizeof *settings;
_Static_assert(sizeof settings / sizeof *settings <= KEYS_MAX, "sets of settings are 64 bits");

const struct setting *setting_find(enum section_kind section, struct text key)
{
	for (size_t i = 0; i < setting_count; i++)
		if (settings[i].sections & (1u << section) && text_is(key, settings[i].key))
			return &settings[i];
	return NULL;
}

const struct setting *setting_anywhere(struct text key)
{
	for (size_t i = 0; i < setting_count; i++)
		if (text_is(key, settings[i].key))
			return &settings[i];
	return NULL;
}

const struct setting *setting_nearest(enum section_kind section, struct text key)
{
	const char *keys[KEYS_MAX], *nearest;

	for (size_t i = 0; i < setting_count; i++)
		keys[i] = settings[i].sections & (1u << section) ? settings[i].key : NULL;
	nearest = text_nearest(key, keys, setting_count);
	return nearest ? setting_find(section, text_of(nearest)) : NULL;
}

const struct setting *setting_near(struct text key)
{
	const char *keys[KEYS_MAX], *nearest;

	for (size_t i = 0; i < setting_count; i++)
		keys[i] = settings[i].key;
	nearest = text_nearest(key, keys, setting_count);
	return nearest ? setting_anywhere(text_of(nearest)) : NULL;
}

enum section_kind section_find(struct text word)
{
	unsigned i = 0;

	while (i < SECTIONS && !text_is(word, section_word[i]))
		i++;
	return (enum section_kind)i;
}

enum section_kind section_nearest(struct text word)
{
	const char *nearest = text_nearest(word, section_word, SECTIONS);

	return nearest ? section_find(text_of(nearest)) : SECTIONS;
}

void setting_choices(const struct setting *s, char *to, size_t cap)
{
	struct line l;

	line_start(&l, to, cap);
	for (unsigned long i = s->min; i <= s->max; i++) {
		if (i > s->min)
			line_str(&l, i < s->max ? ", " : " or ");
		line_str(&l, s->words[i]);
	}
}
