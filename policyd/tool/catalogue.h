/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CATALOGUE_H
#define MXONLY_CATALOGUE_H

/*
 * catalogue - the filtering services that mxonly init knows: a folder of files NAME.relay (etc/relays.d/README)
 *
 * Life:      {0} -> catalogue_read -> look -> catalogue_free
 * Memory:    owns its strings
 * Errors:    a file that is not as it should be is left out, with a fault; a folder that is not there is an empty catalogue
 * Tested by: t/live/tool_init.t
 */

#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/text.h"

struct known_service {
	char *id; /* of its file's name: "mxguarddog" */
	char *name;
	char *domains; /* a list; "": not known */
	char *published; /* a URL */
	char *verified; /* "2026-11-22: what" */
	struct buf sources, notes; /* lines */
};

struct catalogue {
	struct known_service *at; /* sorted by id */
	size_t count;
};

void catalogue_read(struct catalogue *c, const char *folder, struct faults *f);

/* By its id or its name, without regard to case; NULL: unknown. */
const struct known_service *catalogue_find(const struct catalogue *c, const char *word);

void catalogue_free(struct catalogue *c);

#endif
