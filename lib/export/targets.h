/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TARGETS_H
#define MXONLY_TARGETS_H

/*
 * targets - every target there is, in the order in which they are told; one file (target_NAME.c) each
 *
 * Tested by: t/live/export_tool.t
 */

#include "export/export.h"

extern const struct target target_nftables;
extern const struct target target_ipset;
extern const struct target target_ufw;
extern const struct target target_firewalld;
extern const struct target target_pf;
extern const struct target target_windows_firewall;
extern const struct target target_postfix;
extern const struct target target_postscreen;
extern const struct target target_exim;
extern const struct target target_cpanel;
extern const struct target target_exchange;
extern const struct target target_exchange_online;
extern const struct target target_smartermail;
extern const struct target target_zoho;
extern const struct target target_rackspace;
extern const struct target target_sieve;
extern const struct target target_exim_filter;
extern const struct target target_thunderbird;
extern const struct target target_outlook;
extern const struct target target_apple_mail;
extern const struct target target_port;
extern const struct target target_rename;
extern const struct target target_plain;
extern const struct target target_json;

#endif
