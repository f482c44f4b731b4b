/* What the two halves of the load client share: the connections, and what an `expect` gathers. */
#ifndef LOAD_H
#define LOAD_H
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum state { UNUSED, CONNECTING, UPGRADING, OPEN, LOST };

struct connection {
    int fd;
    enum state state;
    uint32_t events, expected, carried;
    uint8_t *carry; /* the beginning of a frame whose end has not come yet */
};

extern struct load {
    int epoll;
    struct sockaddr_in server;
    char **targets;
    size_t target_count, in_flight;
    bool v1, centrifugo;
    struct connection *connections;
    size_t count, opened, handshakes;
    bool reopen; /* churn */
    size_t recovered; /* connections that were told `recovered` */
    uint32_t fewest, most; /* events of one before that */
    uint64_t recovered_ns; /* when the last of them was */
} load;

/* What one `expect` gathers. */
extern struct tally {
    bool armed, latency;
    size_t incomplete, lost;
    int close_code;
    uint64_t received, expected, last_ns, deadline_ns, settle_ns;
    double cpu_at_start, cpu_at_last;
    uint32_t *samples; /* microseconds */
    size_t sample_count, sample_room;
} tally;

/* connection.c */
void open_connection(struct connection *c);
void serve(struct connection *c); /* when epoll says that it is ready */

/* main.c */
void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...);

static inline void *checked(void *allocated) {
    if (!allocated) fail("out of memory");
    return allocated;
}

static inline uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
static inline double cpu_seconds(void) { return (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9; }

#endif
