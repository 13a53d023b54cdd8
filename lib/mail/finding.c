/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/finding.h"

static const char *const names[WAY_COUNT] = {
	[WAY_RELAYED] = "relayed",
	[WAY_DIRECT] = "direct",
	[WAY_EXEMPT] = "exempt",
	[WAY_AUTHENTICATED] = "authenticated",
	[WAY_LOCAL] = "local",
	[WAY_UNKNOWN] = "unknown",
};

const char *way_name(enum way w)
{
	return names[w];
}
