/* The load client: thousands of WebSocket connections from one thread, cheap enough that what is
 * measured is the server. Every read is large, frames are counted by their RFC 6455 headers alone,
 * and each connection must receive exactly the number of events that it was told to expect.
 *
 *   load --port P --targets FILE [--dialect plain|unionflow.v1|centrifugo] [--in-flight 64] MODE
 *     hold N         open N connections and keep them; then obey lines on stdin, each answered by
 *                    one JSON line on stdout:
 *                      expect TIMEOUT_MS LATENCY COUNTS   count events from now on; COUNTS is one
 *                        number for all, or @FILE with a number per connection; LATENCY is 0 or 1
 *                    the end of stdin ends the program.
 *     resume N       open N connections whose targets have a cursor; one JSON line once each of them
 *                    was told `recovered`; they stay until the end of stdin.
 *     churn SECONDS  open and close connections without pause; handshakes are counted.
 *
 * FILE has one request target a line; connection i asks for line i modulo their number.
 * An event's latency runs from the number after "sentAtNs": in it (CLOCK_REALTIME) to the return
 * of the read that completed it. Exit code 1, with one line on stderr, when anything is wrong. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    EVENTS_PER_WAIT = 1024,
    SETTLE_MS = 100, /* how long a surplus event may take to show itself */
    STALLED_MS = 15000,
    LONGEST_RUN_SECONDS = 900, /* nothing that started this program may leave it behind */
};

struct load load = {.in_flight = 64};
struct tally tally;

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

/* Wait once, at most `wait_ms`, and serve what is ready. Returns true where stdin is. */
static bool turn(int wait_ms) {
    static struct epoll_event ready[EVENTS_PER_WAIT];
    bool command = false;
    int count = epoll_wait(load.epoll, ready, EVENTS_PER_WAIT, wait_ms);
    if (count < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
    size_t incomplete = tally.incomplete;
    for (int i = 0; i < count; i++) {
        struct connection *c = ready[i].data.ptr;
        if (!c) command = true;
        else serve(c);
        if (tally.armed && incomplete && !tally.incomplete) { /* the last one has its last */
            incomplete = 0;
            tally.last_ns = monotonic_ns();
            tally.cpu_at_last = cpu_seconds();
        }
    }
    return command;
}

/* ---- the modes ------------------------------------------------------------------------------- */

static void connect_all(void) {
    uint64_t moved = monotonic_ns();
    size_t done = 0;
    while (load.opened < load.count && load.opened < load.in_flight)
        open_connection(&load.connections[load.opened++]);
    while (load.handshakes < load.count) {
        turn(1000);
        if (load.handshakes != done) moved = monotonic_ns(), done = load.handshakes;
        if (monotonic_ns() - moved > STALLED_MS * 1000000ull)
            fail("stalled at %zu of %zu handshakes", done, load.count);
    }
    printf("{\"connected\":%zu}\n", load.handshakes);
    fflush(stdout);
}

/* The time runs from the first connection's beginning to the last `recovered`. */
static void resume(void) {
    uint64_t began = monotonic_ns(), moved = began;
    double cpu = cpu_seconds();
    size_t done = 0;
    while (load.opened < load.count && load.opened < load.in_flight)
        open_connection(&load.connections[load.opened++]);
    while (load.recovered < load.count) {
        turn(1000);
        if (load.recovered + load.handshakes != done)
            moved = monotonic_ns(), done = load.recovered + load.handshakes;
        if (tally.lost) fail("the server closed %zu (last %d)", tally.lost, tally.close_code);
        if (monotonic_ns() - moved > 4 * STALLED_MS * 1000000ull)
            fail("stalled at %zu of %zu recovered", load.recovered, load.count);
    }
    printf("{\"recovered\":%zu,\"seconds\":%.6f,\"fewest\":%u,\"most\":%u,\"cpu_seconds\":%.6f}\n",
           load.recovered, (double)(load.recovered_ns - began) / 1e9, load.fewest, load.most,
           cpu_seconds() - cpu);
    fflush(stdout);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input)) fail("stdin must be a pipe");
    while (!turn(1000)) continue;
}

static void churn(double seconds) {
    uint64_t began = monotonic_ns(), ends = began + (uint64_t)(seconds * 1e9), moved = began;
    double cpu = cpu_seconds();
    size_t done = 0;
    load.reopen = true;
    for (size_t i = 0; i < load.count; i++) open_connection(&load.connections[i]);
    for (uint64_t now = began; now < ends; now = monotonic_ns()) {
        turn(100);
        if (load.handshakes != done) moved = now, done = load.handshakes;
        if (now > moved && now - moved > STALLED_MS * 1000000ull) fail("no handshake gets done");
    }
    printf("{\"handshakes\":%zu,\"seconds\":%.6f,\"cpu_seconds\":%.6f}\n", load.handshakes,
           (double)(monotonic_ns() - began) / 1e9, cpu_seconds() - cpu);
}

static void set_expectations(const char *counts) {
    FILE *file = NULL;
    uint32_t uniform = 0;
    if (counts[0] == '@') {
        file = fopen(counts + 1, "r");
        if (!file) fail("%s: %s", counts + 1, strerror(errno));
    } else {
        uniform = (uint32_t)strtoul(counts, NULL, 10);
    }
    for (size_t i = 0; i < load.count; i++) {
        struct connection *c = &load.connections[i];
        c->expected = uniform;
        if (file && fscanf(file, "%" SCNu32, &c->expected) != 1)
            fail("too few numbers in %s", counts);
        c->events = 0;
        tally.expected += c->expected;
        tally.incomplete += c->expected > 0;
    }
    if (file) fclose(file);
}

static void arm(const char *command) {
    char counts[4096];
    unsigned timeout_ms, latency;
    if (sscanf(command, "expect %u %u %4095[^\n]", &timeout_ms, &latency, counts) != 3)
        fail("what is this: %s", command);
    uint32_t *samples = tally.samples;
    size_t room = tally.sample_room, lost = tally.lost;
    memset(&tally, 0, sizeof tally);
    tally.samples = samples;
    tally.sample_room = room;
    tally.lost = lost;
    tally.latency = latency;
    set_expectations(counts);
    tally.armed = true;
    tally.cpu_at_start = cpu_seconds();
    tally.deadline_ns = monotonic_ns() + timeout_ms * 1000000ull;
    puts("{\"armed\":true}");
    fflush(stdout);
}

static int ascending(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static double quantile_ms(double of) {
    if (!tally.sample_count) return 0;
    return tally.samples[(size_t)(of * (double)(tally.sample_count - 1))] / 1000.0;
}

static void report(void) {
    size_t short_of = 0, surplus = 0;
    for (size_t i = 0; i < load.count; i++) {
        short_of += load.connections[i].events < load.connections[i].expected;
        surplus += load.connections[i].events > load.connections[i].expected;
    }
    if (tally.latency) qsort(tally.samples, tally.sample_count, sizeof *tally.samples, ascending);
    printf("{\"received\":%" PRIu64 ",\"expected\":%" PRIu64 ",\"short\":%zu,\"surplus\":%zu,"
           "\"lost\":%zu,\"close_code\":%d,\"last_ns\":%" PRIu64 ",\"cpu_seconds\":%.6f,"
           "\"samples\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           tally.received, tally.expected, short_of, surplus, tally.lost, tally.close_code,
           tally.last_ns, tally.cpu_at_last - tally.cpu_at_start, tally.sample_count,
           quantile_ms(.5), quantile_ms(.99), quantile_ms(1));
    fflush(stdout);
    tally.armed = tally.latency = false;
}

/* After the last expected event, wait a little for one too many; then report. At once where the
 * count can no longer be reached. */
static void finish_when_due(void) {
    uint64_t now = monotonic_ns();
    if (!tally.incomplete && !tally.settle_ns) tally.settle_ns = now + SETTLE_MS * 1000000ull;
    if ((tally.settle_ns && now >= tally.settle_ns) || tally.lost || now >= tally.deadline_ns)
        report();
}

static void hold(void) {
    char command[8192];
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
    connect_all();
    setvbuf(stdin, NULL, _IONBF, 0); /* what stdio had read ahead, epoll would not show */
    if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input)) fail("stdin must be a pipe");
    for (;;) {
        if (turn(tally.armed ? 10 : 1000)) {
            if (!fgets(command, sizeof command, stdin)) return;
            arm(command);
        }
        if (tally.armed) finish_when_due();
    }
}

/* ---- the command line ------------------------------------------------------------------------ */

static void read_targets(const char *path) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, slots = 0;
    ssize_t length;
    if (!file) fail("%s: %s", path, strerror(errno));
    while ((length = getline(&line, &room, file)) > 0) {
        if (line[length - 1] == '\n') line[length - 1] = 0;
        if (load.target_count == slots) {
            slots = slots ? slots * 2 : 64;
            load.targets = checked(realloc(load.targets, slots * sizeof *load.targets));
        }
        load.targets[load.target_count++] = checked(strdup(line));
    }
    free(line);
    fclose(file);
    if (!load.target_count) fail("%s is empty", path);
}

static void read_options(int argc, char **argv) {
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                            {"targets", required_argument, NULL, 't'},
                                            {"dialect", required_argument, NULL, 'd'},
                                            {"in-flight", required_argument, NULL, 'i'},
                                            {NULL, 0, NULL, 0}};
    load.server = (struct sockaddr_in){.sin_family = AF_INET};
    load.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK); /* nowhere else, ever */
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'p') load.server.sin_port = htons((uint16_t)atoi(optarg));
        else if (option == 't') read_targets(optarg);
        else if (option == 'd') {
            load.v1 = !strcmp(optarg, "unionflow.v1");
            load.centrifugo = !strcmp(optarg, "centrifugo");
        }
        else if (option == 'i') load.in_flight = strtoul(optarg, NULL, 10);
        else exit(2);
    }
    if (!load.server.sin_port || !load.targets || !load.in_flight || argc - optind != 2)
        fail("load --port P --targets FILE [--dialect D] [--in-flight N] hold N | resume N | "
             "churn SECONDS");
}

int main(int argc, char **argv) {
    struct rlimit files;
    read_options(argc, argv);
    const bool holds = !strcmp(argv[optind], "hold"), resumes = !strcmp(argv[optind], "resume");
    load.count = holds || resumes ? strtoul(argv[optind + 1], NULL, 10) : load.in_flight;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (load.count + 16 > files.rlim_cur)
        fail("this process may open only %lu files", files.rlim_cur);
    alarm(LONGEST_RUN_SECONDS);
    load.connections = checked(calloc(load.count ? load.count : 1, sizeof *load.connections));
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load.epoll < 0) fail("epoll_create1: %s", strerror(errno));
    if (holds) hold();
    else if (resumes) resume();
    else churn(strtod(argv[optind + 1], NULL));
    return 0;
}
