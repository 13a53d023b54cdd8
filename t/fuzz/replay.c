/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * replay - a fuzz target without a fuzzer: runs it over every file named, and every file of every folder named
 *
 * A path that is missing, or a folder without a file, is a failure: a test that runs nothing must not pass.
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int main(int argc, char **argv)
{
	struct err e;

	for (int i = 1; i < argc; i++) {
		struct stat s;
		bool folder = stat(argv[i], &s) == 0 && S_ISDIR(s.st_mode);
		if ((folder ? replay_folder(argv[i], &e) : replay_file(argv[i], &e)) < 0) {
			fprintf(stderr, "%s\n", e.text);
			return EXIT_FAILURE;
		}
	}
	printf("%zu inputs\n", inputs);
	return inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
