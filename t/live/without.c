/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * without - runs a program as if on a kernel that lacks something: without [-e ENOSYS|EPERM] WHAT,... PROGRAM ARGUMENT...
 *
 * WHAT: seccomp, landlock, no_new_privs. For t/live/confined.t.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void refuse(scmp_filter_ctx filter, int why, int call)
{
	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)why), call, 0) < 0)
		exit(125);
}

static void refuse_prctl(scmp_filter_ctx filter, int why, int what)
{
	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)why), SCMP_SYS(prctl), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)what)) < 0)
		exit(125);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int why = ENOSYS;

	if (argc > 2 && strcmp(argv[1], "-e") == 0) {
		why = strcmp(argv[2], "EPERM") == 0 ? EPERM : ENOSYS;
		argv += 2;
		argc -= 2;
	}
	if (filter == NULL || argc < 3)
		return 125;
	if (strstr(argv[1], "seccomp") != NULL) {
		refuse(filter, why, SCMP_SYS(seccomp));
		refuse_prctl(filter, why == ENOSYS ? EINVAL : why, PR_SET_SECCOMP);
		refuse_prctl(filter, why == ENOSYS ? EINVAL : why, PR_GET_SECCOMP);
	}
	if (strstr(argv[1], "landlock") != NULL) {
		refuse(filter, why, SCMP_SYS(landlock_create_ruleset));
		refuse(filter, why, SCMP_SYS(landlock_add_rule));
		refuse(filter, why, SCMP_SYS(landlock_restrict_self));
	}
	if (strstr(argv[1], "no_new_privs") != NULL)
		refuse_prctl(filter, why == ENOSYS ? EINVAL : why, PR_SET_NO_NEW_PRIVS);
	if (seccomp_load(filter) < 0) {
		perror("without: seccomp");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
