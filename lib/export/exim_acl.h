/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_EXIM_ACL_H
#define MXONLY_EXIM_ACL_H

/*
 * exim_acl - statements for Exim's ACL of RCPT and the files that they read: for Exim itself, and for cPanel, which is Exim
 *
 * Files:     acl; domains: which lane a domain takes; hosts-N: whom lane N lets in
 * Tested by: t/live/export_exim.t
 */

#include "export/export.h"

struct exim_place {
	const char *folder; /* where the files will lie, with a slash at its end */
	const char *more_hosts; /* further items of each list of hosts that are let in, " ; " before each */
};

int exim_acl_write(struct export_job *x, const struct exim_place *place, struct err *e);

extern const char *const exim_acl_programs[];
extern const char exim_acl_trial[];

#endif
