/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that a worker must not make. Each is a bare one, so that no library refuses before the kernel does, and does no harm
 * where it is let pass.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "confined.h"

enum { NO_FD = -1, SUPERVISOR = -12345, OWN = -12346 /* process numbers that are filled in */ };

static _Alignas(4096) char page[4096];
static const struct sockaddr_un log_socket = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
static const struct sockaddr_un no_name = { .sun_family = AF_UNIX };
static const struct iovec byte = { page, 1 };
static const char *const nothing[] = { NULL };
static const int zero;

#define AT(thing) ((long)(thing))
#define FILE_PATH AT("/etc/passwd")
#define NO_FILE AT("/tmp/mxonly-no-such-file")

static const struct call {
	const char *name;
	long number, arg[6];
} calls[] = {
	{ "open", SYS_openat, { AT_FDCWD, FILE_PATH, O_RDONLY } },
	{ "open-create", SYS_openat, { AT_FDCWD, AT("/tmp"), O_TMPFILE | O_WRONLY, 0600 } },
	{ "open-proc-self-mem", SYS_openat, { AT_FDCWD, AT("/proc/self/mem"), O_RDONLY } },
	{ "open-folder", SYS_openat, { AT_FDCWD, AT("/"), O_RDONLY | O_DIRECTORY } },
	{ "mkdir", SYS_mkdirat, { AT_FDCWD, AT("/tmp"), 0700 } },
	{ "unlink", SYS_unlinkat, { AT_FDCWD, NO_FILE } },
	{ "rename", SYS_renameat2, { AT_FDCWD, NO_FILE, AT_FDCWD, AT("/tmp/mxonly-neither") } },
	{ "inotify", SYS_inotify_init1, { 0 } },
	{ "socket-inet", SYS_socket, { AF_INET, SOCK_STREAM } },
	{ "socket-inet6", SYS_socket, { AF_INET6, SOCK_DGRAM } },
	{ "socket-unix", SYS_socket, { AF_UNIX, SOCK_STREAM } },
	{ "socket-netlink", SYS_socket, { AF_NETLINK, SOCK_RAW } },
	{ "socketpair", SYS_socketpair, { AF_UNIX, SOCK_STREAM } },
	{ "connect", SYS_connect, { NO_FD, AT(&log_socket), sizeof log_socket } },
	{ "bind", SYS_bind, { NO_FD, AT(&no_name), sizeof no_name } },
	{ "execve", SYS_execve, { AT("/no/such/program"), AT(nothing), AT(nothing) } },
	{ "execveat", SYS_execveat, { NO_FD, AT(""), AT(nothing), AT(nothing), AT_EMPTY_PATH } },
	{ "clone", SYS_clone, { SIGCHLD } },
	{ "clone3", SYS_clone3, { 0 } },
	{ "mmap-exec", SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, NO_FD } },
	{ "mprotect-exec", SYS_mprotect, { AT(page), sizeof page, PROT_READ | PROT_EXEC } },
	{ "memfd-create", SYS_memfd_create, { AT("probe") } },
	{ "setresuid", SYS_setresuid, { -1, -1, -1 } },
	{ "unshare", SYS_unshare, { 0 } },
	{ "prctl-dumpable", SYS_prctl, { PR_SET_DUMPABLE, 0 } },
	{ "personality", SYS_personality, { 0xffffffff } },
	{ "keyctl", SYS_keyctl, { -1 } },
	{ "io-uring", SYS_io_uring_setup, { 0 } },
	{ "userfaultfd", SYS_userfaultfd, { -1 } },
	{ "ioctl", SYS_ioctl, { NO_FD } },
	/* Other processes of the same user. */
	{ "kill", SYS_kill, { SUPERVISOR } },
	{ "tgkill", SYS_tgkill, { SUPERVISOR, SUPERVISOR } },
	{ "rt-sigqueueinfo", SYS_rt_sigqueueinfo, { SUPERVISOR } },
	{ "pidfd-open", SYS_pidfd_open, { SUPERVISOR } },
	{ "pidfd-getfd", SYS_pidfd_getfd, { NO_FD } },
	{ "ptrace", SYS_ptrace, { PTRACE_PEEKDATA } },
	{ "process-vm-readv", SYS_process_vm_readv, { OWN, AT(&byte), 1, AT(&byte), 1 } },
	{ "process-vm-writev", SYS_process_vm_writev, { OWN, AT(&byte), 1, AT(&byte), 1 } },
	{ "prlimit", SYS_prlimit64, { 0, RLIMIT_NOFILE } },
	{ "setpriority", SYS_setpriority, { -1, SUPERVISOR, 0 } },
	{ "sched-setscheduler", SYS_sched_setscheduler, { SUPERVISOR, -1 } },
	{ "sched-setaffinity", SYS_sched_setaffinity, { SUPERVISOR } },
	{ "kcmp", SYS_kcmp, { OWN, OWN, -1 } },
	{ "shmget", SYS_shmget, { 0, 0, -1 } },
	{ "mq-open", SYS_mq_open, { AT("mxonly-no-such-queue"), O_RDONLY } },
	/* Signals to them without kill(2): whoever owns a descriptor is sent one, chosen by who asks, when there is something to read. */
	{ "fcntl-setown", SYS_fcntl, { NO_FD, F_SETOWN, SUPERVISOR } },
	{ "fcntl-setsig", SYS_fcntl, { NO_FD, F_SETSIG, SIGKILL } },
	/* Sockets and files that they share: what one makes of them, all have. */
	{ "fcntl-setfl", SYS_fcntl, { NO_FD, F_SETFL } },
	{ "fcntl-dupfd", SYS_fcntl, { NO_FD, F_DUPFD } },
	{ "shutdown", SYS_shutdown, { NO_FD, SHUT_RDWR } },
	{ "shutdown-writing", SYS_shutdown, { NO_FD, SHUT_WR } },
	{ "setsockopt", SYS_setsockopt, { NO_FD, SOL_SOCKET, SO_SNDBUF, AT(&zero), sizeof zero } },
	{ "listen", SYS_listen, { NO_FD } },
	{ "lseek", SYS_lseek, { NO_FD, 0, SEEK_SET } },
	{ "setitimer", SYS_setitimer, { ITIMER_PROF } },
};

static long fill_in(long arg, pid_t supervisor)
{
	return arg == SUPERVISOR ? supervisor : arg == OWN ? getpid() : arg;
}

static long make(const struct call *c, pid_t supervisor)
{
	long a[6], came;

	for (int i = 0; i < 6; i++)
		a[i] = fill_in(c->arg[i], supervisor);
	came = syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (c->number == SYS_clone && came == 0)
		_exit(0);
	return came;
}

int confined_call(unsigned long number, pid_t supervisor, char *to, size_t room)
{
	const struct call *c = &calls[number];

	if (number >= sizeof calls / sizeof *calls)
		return 0;
	if (make(c, supervisor) >= 0)
		return snprintf(to, room, "%s: done", c->name);
	return snprintf(to, room, "%s: %s, %s", c->name, errno == EPERM || errno == EACCES ? "refused" : "let pass",
		strerror(errno));
}
