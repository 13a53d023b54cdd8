/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_UNIT_H
#define MXONLY_UNIT_H

/*
 * unit - what every Check program needs: a main of one line, and assertions that name the row of a table
 *
 *	int main(void)
 *	{
 *		return unit_run("text", UNIT_TESTS(words, numbers));
 *	}
 *
 * Each test runs in a process of its own (CK_FORK=no in the environment: in this one, for a debugger).
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_TESTS(...) ((const TTest *const[]){ __VA_ARGS__, NULL })

enum { UNIT_SECONDS = 600 }; /* for a test that hangs: sanitizers and busy machines are slow */

static inline int unit_run(const char *name, const TTest *const *tests)
{
	Suite *suite = suite_create(name);
	TCase *group = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int bad;

	tcase_set_timeout(group, UNIT_SECONDS);
	suite_add_tcase(suite, group);
	for (size_t i = 0; tests[i]; i++)
		tcase_add_test(group, tests[i]);
	srunner_run_all(runner, CK_ENV);
	bad = srunner_ntests_failed(runner) > 0 || srunner_ntests_run(runner) == 0;
	srunner_free(runner);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* row: the text that a reader finds the row of a table by. */
#define row_ok(row, condition) ck_assert_msg(condition, "row \"%s\": %s", row, #condition)

#define row_int(row, got, want)                                                                           \
	do {                                                                                              \
		long long got_ = (long long)(got), want_ = (long long)(want);                             \
		ck_assert_msg(got_ == want_, "row \"%s\": %s is %lld, not %lld", row, #got, got_, want_); \
	} while (0)

#define row_str(row, got, want)                                                                                   \
	do {                                                                                                      \
		const char *got_ = (got), *want_ = (want);                                                        \
		ck_assert_msg(got_ &&strcmp(got_, want_) == 0, "row \"%s\": %s is \"%s\", not \"%s\"", row, #got, \
			got_ ? got_ : "(null)", want_);                                                           \
	} while (0)

/* words: a part that got must have. */
#define row_has(row, got, words)                                                                                  \
	do {                                                                                                      \
		const char *got_ = (got), *words_ = (words);                                                      \
		ck_assert_msg(got_ &&strstr(got_, words_), "row \"%s\": %s is \"%s\", without \"%s\"", row, #got, \
			got_ ? got_ : "(null)", words_);                                                          \
	} while (0)

#endif
