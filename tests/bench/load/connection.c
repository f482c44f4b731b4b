/* One connection of the load client: connect, upgrade, then count frames by their headers. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 256 * 1024,   /* within a core's second-level cache, so that parsing is cheap */
    LARGEST_FRAME = 64 * 1024, /* what the carry may hold; larger is none of this bench's frames */
    LARGEST_HEAD = 4096,
};

/* RFC 6455 section 1.3's own example: a fixed key makes the answer a constant. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define MARKER "\"sentAtNs\":"
#define V1_EVENT "{\"type\":\"event\""
#define V1_RECOVERED "{\"type\":\"recovered\""
#define V1_TRUNCATED "{\"type\":\"truncated\""
#define CENTRIFUGO_EVENT "{\"channel\":"

static uint8_t buffer[LARGEST_FRAME + READ_BYTES];

static void watch(struct connection *c, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(load.epoll, operation, c->fd, &event)) fail("epoll_ctl: %s", strerror(errno));
}

/* Send the request as soon as TCP is connected, which on loopback is at once, except where the
 * server's queue of connections to accept is full. */
static void send_request(struct connection *c, int watch_operation) {
    char request[LARGEST_HEAD];
    static size_t churned;
    size_t turn = load.reopen ? churned++ : (size_t)(c - load.connections);
    const char *target = load.targets[turn % load.target_count];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
                          "Sec-WebSocket-Version: 13\r\n%s\r\n",
                          target, ntohs(load.server.sin_port),
                          load.v1 ? "Sec-WebSocket-Protocol: unionflow.v1\r\n" : "");
    if (length >= (int)sizeof request) fail("a target is too long");
    ssize_t sent = send(c->fd, request, (size_t)length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
        c->state = CONNECTING;
        watch(c, watch_operation, EPOLLOUT);
        return;
    }
    if (sent != length) fail("connect: %s", strerror(errno));
    c->state = UPGRADING;
    watch(c, watch_operation, EPOLLIN);
}

void open_connection(struct connection *c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) fail("socket: %s", strerror(errno));
    if (connect(c->fd, (struct sockaddr *)&load.server, sizeof load.server) && errno != EINPROGRESS)
        fail("connect: %s", strerror(errno));
    c->events = c->carried = 0;
    send_request(c, EPOLL_CTL_ADD);
}

static void lose(struct connection *c, int close_code) {
    if (c->state != OPEN) fail("the server hung up during a handshake");
    c->state = LOST;
    tally.lost++;
    if (close_code) tally.close_code = close_code;
    close(c->fd);
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void note_latency(const uint8_t *payload, size_t size, uint64_t read_at_ns) {
    const uint8_t *at = memmem(payload, size, MARKER, strlen(MARKER));
    if (!at) fail("an event without %s", MARKER);
    uint64_t sent_ns = 0;
    for (at += strlen(MARKER); at < payload + size && *at >= '0' && *at <= '9'; at++)
        sent_ns = sent_ns * 10 + (uint64_t)(*at - '0');
    if (tally.sample_count == tally.sample_room) {
        tally.sample_room = tally.sample_room ? tally.sample_room * 2 : 1 << 16;
        tally.samples =
            checked(realloc(tally.samples, tally.sample_room * sizeof *tally.samples));
    }
    tally.samples[tally.sample_count++] =
        read_at_ns > sent_ns ? (uint32_t)((read_at_ns - sent_ns) / 1000) : 0;
}

static void take_event(struct connection *c, const uint8_t *payload, size_t size, uint64_t now) {
    c->events++;
    if (!tally.armed) return;
    tally.received++;
    if (tally.latency) note_latency(payload, size, now);
    if (c->events == c->expected) tally.incomplete--;
}

static bool is_type(const uint8_t *payload, size_t size, const char *type) {
    return size >= strlen(type) && !memcmp(payload, type, strlen(type));
}

/* What a replay brought, in `unionflow.v1`: here nothing may be missing of it. */
static void take_message(const struct connection *c, const uint8_t *payload, size_t size) {
    if (is_type(payload, size, V1_TRUNCATED)) fail("truncated: %.*s", (int)size, (char *)payload);
    if (!is_type(payload, size, V1_RECOVERED)) return;
    if (!load.recovered++ || c->events < load.fewest) load.fewest = c->events;
    if (c->events > load.most) load.most = c->events;
    load.recovered_ns = monotonic_ns();
}

/* Centrifugo joins messages into one frame, a line each; its pings and its answer to the handshake
 * are no events. */
static void take_lines(struct connection *c, const uint8_t *at, size_t size, uint64_t now) {
    const uint8_t *end = at + size;
    while (at < end) {
        const uint8_t *line = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((line ? line : end) - at);
        if (is_type(at, length, CENTRIFUGO_EVENT)) take_event(c, at, length, now);
        at += length + 1;
    }
}

static void answer_ping(struct connection *c, const uint8_t *payload, size_t size) {
    uint8_t pong[6 + 125] = {0x8A, (uint8_t)(0x80 | size), 0, 0, 0, 0}; /* masked with zeros */
    memcpy(pong + 6, payload, size);
    if (send(c->fd, pong, 6 + size, MSG_NOSIGNAL) < 0 && errno != EAGAIN) lose(c, 0);
}

static void take_frame(struct connection *c, uint8_t first, const uint8_t *payload, size_t size,
                       uint64_t now) {
    switch (first) {
    case 0x81: /* one whole text message; in unionflow.v1 most types are no event */
        if (load.centrifugo) take_lines(c, payload, size, now);
        else if (!load.v1 || is_type(payload, size, V1_EVENT)) take_event(c, payload, size, now);
        else take_message(c, payload, size);
        break;
    case 0x88:
        lose(c, size >= 2 ? payload[0] << 8 | payload[1] : 1005);
        break;
    case 0x89:
        answer_ping(c, payload, size);
        break;
    case 0x8A:
        break;
    default:
        fail("a frame that begins with %02x", first);
    }
}

/* A frame's header: its length, or 0 while it is not whole. */
static size_t read_header(const uint8_t *at, size_t available, uint64_t *payload) {
    if (available < 2) return 0;
    if (at[1] & 0x80) fail("a masked frame from the server");
    if (at[1] < 126) {
        *payload = at[1];
        return 2;
    }
    size_t header = at[1] == 126 ? 4 : 10;
    if (available < header) return 0;
    *payload = 0;
    for (size_t i = 2; i < header; i++) *payload = *payload << 8 | at[i];
    return header;
}

/* Take the whole frames of [at, end) and keep the rest for the next read. */
static void take_bytes(struct connection *c, const uint8_t *at, const uint8_t *end) {
    uint64_t now = tally.latency ? clock_ns(CLOCK_REALTIME) : 0;
    while (c->state == OPEN && at < end) {
        uint64_t payload;
        size_t header = read_header(at, (size_t)(end - at), &payload);
        if (header && payload > LARGEST_FRAME - 16) fail("a frame of %" PRIu64 " bytes", payload);
        if (!header || (uint64_t)(end - at) < header + payload) break;
        take_frame(c, at[0], at + header, payload, now);
        at += header + payload;
    }
    c->carried = c->state == OPEN ? (uint32_t)(end - at) : 0;
    if (!c->carried) return;
    c->carry = checked(realloc(c->carry, c->carried));
    memcpy(c->carry, at, c->carried);
}

/* ---- handshakes ------------------------------------------------------------------------------ */

/* Reset the connection, as a phone's network does: ten thousands of them in TIME_WAIT would cost
 * the next measurement its ports. */
static void leave(struct connection *c) {
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(c->fd);
}

static void finish_handshake(struct connection *c) {
    load.handshakes++;
    c->state = OPEN;
    if (!load.reopen) {
        if (load.opened < load.count) open_connection(&load.connections[load.opened++]);
        return;
    }
    leave(c);
    open_connection(c);
}

static void read_upgrade(struct connection *c, uint8_t *at, size_t size) {
    uint8_t *end = memmem(at, size, "\r\n\r\n", 4);
    if (!end) {
        if (size > LARGEST_HEAD) fail("an endless answer to a handshake");
        c->carried = (uint32_t)size;
        c->carry = checked(realloc(c->carry, size));
        memcpy(c->carry, at, size);
        return;
    }
    size_t head = (size_t)(end - at) + 4;
    if (memcmp(at, "HTTP/1.1 101 ", 13) || !memmem(at, head, ACCEPT, strlen(ACCEPT)))
        fail("not an upgrade: %.*s", (int)(head > 200 ? 200 : head), (char *)at);
    if (!memmem(at, head, "unionflow.v1", 12) == load.v1) fail("the wrong subprotocol");
    c->carried = 0;
    finish_handshake(c);
    if (!load.reopen) take_bytes(c, at + head, at + size);
}

static void read_some(struct connection *c) {
    uint8_t *into = buffer + LARGEST_FRAME, *from = into - c->carried;
    ssize_t size = recv(c->fd, into, READ_BYTES, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        lose(c, 0);
        return;
    }
    if (c->carried) memcpy(from, c->carry, c->carried);
    if (c->state == OPEN) take_bytes(c, from, into + size);
    else read_upgrade(c, from, (size_t)(into + size - from));
}

void serve(struct connection *c) {
    if (c->state == CONNECTING) send_request(c, EPOLL_CTL_MOD);
    else if (c->state != LOST) read_some(c);
}
