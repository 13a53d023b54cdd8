/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_names.h"

static uint32_t process_of(const struct log_line *l)
{
	return text_hash(l->host) * 31 + text_hash(l->pid);
}

void log_names_keep(struct log_names *n, const struct log_line *l)
{
	uint32_t process = process_of(l);
	struct log_name *kept = &n->slot[process % LOG_NAMES];

	if (l->client_address.len > sizeof kept->address || l->client_name.len > sizeof kept->name)
		return;
	kept->process = process;
	kept->address_len = (uint8_t)l->client_address.len;
	kept->name_len = (uint8_t)l->client_name.len;
	memcpy(kept->address, l->client_address.at, kept->address_len);
	memcpy(kept->name, l->client_name.at, kept->name_len);
}

struct text log_names_of(const struct log_names *n, const struct log_line *l)
{
	const struct text none = { "", 0 };

	if (!text_is(l->client_name, "unknown"))
		return none;
	uint32_t process = process_of(l);
	const struct log_name *kept = &n->slot[process % LOG_NAMES];
	bool same =
		kept->process == process && text_equal(text_cut(kept->address, kept->address_len), l->client_address);
	return same ? text_cut(kept->name, kept->name_len) : none;
}
