/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_POSTFIX_TRIAL_H
#define MXONLY_POSTFIX_TRIAL_H

/*
 * postfix_trial - the beginning of every trial that asks postmap(1)
 *
 * An ordinary user's namespace shows root's files as somebody else's, and Postfix refuses a list of table types that is not
 * root's: a copy takes its place. Where postmap cannot even make a table of nothing, the export is not what is wrong.
 *
 * Tested by: t/live/export_verify.t
 */

#define POSTFIX_TRIAL                                                                                                \
	"types=/etc/postfix/dynamicmaps.cf\n"                                                                        \
	"[ ! -f $types ] || [ -O $types ] || { cp $types types && mount --bind types $types; }\n"                    \
	"quiet() { words=$(\"$@\" 2>&1 >/dev/null) && [ -z \"$words\" ] || { echo \"$words\"; return 1; }; }\n"      \
	"mkdir nothing && : >nothing/master.cf && : >nothing/table\n"                                                \
	"printf 'compatibility_level = 3.6\\ninet_interfaces = 127.0.0.1\\nmynetworks = 127.0.0.0/8\\n' "            \
	">nothing/main.cf\n"                                                                                         \
	"said=$(quiet postmap -c nothing nothing/table) || { cannot \"anything: postmap does not work here: $(echo " \
	"$said)\"; exit 0; }\n"

#endif
