/* What the reference server and the reader share: the 155-byte event and the ways to open a socket. */
#define _GNU_SOURCE
#ifndef FITAI_BENCH_WIRE_H
#define FITAI_BENCH_WIRE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A text frame of the server: head of 4 bytes, payload of 151. */
enum { HEAD = 4, PAYLOAD = 151, FRAME = HEAD + PAYLOAD, MASKED_FRAME = FRAME + 4 };
/* Places in the payload, each 16 hexadecimal digits: the sequence number and the time of sending in nanoseconds. */
enum { SEQ_AT = 8, TIME_AT = 32 };

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static inline void set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) die("fcntl");
}

static inline void set_nodelay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

#endif
