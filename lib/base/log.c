/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/escape.h"

static void to_stderr(void *context, enum log_level level, const char *line);

/* What a process writes to, set once. */
static struct {
	log_sink *sink;
	void *context;
	bool json;
} out = { .sink = to_stderr };

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = { "error", "warning", "info" };

	return names[level];
}

/* "mxonly: warning: words"; a line that is JSON stays JSON. */
static void to_stderr(void *context, enum log_level level, const char *line)
{
	char words[LOG_LINE + 256];
	struct line l;

	(void)context;
	line_start(&l, words, sizeof words - 1);
	if (!out.json)
		line_format(&l, "%s: ", program_invocation_short_name);
	if (!out.json && level != LOG_LEVEL_INFO)
		line_format(&l, "%s: ", log_level_name(level));
	line_text(&l, text_cut(line, strnlen(line, LOG_LINE)));
	words[l.len++] = '\n';
	if (write(STDERR_FILENO, words, l.len) < 0)
		return; /* nobody is left to tell */
}

void log_to(log_sink *sink, void *context)
{
	out.sink = sink ? sink : to_stderr;
	out.context = context;
}

void log_json(bool json)
{
	out.json = json;
}

void log_line(enum log_level level, const char *line)
{
	out.sink(out.context, level, line);
}

/* The closing brace is set aside first, so that a message that was cut still is an object. */
static void log_object(enum log_level level, const char *words)
{
	char object[LOG_LINE];
	struct line l;

	line_start(&l, object, sizeof object - 1);
	line_format(&l, "{\"level\":\"%s\",\"message\":", log_level_name(level));
	line_json(&l, text_of(words));
	object[l.len] = '}';
	object[l.len + 1] = '\0';
	log_line(level, object);
}

static void log_words(enum log_level level, const char *format, va_list args)
{
	char words[LOG_LINE];

	vsnprintf(words, sizeof words, format, args);
	for (char *c = words; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	if (out.json)
		log_object(level, words);
	else
		log_line(level, words);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_words(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_words(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_words(LOG_LEVEL_INFO, format, args);
	va_end(args);
}
