/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_FIREWALL_H
#define MXONLY_FIREWALL_H

/*
 * firewall - words that the headers of all exports for firewalls have in common
 *
 * Tested by: t/live/export_tool.t
 */

#define FIREWALL_REFUSES                                                                     \
	"Refuses connections to port 25, over IPv4 and IPv6, but from the relays, trusted\n" \
	"hosts and this host itself. Other ports (465 and 587 too) are left alone.\n"

#define FIREWALL_CONTAINERS                                                                     \
	"A port that a container publishes is forwarded and no input of this host: the rules\n" \
	"do not see it."

#define FIREWALL_CHECK                                                                         \
	"and from a foreign host: telnet to port 25 must say \"connection refused\", to 587\n" \
	"must connect"

#endif
