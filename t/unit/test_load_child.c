/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that reads a configuration: what it lets go of, how it ends, what is said of it. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "load_folder.h"
#include "policy/load.h"
#include "unit.h"

/* A configuration that its reader waits for: a pipe that nobody writes to. */
static const char *endless(void)
{
	const char *path = path_of("endless.ini");

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	return path;
}

/* The pipe's other end, once the reader has its own: from then on it waits for bytes. */
static int held(void)
{
	int writer = open(path_of("endless.ini"), O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(writer, 0);
	return writer;
}

START_TEST(a_killed_reader_is_a_fault)
{
	struct faults f = { 0 };
	struct loading l;
	struct err e;
	const char *path;

	start();
	path = endless();
	ck_assert_int_eq(load_start(&l, path, 60, &e), 0);
	kill(l.child, SIGKILL);
	ck_assert_int_eq(load_finish(&l, path, &f), -1);
	row_has("kill", only_fault(&f),
		"endless.ini: the process that read it was ended by signal 9 (Killed): out of memory?");
	faults_free(&f);
	no_child_is_left();
	finish();
}
END_TEST

START_TEST(what_a_reader_says_at_its_end_is_told)
{
	struct faults f = { 0 };
	struct loading l;
	struct err e;
	const char *path;

	start();
	path = endless();
	ck_assert_int_eq(load_start(&l, path, 60, &e), 0);
	ck_assert_int_eq(pwrite(l.said, "out of memory\n", 14, 0), 14);
	kill(l.child, SIGTERM);
	ck_assert_int_eq(load_finish(&l, path, &f), -1);
	row_has("term", only_fault(&f), "signal 15 (Terminated): out of memory");
	faults_free(&f);
	finish();
}
END_TEST

/* libev's loop reaps every child that it hears of. */
START_TEST(a_child_that_was_reaped_by_others)
{
	struct faults f = { 0 };
	struct loading l;
	struct err e;
	const char *path;

	start();
	path = ini_with("a.ini", load_good);
	ck_assert_int_eq(load_start(&l, path, 60, &e), 0);
	ck_assert_int_eq(waitpid(l.child, NULL, 0), l.child);
	is_served(load_finish(&l, path, &f));
	ck_assert_uint_eq(f.errors, 0);

	path = endless();
	ck_assert_int_eq(load_start(&l, path, 60, &e), 0);
	kill(l.child, SIGKILL);
	ck_assert_int_eq(waitpid(l.child, NULL, 0), l.child);
	ck_assert_int_eq(load_finish(&l, path, &f), -1);
	row_has("ended", only_fault(&f), "endless.ini: the process that read it ended without a result");
	faults_free(&f);
	finish();
}
END_TEST

START_TEST(a_lack_of_memory_is_a_fault)
{
	struct rlimit none;
	struct faults f = { 0 };
	struct loading l;
	struct err e;
	const char *path;

	start();
	path = ini_with("large.ini", "");
	ck_assert_int_eq(truncate(path, 256 << 20), 0);
	getrlimit(RLIMIT_DATA, &none);
	none.rlim_cur = 4096;
	setrlimit(RLIMIT_DATA, &none); /* nothing more than what this process has already */
	ck_assert_int_eq(load_start(&l, path, 60, &e), 0);
	none.rlim_cur = none.rlim_max;
	setrlimit(RLIMIT_DATA, &none);
	ck_assert_int_eq(load_finish(&l, path, &f), -1);
	/* "out of memory", or AddressSanitizer's words, which has malloc(3) in its hands. */
	ck_assert_msg(strstr(only_fault(&f), "memory") || strstr(only_fault(&f), "mmap"), "%s", only_fault(&f));
	faults_free(&f);
	finish();
}
END_TEST

/* As on a file system that hangs. */
START_TEST(a_reader_that_takes_too_long_is_ended)
{
	struct faults f = { 0 };
	struct loading l;
	struct err e;
	const char *path;

	start();
	path = endless();
	ck_assert_int_eq(load_start(&l, path, 1, &e), 0);
	ck_assert_int_eq(load_finish(&l, path, &f), -1);
	row_has("alarm", only_fault(&f),
		"endless.ini: reading it took too long: is it, or a file that it names, where nothing");
	faults_free(&f);
	no_child_is_left();
	finish();
}
END_TEST

START_TEST(loading_is_given_up)
{
	struct loading l;
	struct err e;

	start();
	ck_assert_int_eq(load_start(&l, endless(), 60, &e), 0);
	load_cancel(&l);
	ck_assert_int_eq(kill(l.child, 0), -1);
	no_child_is_left();
	finish();
}
END_TEST

/* A listening socket or a client's connection must not stay open because somebody reads a configuration. */
START_TEST(the_child_lets_go_of_descriptors)
{
	struct loading l;
	struct err e;
	int ends[2];
	char c;

	start();
	ck_assert_int_eq(pipe(ends), 0);
	int kept_stdin = dup(STDIN_FILENO);
	ck_assert_int_eq(dup2(ends[1], STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(load_start(&l, endless(), 60, &e), 0);
	dup2(kept_stdin, STDIN_FILENO);
	close(ends[1]);
	int writer = held();
	/* The end of the pipe is seen as soon as the child, which goes on, has let go of it. */
	ck_assert_int_eq(read(ends[0], &c, 1), 0);
	ck_assert_int_eq(waitpid(l.child, NULL, WNOHANG), 0);
	close(ends[0]);
	close(writer);
	load_cancel(&l);
	finish();
}
END_TEST

START_TEST(blocked_signals_and_handlers_are_not_inherited)
{
	struct faults f = { 0 };
	struct loading l;
	struct err e;
	sigset_t all;

	start();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGTERM, SIG_IGN);
	ck_assert_int_eq(load_start(&l, endless(), 60, &e), 0);
	int writer = held();
	kill(l.child, SIGTERM);
	ck_assert_int_eq(load_finish(&l, "x.ini", &f), -1);
	row_has("term", only_fault(&f), "signal 15");
	close(writer);
	faults_free(&f);
	finish();
}
END_TEST

/* The one that asks is gone: nobody wants to know any more. */
START_TEST(the_child_ends_with_its_parent)
{
	const char *path;
	int ends[2], status;
	pid_t child;

	start();
	path = endless();
	/* a writer that stays: without it the file would end with the one that asks, and the child by itself */
	int writer = open(path, O_RDWR);
	ck_assert_int_ge(writer, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ck_assert_int_eq(pipe(ends), 0);
	pid_t parent = fork();
	if (parent == 0) {
		struct loading l;
		struct err e;
		if (load_start(&l, path, 60, &e) < 0)
			_exit(1);
		_exit(write(ends[1], &l.child, sizeof l.child) != sizeof l.child);
	}
	ck_assert_int_eq(read(ends[0], &child, sizeof child), sizeof child);
	ck_assert_int_eq(waitpid(parent, &status, 0), parent);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	/* killed, or it saw that it came too late */
	ck_assert((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
		  (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE));
	close(writer);
	finish();
}
END_TEST

int main(void)
{
	return unit_run("load_child",
		UNIT_TESTS(a_killed_reader_is_a_fault, what_a_reader_says_at_its_end_is_told,
			a_child_that_was_reaped_by_others, a_lack_of_memory_is_a_fault,
			a_reader_that_takes_too_long_is_ended, loading_is_given_up, the_child_lets_go_of_descriptors,
			blocked_signals_and_handlers_are_not_inherited, the_child_ends_with_its_parent));
}
