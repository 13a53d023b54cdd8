/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_INIT_H
#define MXONLY_INIT_H

/*
 * init - the parts of `mxonly init`: what was asked for, the configuration that comes of it, and where it goes
 *
 * Tested by: t/live/tool_init.t
 */

#include "base/buf.h"
#include "base/err.h"
#include "postfix/postfix.h"
#include "tool/catalogue.h"

struct beginning {
	const char *config; /* where it goes */
	const char *service; /* a service of the catalogue, or a name for another one */
	const struct known_service *known; /* NULL: none of the catalogue */
	const char *relay_domains, *ranges, *domains; /* lists; NULL: not said */
	const struct postfix *postfix; /* NULL: there is none to look at */
};

/* What a file has to get: whole, or behind what is there already (init_text.c). -1: a word of a list is none, e says which. */
int init_text(const struct beginning *b, bool whole, struct buf *text, struct err *e);

/* The domains that this Postfix receives mail for, as a list; those of the host itself left out. */
void init_received(const struct postfix *p, struct buf *list);

/*
 * Where the text goes (init_file.c): 1: a new file; 0: behind a configuration that has no relay yet, which is read into
 * there; -1 with e: there is one with relays, and it is not touched.
 */
int init_place(const char *path, struct buf *there, struct err *e);

/* Writes it: a new file, or appended. Never over anything. */
int init_write(const char *path, bool new, struct text text, struct err *e);

#endif
