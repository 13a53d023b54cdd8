/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_EXPORT_H
#define MXONLY_EXPORT_H

/*
 * export - the same rules for another system: what a target is, and what it writes
 *
 * A target is a row (struct target) in a file of its own, target_NAME.c, and a line in targets.c. Its write function
 * adds files and warnings; the header of each file is put before it here, when all warnings are known.
 *
 * Life:      export_make -> files are written, tried (trial.h) -> export_free; the plan must stay
 * Memory:    owns files and notes
 * Errors:    export_make returns -1 where the target cannot say safely what the configuration says: why, and what can
 * Tested by: t/unit/test_export.c, t/live/export_*.t
 */

#include "export/plan.h"
#include "export/quote.h"
#include "export/ranges.h"

struct export_job;

enum target_flag {
	TARGET_WHOLE_SERVER = 1, /* decides before a recipient is known: refused where domains differ */
	TARGET_RANGES = 2, /* knows relays by their addresses alone */
	TARGET_LIST = 8, /* tells ranges and refuses nobody by them: needs one, and may lack a relay's */
	TARGET_FOLDER = 4 /* several files, and README.mxonly with the whole header */
};

/*
 * load, undo, check: lines of the header, without its comment signs. Variables: ${output} (the file or folder),
 * ${relay4} ${relay6} ${foreign4} ${foreign6} (plan.h). A line with a variable that has no value is left out.
 */
struct target {
	const char *name, *help; /* help: what it writes, on one line */
	unsigned flags;
	const char *file; /* what ${output} is without -o: the name of its only file, or a folder's */
	const char *what; /* lines at the top of the header: what it does, what it leaves alone, what it cannot do */
	const char *load, *undo, *check;
	int (*write)(struct export_job *x, struct err *e);
	const char *const *programs; /* that its trial needs, ending with NULL; NULL: none */
	const char *trial; /* trial.h; NULL: nothing can try it on this machine */
};

/* In the order of `mxonly export --list`; ends with NULL (targets.c). */
extern const struct target *const targets[];

/* NULL: there is none of this name. */
const struct target *target_find(const char *name);

/* How a file says what is no rule. */
struct comment {
	const char *first; /* before everything: "#!/bin/sh\n" */
	const char *open, *line, *close; /* around the header, and before each of its lines */
	bool brief; /* the header names its source and says that README.mxonly has the rest */
	bool no_dashes; /* "--" must not stand in a comment (XML): it becomes "- -" */
};

extern const struct comment comment_hash; /* # */
extern const struct comment comment_hash_brief; /* the same, brief */
extern const struct comment comment_shell; /* the same below #!/bin/sh */
extern const struct comment comment_text; /* the file is text for people: no signs */
extern const struct comment comment_xml; /* below the XML declaration, brief */

struct export_file {
	char *name; /* may have folders in it: "ipsets/mxonly4.xml" */
	const struct comment *comment; /* NULL: no header */
	struct buf text;
};

/* A line of the header: what was left out, what the target cannot do, and why. */
struct export_note {
	bool warning; /* printed as well */
	char *words;
};

/* One run of a target. */
struct export_job {
	const struct plan *plan;
	const struct target *target;
	const char *output; /* -o; NULL: standard output */
	struct export_file **files;
	size_t file_count;
	struct export_note *notes;
	size_t note_count;
};

/* output: -o or NULL. force: --force. On failure x is empty. */
int export_make(struct export_job *x, const struct target *t, const struct plan *p, const char *output, bool force,
	struct err *e);
void export_free(struct export_job *x);

/* For write functions: the text of a new file, empty. It stays where it is. */
struct buf *export_file(struct export_job *x, const char *name, const struct comment *comment);

/* For write functions: a line of the header, without a newline. */
void export_note(struct export_job *x, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, and `mxonly export` prints it on standard error: something is not as the configuration says. */
void export_warn(struct export_job *x, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Warns of each range that the target cannot express. */
void export_leave_out(struct export_job *x, const struct range_list *l, const char *why);

#endif
