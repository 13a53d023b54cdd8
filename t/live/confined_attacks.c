/* SPDX-License-Identifier: BSD-2-Clause */
/* What a captured worker would do to the others, with what it has: memory that they share, its channel, the way to the log. */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "confined.h"
#include "server/channel.h"
#include "server/counters.h"

enum { DESCRIPTORS = 64 };

static struct counters *shared;

/* The linker leads who asks for counters_new() here. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c) */
struct counters *__real_counters_new(void);
struct counters *__wrap_counters_new(void);

struct counters *__wrap_counters_new(void)
{
	shared = __real_counters_new();
	return shared;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c) */

/* A worker has two sockets of this kind: its channel to the supervisor, and the one to the log. */
static int packet_socket(int after)
{
	int type = 0;

	for (int fd = after + 1; fd < DESCRIPTORS; fd++) {
		socklen_t len = sizeof type;

		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET)
			return fd;
	}
	return -1;
}

#define EACH_PACKET_SOCKET(fd) (int fd = packet_socket(-1); fd >= 0; fd = packet_socket(fd))

static void scribble(int byte)
{
	memset(&shared->names, byte, sizeof shared->names);
}

/* Two descriptors with each message. */
static void hand_over(void)
{
	struct message m = { .word = CHANNEL_SERVES, .generation = 1 };
	struct iovec iov = { &m, sizeof m };
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = "" };
	struct msghdr h = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	for
		EACH_PACKET_SOCKET(fd)
	sendmsg(fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void say(uint32_t generation)
{
	const struct message m = { .word = CHANNEL_SERVES, .generation = generation };

	for
		EACH_PACKET_SOCKET(fd)
	send(fd, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void hang_up(void)
{
	for
		EACH_PACKET_SOCKET(fd)
	close(fd);
}

/* A record of the log as if the supervisor had sent it, that ends its line and begins another. */
static void forge(pid_t supervisor)
{
	static const char words[] = "first\nmxonlyd[1]: second \x1b[2J";
	struct {
		int32_t pid;
		uint16_t len;
		uint8_t level, how;
		char words[sizeof words];
	} record = { .pid = supervisor, .len = sizeof words - 1, .level = 2 };

	memcpy(record.words, words, sizeof words);
	for
		EACH_PACKET_SOCKET(fd)
	send(fd, &record, sizeof record, MSG_DONTWAIT | MSG_NOSIGNAL);
}

const char *confined_attack(const char *name, pid_t supervisor)
{
	if (strcmp(name, "scribble-ones") == 0)
		scribble(1);
	else if (strcmp(name, "scribble-all") == 0)
		scribble(0xff);
	else if (strcmp(name, "hand-over") == 0)
		hand_over();
	else if (strcmp(name, "generation") == 0)
		say(4000000000);
	else if (strcmp(name, "hang-up") == 0)
		hang_up();
	else if (strcmp(name, "forge") == 0)
		forge(supervisor);
	else if (strcmp(name, "loop") == 0)
		for (volatile unsigned turns = 0;; turns++)
			continue;
	else
		return "no such attack";
	return "done";
}
