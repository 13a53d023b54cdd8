/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A process under a sanitizer would open a file for its report: it is told to use standard error. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
enum { SANITIZED = 1 };
static void keep_reports(void)
{
	static const long standard_error = STDERR_FILENO;
	void *fd;

	memcpy(&fd, &standard_error, sizeof fd);
	__sanitizer_set_report_fd(fd);
}
#else
enum { SANITIZED = 0 };
static void keep_reports(void)
{
}
#endif

/*
 * Rights of Landlock's first version. What later ones name takes more than that: moving a file is refused to whoever enters at
 * all, truncating and the ioctls of devices take a file that is open for writing, sockets are seccomp's.
 */
static const __u64 all_files =
	LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
	LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
	LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
	LANDLOCK_ACCESS_FS_MAKE_SYM;
static const __u64 reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

static void allow_below(int ruleset, const char *path, __u64 rights)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = rights };

	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return;
	syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	close(beneath.parent_fd);
}

/* What each role still may do with files; the rest is refused whatever the file's mode says. */
static const char *enter_landlock(enum sandbox_role role, const char *const *removable, size_t n)
{
	struct landlock_ruleset_attr rights = { .handled_access_fs = all_files };
	const char *why = NULL;
	int ruleset;

	if (role == SANDBOX_SUPERVISOR)
		rights.handled_access_fs &= ~reading;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0);
	if (ruleset < 0)
		return strerror(errno);
	if (role == SANDBOX_SUPERVISOR)
		allow_below(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
	for (size_t i = 0; i < n; i++)
		allow_below(ruleset, removable[i], LANDLOCK_ACCESS_FS_REMOVE_FILE);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		why = strerror(errno);
	close(ruleset);
	return why;
}

/* System calls of a loop over sockets that are there already, and of the C library underneath. */
static const int for_all[] = { SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(close), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_create1), SCMP_SYS(eventfd2),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(fstat), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
	SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(getrandom), SCMP_SYS(sched_yield), SCMP_SYS(getsockopt), SCMP_SYS(membarrier),
	SCMP_SYS(rseq) };

/* Clients come to a worker, and to the supervisor's control socket. */
static const int for_accepting[] = { SCMP_SYS(accept), SCMP_SYS(accept4) };

/* Configurations are read, processes made and ended, sockets removed. */
static const int for_supervisor[] = { SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(newfstatat), SCMP_SYS(stat),
	SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(getcwd), SCMP_SYS(pread64),
	SCMP_SYS(memfd_create), SCMP_SYS(socketpair), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(close_range),
	SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(wait4), SCMP_SYS(kill), SCMP_SYS(getppid), SCMP_SYS(setpriority),
	SCMP_SYS(set_robust_list), SCMP_SYS(set_tid_address), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(geteuid),
	SCMP_SYS(getrlimit), SCMP_SYS(seccomp), SCMP_SYS(landlock_create_ruleset), SCMP_SYS(landlock_add_rule),
	SCMP_SYS(landlock_restrict_self), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(alarm), SCMP_SYS(fcntl),
	SCMP_SYS(lseek), SCMP_SYS(shutdown), SCMP_SYS(setitimer) };

/* A syslog daemon that was restarted is connected to again. */
static const int for_logger[] = { SCMP_SYS(connect), SCMP_SYS(getppid) };

/* Its logger is waited for, and ended when it hangs. */
static const int for_single[] = { SCMP_SYS(wait4), SCMP_SYS(kill) };

/* LeakSanitizer looks at its own process from outside when that ends. */
static const int for_leak_search[] = { SCMP_SYS(ptrace), SCMP_SYS(prctl), SCMP_SYS(getdents) };

#define ALLOW(filter, list) allow((filter), (list), sizeof(list) / sizeof *(list))

static bool allow(scmp_filter_ctx filter, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) < 0)
			return false;
	return true;
}

static bool allow_when(scmp_filter_ctx filter, int call, struct scmp_arg_cmp argument)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, argument) == 0;
}

/*
 * What every role may do with some arguments only: no memory that can be run; signals to itself. Listening sockets and the way to
 * the log belong to all workers, so one may only ask about them: fcntl(2) would make the others wait in accept(2), or send any
 * process of the same user any signal (F_SETOWN, F_SETSIG); lseek(2) is for the length of a snapshot.
 */
static bool allow_some(scmp_filter_ctx filter)
{
	static const int questions[] = { F_GETFD, F_GETFL, F_GET_SEALS };
	bool ok = allow_when(filter, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) &&
		  allow_when(filter, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) &&
		  allow_when(filter, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) &&
		  allow_when(filter, SCMP_SYS(lseek), SCMP_A2(SCMP_CMP_EQ, SEEK_END));

	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		ok = ok && allow_when(filter, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)questions[i]));
	return ok;
}

/* Processes without namespaces of their own, limits of its own only, no prctl but harmless ones. */
static bool allow_some_to_supervisor(scmp_filter_ctx filter)
{
	static const int prctls[] = { PR_SET_NAME, PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP,
		PR_GET_SECCOMP, PR_SET_DUMPABLE, PR_GET_DUMPABLE };
	const scmp_datum_t namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
					CLONE_NEWNET | CLONE_NEWCGROUP;
	bool ok = allow_when(filter, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces, 0)) &&
		  allow_when(filter, SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_EQ, 0));

	for (size_t i = 0; !SANITIZED && i < sizeof prctls / sizeof *prctls; i++)
		ok = ok && allow_when(filter, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)prctls[i]));
	return ok;
}

static bool fill(scmp_filter_ctx filter, enum sandbox_role role)
{
	bool ok = ALLOW(filter, for_all) && allow_some(filter);

	if (role == SANDBOX_SUPERVISOR || role == SANDBOX_WORKER)
		ok = ok && ALLOW(filter, for_accepting);
	if (role == SANDBOX_SUPERVISOR)
		ok = ok && ALLOW(filter, for_supervisor) && allow_some_to_supervisor(filter) &&
		     (!SANITIZED || ALLOW(filter, for_leak_search));
	if (role == SANDBOX_SUPERVISOR || role == SANDBOX_LOGGER)
		ok = ok && ALLOW(filter, for_logger) &&
		     allow_when(filter, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	if (role == SANDBOX_SINGLE)
		ok = ok && ALLOW(filter, for_single);
	return ok;
}

/* What is not allowed fails with EPERM; a process is never killed for it. */
static const char *enter_seccomp(enum sandbox_role role)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	const char *why = NULL;
	int rc;

	if (!filter)
		return "no memory";
	if (!fill(filter, role))
		why = "a rule is not possible here";
	else if ((rc = seccomp_load(filter)) < 0)
		why = strerror(-rc);
	seccomp_release(filter);
	return why;
}

/* A worker says what it has to say to the log; standard error may lead to a file that all have open, or to a terminal. */
static void lead_nowhere(void)
{
	const int last = SANITIZED ? STDOUT_FILENO : STDERR_FILENO, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; null >= 0 && fd <= last; fd++)
		dup2(null, fd);
	close(null);
}

static void add_missing(char *missing, const char *what, const char *why)
{
	size_t len = strlen(missing);

	if (why)
		snprintf(missing + len, SANDBOX_WORDS - len, "%s%s (%s)", len ? ", " : "", what, why);
}

void sandbox_enter(enum sandbox_role role, const char *const *removable, size_t n, char *missing)
{
	const struct rlimit none = { 0, 0 };

	missing[0] = 0;
	keep_reports();
	if (role == SANDBOX_WORKER)
		lead_nowhere();
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		add_missing(missing, "no_new_privs", strerror(errno));
		return;
	}
	add_missing(missing, "Landlock", enter_landlock(role, removable, n));
	add_missing(missing, "seccomp", enter_seccomp(role));
}
