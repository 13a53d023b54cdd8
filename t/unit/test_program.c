/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/program.h"
#include "unit.h"

static struct buf output, errors;
static struct err e;

static int run(const char *const *argv, struct text input)
{
	output.len = errors.len = 0;
	e.text[0] = '\0';
	return program_run(argv, input, &output, &errors, &e);
}

START_TEST(what_it_prints)
{
	static const char *const both[] = { "sh", "-c", "cat; echo wrong >&2; exit 3", NULL };

	row_int("status", run(both, text_of("in\nput")), 3);
	row_ok("output", text_is(text_cut(output.at, output.len), "in\nput"));
	row_ok("errors", text_is(text_cut(errors.at, errors.len), "wrong\n"));
}
END_TEST

START_TEST(megabytes)
{
	static const char *const much[] = { "sh", "-c", "yes 0123456789 | head -n 100000; yes x | head -n 100000 >&2",
		NULL };
	static const char *const deaf[] = { "true", NULL };
	static char input[1 << 20];

	row_int("status", run(much, text_of("")), 0);
	row_int("output", output.len, 1100000);
	row_int("errors", errors.len, 200000);
	memset(input, 'x', sizeof input);
	row_int("who reads nothing", run(deaf, text_cut(input, sizeof input)), 0);
}
END_TEST

START_TEST(failures)
{
	static const char *const none[] = { "/no/such/program", NULL }, *const nowhere[] = { "no-such-program", NULL };
	static const char *const killed[] = { "sh", "-c", "kill -9 $$", NULL };
	static const char *const late[] = { "sleep", "60", NULL };
	static const char *const shell[] = { "echo", "$HOME", "; ls", NULL };

	row_int("none", run(none, text_of("")), -1);
	row_has("none", e.text, "/no/such/program: No such file or directory");
	row_int("nowhere", run(nowhere, text_of("")), -1);
	row_int("killed", run(killed, text_of("")), -1);
	row_has("killed", e.text, "killed by signal 9");
	output.len = errors.len = 0;
	row_int("late", program_run_for(1, late, text_of(""), &output, &errors, &e), -1);
	row_has("late", e.text, "not done after 1 seconds");
	row_int("no shell", run(shell, text_of("")), 0);
	row_ok("no shell", text_is(text_cut(output.at, output.len), "$HOME ; ls\n"));
}
END_TEST

int main(void)
{
	return unit_run("program", UNIT_TESTS(what_it_prints, megabytes, failures));
}
