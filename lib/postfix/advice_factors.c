/* SPDX-License-Identifier: BSD-2-Clause */

/* What relays are told by (HELO, name, certificate, TLS), against what Postfix asks for and tells. */

#include <stdio.h>
#include <string.h>

#include "policy/terms.h"
#include "postfix/advice_parts.h"

/* The factors that some relay of a policy in force must have. */
static unsigned factors_in_use(const struct advice *a)
{
	unsigned factors = 0;

	for (uint32_t i = 0; i < a->s->policies.count; i++) {
		const struct snap_policy *p = snap_policy(a->s, i);
		const uint32_t *relays = snap_at(a->s, p->relays);
		for (uint32_t j = 0; p->mode != MODE_OFF && j < p->relays.count; j++)
			factors |= snap_relay(a->s, relays[j])->match;
	}
	return factors;
}

static bool offers_tls(const struct service *sv)
{
	const char *level = params_get(sv->params, "smtpd_tls_security_level");

	if (*level)
		return strcmp(level, "none") != 0;
	return params_yes(sv->params, "smtpd_use_tls") || params_yes(sv->params, "smtpd_enforce_tls") ||
	       params_yes(sv->params, "smtpd_tls_wrappermode");
}

static bool has_key(const struct service *sv)
{
	static const char *const names[] = { "smtpd_tls_chain_files", "smtpd_tls_cert_file", "smtpd_tls_eccert_file",
		"smtpd_tls_dcert_file" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (params_get(sv->params, names[i])[0] && strcmp(params_get(sv->params, names[i]), "none") != 0)
			return true;
	return false;
}

static void judge_tls(struct advice *a, const struct service *sv, const char *factor)
{
	if (!offers_tls(sv))
		advise(a, loses_mail(a), sv, "smtpd_tls_security_level", "may",
			"no TLS is offered, but a relay has `%s` in its match: its mail is refused", factor);
	else if (!has_key(sv))
		advise(a, loses_mail(a), sv, "smtpd_tls_chain_files", "/etc/postfix/key-and-certificate.pem",
			"without a key and a certificate no TLS is offered, but a relay has `%s` in its match: its "
			"mail is refused",
			factor);
}

static const struct digest {
	const char *name;
	uint8_t len;
} digests[] = { { "md5", 16 }, { "sha1", 20 }, { "sha256", 32 }, { "sha384", 48 }, { "sha512", 64 } };

enum { DIGESTS = sizeof digests / sizeof *digests };

/* 0: no digest that we know. */
static unsigned digest_length(const char *name)
{
	for (size_t i = 0; i < DIGESTS; i++)
		if (strcmp(digests[i].name, name) == 0)
			return digests[i].len;
	return 0;
}

static const char *digest_name(unsigned len)
{
	for (size_t i = 0; i < DIGESTS; i++)
		if (digests[i].len == len)
			return digests[i].name;
	return "";
}

/* Fingerprints are compared with those that Postfix makes, of one kind only. */
static void judge_digest(struct advice *a, const struct service *sv)
{
	const char *name = params_get(sv->params, "smtpd_tls_fingerprint_digest");
	unsigned len = digest_length(name);

	for (uint32_t i = 0; len > 0 && i < a->s->relays.count; i++) {
		const struct snap_relay *relay = snap_relay(a->s, i);
		const struct fingerprint *fingerprints = snap_at(a->s, relay->fingerprints);
		struct text title = snap_text(a->s, relay->name);
		bool any = false;
		for (uint32_t j = 0; j < relay->fingerprints.count; j++)
			any |= fingerprints[j].len == len;
		if ((relay->match & FACTOR_BIT_CERTIFICATE) && !any)
			advise(a, loses_mail(a), sv, "smtpd_tls_fingerprint_digest", digest_name(fingerprints[0].len),
				"%s has %u bytes, the fingerprints of [relay %.*s] have %u: none ever matches, and its "
				"mail is refused",
				name, len, (int)title.len, title.at, fingerprints[0].len);
	}
}

static void judge_certificate(struct advice *a, const struct service *sv)
{
	judge_tls(a, sv, factor_name[FACTOR_CERTIFICATE]);
	if (!params_yes(sv->params, "smtpd_tls_ask_ccert") && !params_yes(sv->params, "smtpd_tls_req_ccert"))
		advise(a, loses_mail(a), sv, "smtpd_tls_ask_ccert", "yes",
			"clients are asked for no certificate, but a relay has `certificate` in its match: its mail is "
			"refused");
	judge_digest(a, sv);
}

static void judge_service(struct advice *a, const struct service *sv, unsigned factors)
{
	if (factors & FACTOR_BIT_CERTIFICATE)
		judge_certificate(a, sv);
	if (factors & FACTOR_BIT_TLS)
		judge_tls(a, sv, factor_name[FACTOR_TLS]);
	if ((factors & FACTOR_BIT_NAME) && !params_yes(sv->params, "smtpd_peername_lookup"))
		advise(a, loses_mail(a), sv, "smtpd_peername_lookup", "yes",
			"the names of clients are not looked up, but a relay has `name` in its match: its mail is put "
			"off for ever");
	if ((factors & FACTOR_BIT_HELO) && !params_yes(sv->params, "smtpd_helo_required"))
		advise(a, WARNING, sv, "smtpd_helo_required", "yes",
			"a client need not say HELO, but a relay has `helo` in its match: whoever says none is refused "
			"as if it had said "
			"a wrong one, and warned of in the log each time");
}

void advise_factors(struct advice *a)
{
	unsigned factors = factors_in_use(a);
	const struct service *sv;
	size_t at = 0;

	while ((sv = advice_next_public(a, &at)))
		judge_service(a, sv, factors);
}
