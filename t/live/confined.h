/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CONFINED_H
#define MXONLY_CONFINED_H

/* confined - what a worker of t/live/confined.t tries: see confined.c */

#include <stddef.h>
#include <sys/types.h>

/* Words about what came of system call `number` of those that a worker must not make; 0: there are not so many. */
int confined_call(unsigned long number, pid_t supervisor, char *to, size_t room);

/* Does what a captured worker would do to the others. */
const char *confined_attack(const char *name, pid_t supervisor);

#endif
