/* SPDX-License-Identifier: BSD-2-Clause */
/* What each role can and cannot do any more, tried in a process that has taken the role on. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/sandbox.h"
#include "unit.h"

enum { NOT_TRIED = 100, BY_LANDLOCK = -2 };

static bool landlock; /* this kernel has it */

static char folder[64], other[64];

/* Where a role may remove files, and where not. */
static void start(void)
{
	strcpy(folder, "/tmp/mxonly-sandbox-XXXXXX");
	strcpy(other, "/tmp/mxonly-sandbox-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_ptr_nonnull(mkdtemp(other));
}

static void in_folder(const char *in, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", in, name);
}

static void put_file(const char *in, const char *name)
{
	char path[128];
	int fd;

	in_folder(in, name, path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void finish(void)
{
	static const char *const names[] = { "removed", "socket", "made" };
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		in_folder(folder, names[i], path);
		unlink(path);
		in_folder(other, names[i], path);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(folder), 0);
	ck_assert_int_eq(rmdir(other), 0);
}

/* 0, or the errno. */
static int came(long rc)
{
	return rc < 0 ? errno : 0;
}

static int opened(const char *path, int flags)
{
	int fd = open(path, flags, 0600), result = came(fd);

	if (fd >= 0)
		close(fd);
	return result;
}

static int reads(void)
{
	return opened("/etc/passwd", O_RDONLY);
}

static int writes(void)
{
	return opened("/etc/passwd", O_WRONLY);
}

static int writes_nowhere(void)
{
	return opened("/dev/null", O_RDWR);
}

static int makes(void)
{
	char path[128];

	in_folder(folder, "made", path);
	return opened(path, O_CREAT | O_WRONLY);
}

static int removes(void)
{
	char path[128];

	in_folder(folder, "removed", path);
	return came(unlink(path));
}

static int removes_elsewhere(void)
{
	char path[128];

	in_folder(other, "removed", path);
	return came(unlink(path));
}

static int talks(int family)
{
	int fd = socket(family, SOCK_DGRAM, 0), result = came(fd);

	if (fd >= 0)
		close(fd);
	return result;
}

static int talks_inet(void)
{
	return talks(AF_INET);
}

static int talks_unix(void)
{
	return talks(AF_UNIX);
}

static int forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : came(waitpid(pid, NULL, 0));
}

static int runs_programs(void)
{
	char name[] = "/no/such/program";
	char *const argv[] = { name, NULL };

	return came(execv(name, argv));
}

static int signals(void)
{
	return came(kill(getpid(), 0));
}

static int makes_memory_run(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? errno : munmap(at, 4096);
}

static int makes_memory(void)
{
	void *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? errno : munmap(at, 1 << 20);
}

static int memory_file_made(void)
{
	int fd = memfd_create("probe", MFD_CLOEXEC), result = came(fd);

	if (fd >= 0)
		close(fd);
	return result;
}

static int accepts(void)
{
	return came(accept4(-1, NULL, NULL, 0));
}

static int binds(void)
{
	const struct sockaddr none = { .sa_family = AF_UNIX };

	return came(bind(-1, &none, sizeof none));
}

static int changes_mode(void)
{
	return came(chmod(folder, 0755));
}

static int becomes_another(void)
{
	return came(setuid(65534));
}

/* In the order of the roles: 0 done; an errno that is told; -1: refused, EPERM or EACCES; BY_LANDLOCK: by nothing else. */
static const struct {
	const char *row;
	int (*attempt)(void);
	int supervisor, logger, worker, single;
} attempts[] = {
	{ "read a file", reads, 0, -1, -1, -1 },
	{ "write a file", writes, BY_LANDLOCK, -1, -1, -1 },
	{ "write to /dev/null", writes_nowhere, 0, -1, -1, -1 },
	{ "make a file", makes, BY_LANDLOCK, -1, -1, -1 },
	{ "remove a file of its own", removes, 0, -1, -1, -1 },
	{ "remove another", removes_elsewhere, BY_LANDLOCK, -1, -1, -1 },
	{ "make an Internet socket", talks_inet, -1, -1, -1, -1 },
	{ "make a UNIX socket", talks_unix, 0, 0, -1, -1 },
	{ "bind", binds, -1, -1, -1, -1 },
	{ "accept", accepts, EBADF, -1, EBADF, -1 },
	{ "fork", forks, 0, -1, -1, -1 },
	{ "execve", runs_programs, -1, -1, -1, -1 },
	{ "kill", signals, 0, -1, -1, 0 },
	{ "memory", makes_memory, 0, 0, 0, 0 },
	{ "memory that can be run", makes_memory_run, -1, -1, -1, -1 },
	{ "a memory file", memory_file_made, 0, -1, -1, -1 },
	{ "chmod", changes_mode, -1, -1, -1, -1 },
	{ "setuid", becomes_another, -1, -1, -1, -1 },
};
enum { ATTEMPTS = sizeof attempts / sizeof *attempts };

/* What a process reports: in memory that it shares with the test. */
struct report {
	char missing[SANDBOX_WORDS];
	int came[ATTEMPTS];
	int dumpable;
	rlim_t core;
};

static void try_all(enum sandbox_role role, struct report *r)
{
	const char *removable[] = { folder };
	struct rlimit core;

	r->dumpable = -1;
	sandbox_enter(role, removable, role == SANDBOX_SUPERVISOR ? 1 : 0, r->missing);
	for (size_t i = 0; i < ATTEMPTS; i++)
		r->came[i] = attempts[i].attempt();
	if (role == SANDBOX_SUPERVISOR) {
		r->dumpable = prctl(PR_GET_DUMPABLE);
		getrlimit(RLIMIT_CORE, &core);
		r->core = core.rlim_cur;
	}
}

static struct report *play(enum sandbox_role role)
{
	struct report *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	ck_assert_ptr_ne(r, MAP_FAILED);
	for (size_t i = 0; i < ATTEMPTS; i++)
		r->came[i] = NOT_TRIED;
	put_file(folder, "removed");
	put_file(other, "removed");
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		try_all(role, r);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "nobody is ended for what it tries: %#x", status);
	return r;
}

static int wanted(size_t i, enum sandbox_role role)
{
	const int of[] = { attempts[i].supervisor, attempts[i].logger, attempts[i].worker, attempts[i].single };

	return of[role];
}

static bool all_is_there(const char *missing)
{
	return landlock ? missing[0] == '\0' : strncmp(missing, "Landlock (", 10) == 0 && !strchr(missing, ',');
}

static void role_is(enum sandbox_role role, const char *name)
{
	struct report *r;
	char row[128];

	start();
	r = play(role);
	row_ok(r->missing, all_is_there(r->missing));
	for (size_t i = 0; i < ATTEMPTS; i++) {
		int got = r->came[i] == EPERM || r->came[i] == EACCES ? -1 : r->came[i], want = wanted(i, role);

		snprintf(row, sizeof row, "%s: %s", name, attempts[i].row);
		if (want == BY_LANDLOCK && !landlock)
			printf("%s: this kernel has no Landlock\n", row);
		else
			row_int(row, got, want == BY_LANDLOCK ? -1 : want);
	}
	if (role == SANDBOX_SUPERVISOR) {
		row_int(name, r->dumpable, 0);
		row_int(name, (long long)r->core, 0);
	}
	munmap(r, sizeof *r);
	finish();
}

START_TEST(supervisor)
{
	role_is(SANDBOX_SUPERVISOR, "supervisor");
}
END_TEST

START_TEST(logger)
{
	role_is(SANDBOX_LOGGER, "logger");
}
END_TEST

START_TEST(worker)
{
	role_is(SANDBOX_WORKER, "worker");
}
END_TEST

START_TEST(single)
{
	role_is(SANDBOX_SINGLE, "single");
}
END_TEST

/* A worker is made by a supervisor: it can give up more, and gets nothing back. */
START_TEST(roles_add_up)
{
	char missing[SANDBOX_WORDS];
	int status;
	pid_t pid;

	start();
	pid = fork();
	if (pid == 0) {
		sandbox_enter(SANDBOX_SUPERVISOR, NULL, 0, missing);
		pid = fork();
		if (pid == 0) {
			sandbox_enter(SANDBOX_WORKER, NULL, 0, missing);
			_exit(all_is_there(missing) && reads() == EPERM && forks() == EPERM ? 0 : 1);
		}
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) && WEXITSTATUS(status) == 0 && reads() == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%#x", status);
	finish();
}
END_TEST

int main(void)
{
	landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 0;
	return unit_run("sandbox", UNIT_TESTS(supervisor, logger, worker, single, roles_add_up));
}
