/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * mxonly ctl: a word to the supervisor's control socket, its answer to whoever asked. The answer is a line with the exit
 * status, then text up to the end of the stream; server/control.h is the other side.
 */

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "server/endpoint.h"
#include "tool/tool.h"

#define CONTROL "unix:/run/mxonly/control"

enum { BLOCK = 65536 };

static const char command[] = "mxonly ctl";

/* patience: seconds of silence after which there will be no answer; a reload compiles, and waits for every worker. */
static const struct word {
	const char *name;
	time_t patience;
} words[] = { { "status", 10 }, { "reload", 1800 }, { "stats", 10 } };

static const struct word health = { "health", 10 }; /* status --check */

enum { WORDS = sizeof words / sizeof *words };

static int help(void)
{
	puts("mxonly ctl [-s ENDPOINT] status [--check] | reload | stats\n"
	     "\n"
	     "  mxonly ctl reload   take the changed configuration over, once it is checked\n"
	     "\n"
	     "  status  version, generation, age, workers, configuration of the running server\n"
	     "  reload  reads the configuration anew, waits until every worker serves it; when\n"
	     "          it is faulty, says why, and the server goes on with the one it has\n"
	     "  stats   the counters, as Prometheus reads them\n"
	     "\n"
	     "Options:\n"
	     "  --check      with status: says only what is not well; exit status 0 when\n"
	     "               nothing is, else 1\n"
	     "  -s ENDPOINT  the control socket, as [policyd] control names it\n"
	     "               (default " CONTROL ")\n"
	     "  -h, --help   this help\n"
	     "\n"
	     "Exit status: 0 done, 1 the server is not there, does not answer or may not be\n"
	     "asked, 2 wrong usage or a refused configuration.");
	return EXIT_YES;
}

/* What errno means here, and what to do about it. */
static int cannot_ask(struct err *e, const char *endpoint)
{
	int why = errno;

	err_set(e, "%s: %s", endpoint, strerror(why));
	if (why == ENOENT || why == ENOTDIR)
		return err_set(e,
			"%s: there is no such socket: is mxonlyd running, and does [policyd] control name this one? "
			"(mxonlyd makes it when its folder is there and writable at the start)",
			endpoint);
	if (why == ECONNREFUSED)
		return err_set(e, "%s: nobody listens there: mxonlyd is not running", endpoint);
	if (why == EACCES || why == EPERM)
		return err_set(
			e, "%s: %s: only root and the user whom mxonlyd runs as may ask", endpoint, strerror(why));
	if (why == EAGAIN || why == EWOULDBLOCK || why == EINPROGRESS)
		return err_set(e, "%s: mxonlyd is there, but does not answer in time", endpoint);
	return -1;
}

static int connect_to(const char *endpoint, const struct endpoint *p, time_t patience, struct err *e)
{
	const struct timeval limit = { .tv_sec = patience };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	memcpy(to.sun_path, p->path, sizeof to.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, "socket: %s", strerror(errno));
	/* Both hold for connect(2) as well. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	cannot_ask(e, endpoint);
	close(fd);
	return -1;
}

/* A server that has no time for us may answer and close without reading: then only the answer matters. */
static int exchange(int fd, const struct word *word, struct buf *answer, const char *endpoint, struct err *e)
{
	char line[16];
	int length = snprintf(line, sizeof line, "%s\n", word->name);
	ssize_t n = send(fd, line, (size_t)length, MSG_NOSIGNAL);

	if (n < 0 && errno != EPIPE && errno != ECONNRESET)
		return cannot_ask(e, endpoint);
	while ((n = recv(fd, buf_room(answer, BLOCK), BLOCK, 0)) != 0) {
		if (n > 0)
			answer->len += (size_t)n;
		else if (errno == ECONNRESET && answer->len > 0)
			break;
		else if (errno != EINTR)
			return cannot_ask(e, endpoint);
	}
	return 0;
}

/* The status of the first line, which is cut off; -1 when there is none. */
static int take_status(struct text *answer)
{
	if (answer->len < 2 || answer->at[0] < '0' || answer->at[0] > '2' || answer->at[1] != '\n')
		return -1;
	int status = answer->at[0] - '0';
	*answer = text_cut(answer->at + 2, answer->len - 2);
	return status;
}

/* Whatever socket it was that answered, the terminal stays unharmed. */
static void put_text(struct text t, FILE *to)
{
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];
		bool harmless = (c >= ' ' && c != 0x7f) || c == '\n' || c == '\t';
		putc(harmless ? c : '?', to);
	}
	if (t.len > 0 && t.at[t.len - 1] != '\n')
		putc('\n', to);
}

static int ask(const char *endpoint, const struct word *word)
{
	struct buf bytes = { 0 };
	struct endpoint p;
	struct err e;
	int fd, status = EXIT_NO;

	if (endpoint_read(&p, text_of(endpoint), &e) < 0)
		return wrong_usage(command, "-s: %s", e.text);
	if (!p.local)
		return wrong_usage(command, "-s %s: the control socket is a UNIX socket: unix:/path", endpoint);
	fd = connect_to(endpoint, &p, word->patience, &e);
	if (fd < 0 || exchange(fd, word, &bytes, endpoint, &e) < 0) {
		wrong(command, "%s", e.text);
		goto out;
	}
	struct text answer = text_cut(bytes.at, bytes.len);
	status = take_status(&answer);
	if (status < 0) {
		wrong(command, "%s: %s: is this the control socket of mxonlyd?", endpoint,
			bytes.len == 0 ? "closed without an answer" : "the answer is no server's of ours");
		status = EXIT_NO;
	} else {
		put_text(answer, status == EXIT_YES ? stdout : stderr);
	}
out:
	if (fd >= 0)
		close(fd);
	buf_free(&bytes);
	return status;
}

static const struct word *find_word(const char *name)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *names[WORDS], *nearest;

	for (size_t i = 0; i < WORDS; i++)
		names[i] = words[i].name;
	nearest = text_nearest(text_of(name), names, WORDS);
	if (nearest)
		return wrong_usage(command, "unknown command `%s`: did you mean `%s`?", name, nearest);
	return wrong_usage(command, "unknown command `%s`: give status, reload or stats", name);
}

int ctl_main(int argc, char **argv)
{
	static const struct option options[] = { { "check", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	const char *endpoint = CONTROL;
	const struct word *word;
	bool check = false;
	int option;

	while ((option = getopt_long(argc, argv, "s:h", options, NULL)) != -1) {
		if (option == 'h')
			return help();
		if (option == 'C')
			check = true;
		else if (option == 's')
			endpoint = optarg;
		else
			return wrong_usage(command, "see which options there are");
	}
	if (optind == argc)
		return wrong_usage(command, "what is the server to do? Give status, reload or stats");
	if (optind + 1 < argc)
		return wrong_usage(command, "unexpected `%s`: one command at a time", argv[optind + 1]);
	word = find_word(argv[optind]);
	if (!word)
		return unknown(argv[optind]);
	if (check && word != &words[0])
		return wrong_usage(command, "--check goes with status");
	return ask(endpoint, check ? &health : word);
}
