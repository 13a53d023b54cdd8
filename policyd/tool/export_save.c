/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly export: what a target wrote, on standard output, in a file or in a folder. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/replace.h"
#include "tool/export.h"

/* The header of every file that a target writes has it. */
static const char mark[] = "mxonly export";

/* No line of a target's is this one. */
#define END "END-OF-FILE-BY-MXONLY"

/* The folders within the name of a file. */
static void print_folders(const char *name, FILE *to)
{
	const char *slash = strrchr(name, '/');

	if (slash)
		fprintf(to, "mkdir -p '%.*s'\n", (int)(slash - name), name);
}

static void print_script(const struct export_job *x, FILE *to)
{
	fprintf(to,
		"#!/bin/sh -e\n"
		"# Writes these files into the folder that it is started in; or write them with: mxonly export %s -o "
		"FOLDER\n",
		x->target->name);
	for (size_t i = 0; i < x->file_count; i++) {
		const struct export_file *f = x->files[i];
		fputs("\n", to);
		print_folders(f->name, to);
		fprintf(to, "cat >'%s' <<'" END "'\n", f->name);
		fwrite(f->text.at, 1, f->text.len, to);
		fputs(END "\n", to);
	}
}

void export_print(const struct export_job *x, FILE *to)
{
	if (x->target->flags & TARGET_FOLDER)
		print_script(x, to);
	else
		fwrite(x->files[0]->text.at, 1, x->files[0]->text.len, to);
}

static int make_folder(const char *path, struct err *e)
{
	struct stat s;

	if (mkdir(path, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, "%s: %s", path, strerror(errno));
	if (stat(path, &s) == 0 && S_ISDIR(s.st_mode))
		return 0;
	return err_set(e, "%s is no folder: this target writes several files", path);
}

/* The path of a file in the folder; its own folders are made. */
static int path_in(struct buf *path, const char *folder, const char *name, struct err *e)
{
	path->len = 0;
	buf_format(path, "%s/", folder);
	for (const char *slash; (slash = strchr(name, '/')) != NULL; name = slash + 1) {
		buf_add(path, name, (size_t)(slash - name));
		*buf_room(path, 0) = '\0';
		if (make_folder(path->at, e) < 0)
			return -1;
		buf_str(path, "/");
	}
	buf_str(path, name);
	return 0;
}

/* The folder, and those above it. */
static int make_folders(const char *path, struct err *e)
{
	struct buf above = { 0 };
	int result = 0;

	for (const char *at = path; result == 0 && (at = strchr(at, '/')) != NULL; at++) {
		if (at == path)
			continue;
		above.len = 0;
		buf_add(&above, path, (size_t)(at - path));
		*buf_room(&above, 1) = '\0';
		result = make_folder(above.at, e);
	}
	buf_free(&above);
	return result == 0 ? make_folder(path, e) : -1;
}

static int save_folder(const struct export_job *x, const char *config, struct err *e)
{
	struct buf path = { 0 };
	int result = make_folders(x->output, e);

	/* None is written before all may be. */
	for (size_t i = 0; result == 0 && i < x->file_count; i++) {
		result = path_in(&path, x->output, x->files[i]->name, e);
		if (result == 0)
			result = replace_check(path.at, config, mark, e);
	}
	for (size_t i = 0; result == 0 && i < x->file_count; i++) {
		const struct export_file *f = x->files[i];
		result = path_in(&path, x->output, f->name, e);
		if (result == 0)
			result = replace_file(path.at, f->text.at, f->text.len, e);
	}
	buf_free(&path);
	return result;
}

int export_save(const struct export_job *x, const char *config, struct err *e)
{
	const struct export_file *f = x->files[0];

	if (x->target->flags & TARGET_FOLDER)
		return save_folder(x, config, e);
	if (replace_check(x->output, config, mark, e) < 0)
		return -1;
	return replace_file(x->output, f->text.at, f->text.len, e);
}
