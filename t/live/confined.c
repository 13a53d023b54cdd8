/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * confined - mxonlyd whose workers try what they must not: recipient=NUMBER@PID is a probe, action= tells what came of it
 *
 * It brings its own decide(): the linker then leaves the real one in its library. PID is the supervisor's. Each probe is a
 * bare system call, so that no library refuses before the kernel does, and does no harm where it is let pass. With
 * -DUNCONFINED it brings its own sandbox_enter() too, which gives up nothing: that shows that the probes can be told apart;
 * there, WORKERS_DIE in the environment makes each worker leave at its start.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/decide.h"
#include "server/sandbox.h"

#define CALL(...) syscall(__VA_ARGS__)

enum { NOBODY = 65534, NO_FD = -1 };

static long shut(long fd)
{
	if (fd >= 0)
		close((int)fd);
	return fd;
}

static long open_read(pid_t supervisor)
{
	(void)supervisor;
	return shut(CALL(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static long open_create(pid_t supervisor)
{
	char path[64];
	long fd;

	(void)supervisor;
	snprintf(path, sizeof path, "/tmp/mxonly-confined-%d", (int)getpid());
	fd = shut(CALL(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY, 0600));
	if (fd >= 0)
		unlink(path);
	return fd;
}

static long open_memory(pid_t supervisor)
{
	(void)supervisor;
	return shut(CALL(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDONLY));
}

static long open_folder(pid_t supervisor)
{
	(void)supervisor;
	return shut(CALL(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY));
}

static long make_folder(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_mkdirat, AT_FDCWD, "/tmp", 0700);
}

static long remove_file(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_unlinkat, AT_FDCWD, "/tmp/mxonly-no-such-file", 0);
}

static long rename_file(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_renameat2, AT_FDCWD, "/tmp/mxonly-no-such-file", AT_FDCWD, "/tmp/mxonly-neither", 0);
}

static long socket_inet(pid_t supervisor)
{
	(void)supervisor;
	return shut(CALL(SYS_socket, AF_INET, SOCK_STREAM, 0));
}

static long socket_inet6(pid_t supervisor)
{
	(void)supervisor;
	return shut(CALL(SYS_socket, AF_INET6, SOCK_DGRAM, 0));
}

static long socket_unix(pid_t supervisor)
{
	(void)supervisor;
	return shut(CALL(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
}

static long socket_netlink(pid_t supervisor)
{
	(void)supervisor;
	return shut(CALL(SYS_socket, AF_NETLINK, SOCK_RAW, 0));
}

static long connect_unix(pid_t supervisor)
{
	const struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };

	(void)supervisor;
	return CALL(SYS_connect, NO_FD, &to, sizeof to);
}

static long bind_unix(pid_t supervisor)
{
	const struct sockaddr_un to = { .sun_family = AF_UNIX };

	(void)supervisor;
	return CALL(SYS_bind, NO_FD, &to, sizeof to);
}

static long run_program(pid_t supervisor)
{
	char name[] = "/no/such/program";
	char *const argv[] = { name, NULL }, *const none[] = { NULL };

	(void)supervisor;
	return CALL(SYS_execve, name, argv, none);
}

static long run_descriptor(pid_t supervisor)
{
	char name[] = "program";
	char *const argv[] = { name, NULL }, *const none[] = { NULL };

	(void)supervisor;
	return CALL(SYS_execveat, NO_FD, "", argv, none, AT_EMPTY_PATH);
}

static long trace(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_ptrace, PTRACE_PEEKDATA, 0, NULL, NULL);
}

static long read_others(pid_t supervisor)
{
	char byte;
	struct iovec here = { &byte, 1 };

	(void)supervisor;
	return CALL(SYS_process_vm_readv, getpid(), &here, 1UL, &here, 1UL, 0UL);
}

static long make_process(pid_t supervisor)
{
	long pid = CALL(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)supervisor;
	if (pid == 0)
		CALL(SYS_exit_group, 0);
	return pid;
}

static long make_process_anew(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_clone3, NULL, 0);
}

static long signal_supervisor(pid_t supervisor)
{
	return CALL(SYS_kill, supervisor, 0);
}

static long signal_thread(pid_t supervisor)
{
	return CALL(SYS_tgkill, supervisor, supervisor, 0);
}

static long queue_signal(pid_t supervisor)
{
	return shut(CALL(SYS_pidfd_open, supervisor, 0));
}

static long executable_memory(pid_t supervisor)
{
	long at = CALL(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, NO_FD, 0);

	(void)supervisor;
	return at == -1 ? -1 : 0;
}

static long make_executable(pid_t supervisor)
{
	static _Alignas(4096) char page[4096];

	(void)supervisor;
	if (CALL(SYS_mprotect, page, sizeof page, PROT_READ | PROT_EXEC) < 0)
		return -1;
	return mprotect(page, sizeof page, PROT_READ | PROT_WRITE);
}

static long memory_file_made(pid_t supervisor)
{
	(void)supervisor;
	return shut(CALL(SYS_memfd_create, "probe", 0));
}

static long become_dumpable(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static long raise_limit(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_prlimit64, 0, 7, NULL, NULL);
}

static long change_user(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_setresuid, -1, -1, -1);
}

static long new_namespace(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_unshare, 0);
}

static long ring(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_io_uring_setup, 0, NULL);
}

static long input_into_terminal(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_ioctl, NO_FD, 0, NULL);
}

static long socket_pair(pid_t supervisor)
{
	(void)supervisor;
	return CALL(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NULL);
}

static const struct {
	const char *name;
	long (*attempt)(pid_t supervisor);
} probes[] = {
	{ "open", open_read },
	{ "open-create", open_create },
	{ "open-proc-self-mem", open_memory },
	{ "open-folder", open_folder },
	{ "mkdir", make_folder },
	{ "unlink", remove_file },
	{ "rename", rename_file },
	{ "socket-inet", socket_inet },
	{ "socket-inet6", socket_inet6 },
	{ "socket-unix", socket_unix },
	{ "socket-netlink", socket_netlink },
	{ "socketpair", socket_pair },
	{ "connect", connect_unix },
	{ "bind", bind_unix },
	{ "execve", run_program },
	{ "execveat", run_descriptor },
	{ "ptrace", trace },
	{ "process-vm-readv", read_others },
	{ "clone", make_process },
	{ "clone3", make_process_anew },
	{ "kill", signal_supervisor },
	{ "tgkill", signal_thread },
	{ "pidfd-open", queue_signal },
	{ "mmap-exec", executable_memory },
	{ "mprotect-exec", make_executable },
	{ "memfd-create", memory_file_made },
	{ "prctl-dumpable", become_dumpable },
	{ "prlimit", raise_limit },
	{ "setresuid", change_user },
	{ "unshare", new_namespace },
	{ "io-uring", ring },
	{ "ioctl", input_into_terminal },
};
enum { PROBES = sizeof probes / sizeof *probes };

/* "open: refused, Operation not permitted", "open: let pass, ...", "open: done". */
static int play(unsigned long number, pid_t supervisor, char *to, size_t room)
{
	long came;

	if (number >= PROBES)
		return snprintf(to, room, "none");
	errno = 0;
	came = probes[number].attempt(supervisor);
	if (came >= 0)
		return snprintf(to, room, "%s: done", probes[number].name);
	return snprintf(to, room, "%s: %s, %s", probes[number].name,
		errno == EPERM || errno == EACCES ? "refused" : "let pass", strerror(errno));
}

void decide(const struct snapshot *s, const struct request *rq, struct verdict *v, const struct decide_trace *trace)
{
	(void)s;
	(void)rq;
	(void)trace;
	*v = (struct verdict){ .outcome = OUTCOME_PERMIT, .reason = REASON_NO_RECIPIENT };
}

void decide_too_long(const struct snapshot *s, struct verdict *v)
{
	decide(s, NULL, v, NULL);
}

struct text verdict_domain(const struct verdict *v)
{
	return text_cut(v->domain, v->domain_len);
}

bool verdict_warns(const struct verdict *v)
{
	(void)v;
	return false;
}

size_t verdict_action(const struct snapshot *s, const struct request *rq, const struct verdict *v, char to[ACTION_MAX])
{
	const struct text recipient = rq != NULL ? rq->attr[ATTR_RECIPIENT] : text_cut("", 0);
	char word[256];
	char *at;
	unsigned long number;

	(void)s;
	(void)v;
	snprintf(word, sizeof word, "%.*s", (int)recipient.len, recipient.at);
	number = strtoul(word, &at, 10);
	return (size_t)play(number, *at == '@' ? (pid_t)strtol(at + 1, NULL, 10) : 0, to, ACTION_MAX);
}

#ifdef UNCONFINED
void sandbox_enter(enum sandbox_role role, const char *const *removable, size_t n, char *missing)
{
	(void)removable;
	(void)n;
	missing[0] = '\0';
	if (role == SANDBOX_WORKER && getenv("WORKERS_DIE") != NULL)
		_exit(7);
}
#endif
