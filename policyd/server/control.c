/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/control.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const double PAUSE = 0.5; /* seconds before accepting is tried again, without descriptors or memory */

static unsigned number_of(const struct control_client *client)
{
	return (unsigned)(client - client->control->client);
}

static struct control_client *free_client(struct control *c)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].phase == CLIENT_FREE)
			return &c->client[i];
	return NULL;
}

/* The end reaches the client even while a process that was forked meanwhile still holds a copy of the descriptor. */
static void close_client(int fd)
{
	char rest[4096];

	shutdown(fd, SHUT_WR);
	/* What nobody has read would reset the connection, and our last words with it. */
	for (int i = 0; i < 16 && recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
		continue;
	close(fd);
}

static void release(struct control_client *client)
{
	struct control *c = client->control;

	ev_io_stop(c->loop, &client->io);
	ev_timer_stop(c->loop, &client->late);
	if (client->text != NULL)
		fclose(client->text);
	free(client->answer);
	close_client(client->io.fd);
	*client = (struct control_client){ .phase = CLIENT_FREE };
	if (c->io.fd >= 0)
		ev_io_start(c->loop, &c->io);
}

static void set_patience(struct control_client *client)
{
	struct ev_loop *loop = client->control->loop;

	ev_timer_stop(loop, &client->late);
	ev_timer_set(&client->late, CONTROL_PATIENCE, 0);
	ev_timer_start(loop, &client->late);
}

/* events 0: nothing. */
static void watch(struct control_client *client, int events)
{
	ev_io_stop(client->control->loop, &client->io);
	ev_io_set(&client->io, client->io.fd, events);
	if (events != 0)
		ev_io_start(client->control->loop, &client->io);
}

/* false: it has been released. */
static bool send_answer(struct control_client *client)
{
	ssize_t n;

	while (client->sent < client->len) {
		n = send(client->io.fd, client->answer + client->sent, client->len - client->sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n < 0 && errno != EINTR)
			break;
		client->sent += n > 0 ? (size_t)n : 0;
	}
	release(client);
	return false;
}

FILE *control_text(struct control *c, unsigned client)
{
	struct control_client *to = &c->client[client];

	if (to->text == NULL) {
		to->text = open_memstream(&to->answer, &to->len);
		if (to->text != NULL)
			fputs("?\n", to->text); /* the status comes when it is known */
	}
	return to->text;
}

void control_answer(struct control *c, unsigned client, int status)
{
	struct control_client *to = &c->client[client];
	FILE *text = control_text(c, client);
	bool whole = text != NULL && ferror(text) == 0;

	to->text = NULL;
	if (text == NULL || fclose(text) != 0 || !whole) {
		release(to); /* closed without an answer: mxonly(1) says that */
		return;
	}
	to->answer[0] = (char)('0' + status);
	to->phase = CLIENT_READS;
	set_patience(to);
	if (send_answer(to))
		watch(to, EV_WRITE);
}

static void ask(struct control_client *client, enum control_word word)
{
	struct control *c = client->control;
	unsigned n = number_of(client);

	client->phase = CLIENT_WAITS;
	ev_timer_stop(c->loop, &client->late);
	if (word != CONTROL_UNKNOWN) {
		c->asked(c->context, n, word);
		return;
	}
	if (control_text(c, n) != NULL)
		fputs("that is no command: one line is expected, status, reload or stats\n", client->text);
	control_answer(c, n, 2);
}

static bool has_vanished(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

/* Whoever waits has nothing more to say. */
static void receive_from_waiting(struct control_client *client, ssize_t n)
{
	struct control *c = client->control;

	if (n > 0)
		return;
	watch(client, 0); /* it may have closed only its sending side */
	if (n == 0 && !has_vanished(client->io.fd))
		return;
	c->gone(c->context, number_of(client));
	release(client);
}

static void receive(struct control_client *client)
{
	char bytes[CONTROL_LINE + 1];
	ssize_t n = recv(client->io.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	enum control_word word;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (client->phase == CLIENT_WAITS) {
		receive_from_waiting(client, n);
		return;
	}
	word = n > 0 ? control_read(&client->reader, bytes, (size_t)n) : CONTROL_UNKNOWN;
	if (n < 0 || (n == 0 && client->reader.len == 0))
		release(client);
	else if (word != CONTROL_MORE)
		ask(client, word);
}

static void on_client(struct ev_loop *loop, ev_io *io, int events)
{
	struct control_client *client = io->data;

	(void)loop;
	(void)events;
	if (client->phase == CLIENT_READS)
		send_answer(client);
	else
		receive(client);
}

static void on_late(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	release(t->data);
}

/* Tells it in as many words as fit into an empty socket, and is done with it. */
static void turn_away(int fd)
{
	static const char words[] = "1\nonly root and the user whom mxonlyd runs as may ask\n";

	send(fd, words, sizeof(words) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close_client(fd);
}

static bool may_ask(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 && (who.uid == 0 || who.uid == geteuid());
}

static void admit(struct control *c, struct control_client *client, int fd)
{
	*client = (struct control_client){ .control = c, .phase = CLIENT_ASKS };
	ev_io_init(&client->io, on_client, fd, EV_READ);
	ev_timer_init(&client->late, on_late, CONTROL_PATIENCE, 0);
	client->io.data = client->late.data = client;
	ev_io_start(c->loop, &client->io);
	ev_timer_start(c->loop, &client->late);
}

static void pause_accepting(struct control *c)
{
	ev_io_stop(c->loop, &c->io);
	ev_timer_again(c->loop, &c->again);
}

static void on_again(struct ev_loop *loop, ev_timer *t, int events)
{
	struct control *c = t->data;

	(void)events;
	ev_timer_stop(loop, t);
	if (c->io.fd >= 0)
		ev_io_start(loop, &c->io);
}

/* The place of whoever has been silent the longest, once that is long enough; NULL: nobody makes way now. */
static struct control_client *make_room(struct control *c)
{
	struct control_client *silent = NULL;
	double least = CONTROL_PATIENCE - CONTROL_SILENT;

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &c->client[i];
		double left = ev_timer_remaining(c->loop, &client->late);

		if (client->phase == CLIENT_ASKS && left <= least) {
			silent = client;
			least = left;
		}
	}
	if (silent != NULL)
		release(silent);
	return silent;
}

static void on_listener(struct ev_loop *loop, ev_io *io, int events)
{
	struct control *c = io->data;
	struct control_client *client = free_client(c);
	int fd;

	(void)loop;
	(void)events;
	if (client == NULL)
		client = make_room(c);
	if (client == NULL) {
		pause_accepting(c);
		return;
	}
	fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0 && may_ask(fd))
		admit(c, client, fd);
	else if (fd >= 0)
		turn_away(fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_accepting(c);
}

void control_start(struct control *c, int listener)
{
	ev_io_init(&c->io, on_listener, listener, EV_READ);
	ev_timer_init(&c->again, on_again, 0, PAUSE);
	c->io.data = c->again.data = c;
	if (listener >= 0)
		ev_io_start(c->loop, &c->io);
}

void control_close(struct control *c)
{
	ev_io_stop(c->loop, &c->io);
	ev_timer_stop(c->loop, &c->again);
	c->io.fd = -1;
}

void control_stop(struct control *c)
{
	control_close(c);
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].phase != CLIENT_FREE)
			release(&c->client[i]);
}
