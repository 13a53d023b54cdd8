/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * replay - a fuzz target without a fuzzer: runs it over every file named, and every file of every folder named
 *
 * A path that is missing, or a folder without a file, is a failure: a test that runs nothing must not pass. FUZZ_SECONDS in the
 * environment: then it runs inputs made of them for so long; FUZZ_SEED: others than those of 1.
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "mutate.h"

static size_t inputs;

/* The bytes are copied to their exact size, so that a read behind the last one is seen. */
static int replay_file(const char *path, struct err *e)
{
	struct buf b = { 0 };
	uint8_t *exact;

	if (file_read(path, &b, NULL, e) < 0) {
		buf_free(&b);
		return -1;
	}
	exact = must_alloc(b.len);
	if (b.len > 0)
		memcpy(exact, b.at, b.len);
	LLVMFuzzerTestOneInput(exact, b.len);
	mutate_keep(exact, b.len);
	inputs++;
	free(exact);
	buf_free(&b);
	return 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_folder(const char *path, struct err *e)
{
	size_t before = inputs;
	struct dirent **list;
	int n = scandir(path, &list, is_visible, alphasort), result = 0;

	if (n < 0)
		return err_set(e, "%s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct buf file = { 0 };
		buf_format(&file, "%s/%s", path, list[i]->d_name);
		if (result == 0)
			result = replay_file(file.at, e);
		buf_free(&file);
		free(list[i]);
	}
	free(list);
	if (result == 0 && inputs == before)
		return err_set(e, "%s: holds no input", path);
	return result;
}

/* What the environment says, or fallback. */
static double number(const char *name, double fallback)
{
	const char *words = getenv(name);

	return words ? strtod(words, NULL) : fallback;
}

int main(int argc, char **argv)
{
	double seconds = number("FUZZ_SECONDS", 0);
	long made = 0;
	struct err e;

	for (int i = 1; i < argc; i++) {
		struct stat s;
		bool folder = stat(argv[i], &s) == 0 && S_ISDIR(s.st_mode);
		if ((folder ? replay_folder(argv[i], &e) : replay_file(argv[i], &e)) < 0) {
			fprintf(stderr, "%s\n", e.text);
			return EXIT_FAILURE;
		}
	}
	if (inputs > 0 && seconds > 0)
		made = mutate_run(seconds, (uint64_t)number("FUZZ_SEED", 1));
	printf("%zu inputs, %ld made of them\n", inputs, made);
	return inputs > 0 && made >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
