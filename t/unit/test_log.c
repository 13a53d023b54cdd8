/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "unit.h"

static char last[LOG_LINE];
static enum log_level last_level;

static void keep(void *context, enum log_level level, const char *line)
{
	++*(int *)context;
	last_level = level;
	ck_assert(strlen(line) < sizeof last);
	strcpy(last, line);
}

START_TEST(levels)
{
	int lines = 0;

	log_to(keep, &lines);
	log_warning("relay %s: %d", "filter", 7);
	ck_assert_str_eq(last, "relay filter: 7");
	ck_assert_int_eq(last_level, LOG_LEVEL_WARNING);
	log_error("a\nb\x1b");
	ck_assert_str_eq(last, "a b ");
	ck_assert_int_eq(last_level, LOG_LEVEL_ERROR);
	log_info("x");
	ck_assert_int_eq(last_level, LOG_LEVEL_INFO);
	ck_assert_int_eq(lines, 3);
	ck_assert_str_eq(log_level_name(LOG_LEVEL_ERROR), "error");
	ck_assert_str_eq(log_level_name(LOG_LEVEL_WARNING), "warning");
	ck_assert_str_eq(log_level_name(LOG_LEVEL_INFO), "info");
}
END_TEST

START_TEST(json)
{
	int lines = 0;

	log_to(keep, &lines);
	log_json(true);
	log_warning("say \"%s\"", "\xc3\xbc");
	ck_assert_str_eq(last, "{\"level\":\"warning\",\"message\":\"say \\\"\\\\xc3\\\\xbc\\\"\"}");
	log_line(LOG_LEVEL_INFO, "{\"outcome\":\"permit\"}");
	ck_assert_str_eq(last, "{\"outcome\":\"permit\"}");
	log_json(false);
	log_info("x");
	ck_assert_str_eq(last, "x");
}
END_TEST

START_TEST(long_words)
{
	char *words = malloc(2 * LOG_LINE);
	int lines = 0;

	memset(words, '"', 2 * LOG_LINE - 1);
	words[2 * LOG_LINE - 1] = '\0';
	log_to(keep, &lines);
	log_info("%s", words);
	ck_assert_uint_eq(strlen(last), LOG_LINE - 1);
	log_json(true);
	log_info("%s", words);
	ck_assert(strlen(last) > LOG_LINE - 8);
	ck_assert_str_eq(last + strlen(last) - 4, "\\\"\"}");
	free(words);
}
END_TEST

/* What the default sink writes. */
START_TEST(standard_error)
{
	int fd = memfd_create("stderr", 0), old = dup(STDERR_FILENO);
	char got[200] = "";

	program_invocation_short_name = (char[]){ "mxonly" };
	ck_assert(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	log_to(NULL, NULL);
	log_error("one");
	log_warning("two");
	log_info("three");
	log_json(true);
	log_info("four");
	dup2(old, STDERR_FILENO);
	ck_assert(pread(fd, got, sizeof got - 1, 0) > 0);
	ck_assert_str_eq(got, "mxonly: error: one\nmxonly: warning: two\nmxonly: three\n"
			      "{\"level\":\"info\",\"message\":\"four\"}\n");
	close(fd);
	close(old);
}
END_TEST

int main(void)
{
	return unit_run("log", UNIT_TESTS(levels, json, long_words, standard_error));
}
