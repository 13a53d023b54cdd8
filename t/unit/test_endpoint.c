/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/endpoint.h"
#include "unit.h"

START_TEST(good)
{
	static const struct {
		const char *text;
		bool local;
		const char *path, *host, *port;
	} rows[] = {
		{ "unix:/run/mxonly/policy", true, "/run/mxonly/policy", "", "" },
		{ "unix:here", true, "here", "", "" },
		{ "unix:/a:b", true, "/a:b", "", "" },
		{ "inet:127.0.0.1:10040", false, "", "127.0.0.1", "10040" },
		{ "inet:[::1]:10040", false, "", "::1", "10040" },
		{ "inet:localhost:1", false, "", "localhost", "1" },
		{ "inet:mx.example.org:65535", false, "", "mx.example.org", "65535" },
	};
	struct endpoint p;
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		row_int(rows[i].text, endpoint_read(&p, text_of(rows[i].text), &e), 0);
		row_int(rows[i].text, p.local, rows[i].local);
		row_str(rows[i].text, p.path, rows[i].path);
		row_str(rows[i].text, p.host, rows[i].host);
		row_str(rows[i].text, p.port, rows[i].port);
	}
}
END_TEST

START_TEST(bad)
{
	static const struct {
		const char *text, *words; /* a part of the error */
	} rows[] = {
		{ "", "endpoint" },
		{ "/run/mxonly/policy", "unix:/run/mxonly/policy" },
		{ "127.0.0.1:10040", "inet:127.0.0.1:10040" },
		{ "unix:", "path" },
		{ "unix:/"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaa",
			"107" },
		{ "inet:10040", "host" },
		{ "inet:localhost", "port" },
		{ "inet:localhost:", "port" },
		{ "inet:localhost:0", "port" },
		{ "inet:localhost:65536", "port" },
		{ "inet:localhost:smtp", "port" },
		{ "inet:::1:10040", "brackets" },
		{ "inet:[::1]", "`inet:[::1]` has no port: `inet:[::1]:10040` meant?" },
	};
	struct endpoint p;
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		row_int(rows[i].text, endpoint_read(&p, text_of(rows[i].text), &e), -1);
		row_has(rows[i].text, e.text, rows[i].words);
	}
}
END_TEST

/* The longest path that is allowed is one that works. */
START_TEST(connects)
{
	char folder[] = "/tmp/mxonly-endpoint-XXXXXX", name[200];
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t n;
	struct err e;
	int fd, server;

	ck_assert(mkdtemp(folder) != NULL);
	n = (size_t)snprintf(name, sizeof name, "unix:%s/", folder);
	while (n < 5 + sizeof at.sun_path - 1)
		name[n++] = 's';
	name[n] = '\0';
	strcpy(at.sun_path, name + 5);

	ck_assert_int_eq(endpoint_connect(text_of(name), &e), -1);
	row_has("no socket", e.text, "no server is there");
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(server, (const struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(endpoint_connect(text_of(name), &e), -1);
	row_has("a stale socket", e.text, "no server is there");
	ck_assert_int_eq(listen(server, 5), 0);
	fd = endpoint_connect(text_of(name), &e);
	ck_assert_int_ge(fd, 0);
	close(fd);
	close(server);
	unlink(at.sun_path);
	rmdir(folder);
}
END_TEST

int main(void)
{
	return unit_run("endpoint", UNIT_TESTS(good, bad, connects));
}
