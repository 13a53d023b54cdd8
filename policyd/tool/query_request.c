/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly query: requests, from the command line or a file; both become bytes first, so that the server's limits hold here too. */

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "policy/wire.h"
#include "tool/query.h"
#include "tool/requests.h"
#include "tool/tool.h"

/* What Postfix sends (SMTPD_POLICY_README, up to 3.12). */
static const char *const postfix_attributes[] = { "request", "protocol_state", "protocol_name", "client_address",
	"client_name", "client_port", "reverse_client_name", "server_address", "server_port", "helo_name", "sender",
	"recipient", "recipient_count", "queue_id", "instance", "size", "etrn_domain", "stress", "sasl_method",
	"sasl_username", "sasl_sender", "ccert_subject", "ccert_issuer", "ccert_fingerprint",
	"ccert_pubkey_fingerprint", "encryption_protocol", "encryption_cipher", "encryption_keysize", "tls_sni",
	"policy_context", "compatibility_level", "mail_version" };

enum { POSTFIX_ATTRIBUTES = sizeof postfix_attributes / sizeof *postfix_attributes };

/* Where in the bytes the line stands that makes them no request; 0 when the request as a whole is meant. */
static size_t fault_place(struct text bytes, size_t used)
{
	const char *nul = memchr(bytes.at, '\0', bytes.len);

	if (nul)
		return (size_t)(nul - bytes.at);
	return used > 0 && used < bytes.len ? used - 1 : 0;
}

static int answer(struct oracle *o, struct text bytes, bool *harms, size_t *fault_at, struct err *e)
{
	struct wire w = { 0 };
	struct request rq;
	size_t used = 0;

	*fault_at = 0;
	switch (wire_read(&w, bytes.at, bytes.len, &used, &rq)) {
	case WIRE_WHOLE:
		return o->answer(o, &(struct question){ bytes, &rq }, harms, e);
	case WIRE_TOO_LONG:
		return o->answer(o, &(struct question){ bytes, NULL }, harms, e);
	case WIRE_MALFORMED:
		*fault_at = fault_place(bytes, used);
		return err_set(e, "%s", w.fault);
	default:
		return err_set(e, "the request does not end");
	}
}

/* A name that Postfix does not send is probably misspelt: the answer would be that of a request without it. */
static void warn_of_name(struct text name)
{
	for (size_t i = 0; i < POSTFIX_ATTRIBUTES; i++) {
		if (text_is(name, postfix_attributes[i]))
			return;
	}
	const char *nearest = text_nearest(name, postfix_attributes, POSTFIX_ATTRIBUTES);
	fprintf(stderr, "%s: warning: Postfix sends no `%.*s`%s%s%s\n", query_command, (int)name.len, name.at,
		nearest ? ": did you mean `" : "; it is ignored", nearest ? nearest : "", nearest ? "`?" : "");
}

static int check_pair(const char *pair)
{
	const char *equal = strchr(pair, '=');

	if (!equal)
		return wrong_usage(query_command, "`%s` is not NAME=VALUE: did you mean -q %s?", pair, pair);
	if (equal == pair)
		return wrong_usage(query_command, "`%s` has no name before its `=`", pair);
	if (strchr(pair, '\n'))
		return wrong_usage(query_command, "the value of `%.*s` holds a newline, which no request can",
			(int)strcspn(pair, "=\n"), pair);
	warn_of_name(text_cut(pair, (size_t)(equal - pair)));
	return 0;
}

static bool given(const struct query *q, const char *name)
{
	for (int i = 0; i < q->pair_count; i++) {
		if (text_is(text_cut(q->pairs[i], strcspn(q->pairs[i], "=")), name))
			return true;
	}
	return false;
}

int query_pairs(const struct query *q, struct oracle *o)
{
	struct buf bytes = { 0 };
	struct err e;
	bool harms = false;
	size_t fault_at;
	int status;

	if (!given(q, "request"))
		buf_str(&bytes, "request=smtpd_access_policy\n");
	if (!given(q, "protocol_state"))
		buf_str(&bytes, "protocol_state=RCPT\n");
	for (int i = 0; i < q->pair_count; i++) {
		if ((status = check_pair(q->pairs[i])) != 0)
			goto out;
		buf_str(&bytes, q->pairs[i]);
		buf_str(&bytes, "\n");
	}
	buf_str(&bytes, "\n");
	if (answer(o, text_cut(bytes.at, bytes.len), &harms, &fault_at, &e) < 0)
		status = wrong(query_command, "%s", e.text);
	else
		status = harms ? EXIT_NO : EXIT_YES;
out:
	buf_free(&bytes);
	return status;
}

int query_file(const struct query *q, struct oracle *o)
{
	struct requests r;
	struct err e;
	int status = EXIT_YES, more;

	if (requests_open(&r, q->file, &e) < 0)
		return wrong(query_command, "%s", e.text);
	while ((more = requests_next(&r, &e)) > 0) {
		bool harms;
		size_t fault_at;
		if (answer(o, text_cut(r.bytes.at, r.bytes.len), &harms, &fault_at, &e) == 0)
			continue;
		fprintf(stderr, "%s:%lu: %s\n", r.name, requests_line(&r, fault_at), e.text);
		status = EXIT_WRONG;
	}
	if (more < 0)
		status = wrong(query_command, "%s", e.text);
	requests_close(&r);
	return status;
}
