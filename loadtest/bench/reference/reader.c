/*
 * Opens thousands of watchers on a fan-out server, publishes 155-byte events through one more connection and reads
 * everything. Every byte of every watcher is followed: a frame that is not the next one is a hole or a repeat.
 *
 * usage: reader PORT PATH WATCHERS MODE ARGUMENT SECONDS raw|masked [SERVER_PID]
 *   closed N   sends N events in one write and the next N when every watcher has them; measures the server's CPU time
 *   open R     sends R deliveries a second (R / WATCHERS events), evenly, whether or not they arrive; measures latency
 *   idle -     opens the watchers and does nothing; measures the server's resident memory
 * Prints one line of key=value pairs.
 */
#include "wire.h"

enum { MAX_WATCHERS = 60000, BUCKETS = 64 * 32, CHUNK = 262144 };

struct watcher {
    int fd;
    uint64_t next_seq;
    uint32_t position; /* within the frame under way */
    char seq[16], time[16];
};

static struct watcher watchers[MAX_WATCHERS];
static int watcher_count, publisher, epoll_fd, masked, port;
static const char *path;
static uint64_t delivered, faults, last_seq, histogram[BUCKETS];
static long server_pid;

/* Latency buckets: 32 linear steps within each power of two, so within 3 %. */
static unsigned bucket(uint64_t ns) {
    if (ns < 32) return (unsigned)ns;
    unsigned power = 63 - (unsigned)__builtin_clzll(ns);
    return (power - 4) * 32 + (unsigned)((ns >> (power - 5)) & 31);
}

static double bucket_ms(unsigned index) {
    if (index < 32) return index / 1e6;
    unsigned power = index / 32 + 4;
    return (double)((32ull + index % 32) << (power - 5)) / 1e6;
}

static double percentile(double share) {
    uint64_t wanted = (uint64_t)((double)delivered * share), seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen > wanted) return bucket_ms(i);
    }
    return 0;
}

static int dial(const char *kind) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) die("socket");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    set_nodelay(fd);
    char request[512];
    int count = snprintf(request, sizeof request,
                         "GET %s?%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                         path, kind);
    if (send(fd, request, (size_t)count, 0) != count) die("send");
    char answer[2048];
    int got = 0;
    while (got < 4 || memcmp(answer + got - 4, "\r\n\r\n", 4) != 0) {
        if (recv(fd, answer + got, 1, 0) != 1 || ++got == (int)sizeof answer) die("upgrade");
    }
    if (strncmp(answer, "HTTP/1.1 101", 12) != 0) {
        fprintf(stderr, "refused: %.*s\n", got, answer);
        exit(1);
    }
    return fd;
}

static void publish(int count, uint64_t time) {
    static char bytes[64 * MASKED_FRAME];
    char *at = bytes;
    for (int i = 0; i < count; i++) {
        *at++ = (char)0x81;
        *at++ = (char)(masked ? 0x80 | 126 : 126);
        *at++ = 0;
        *at++ = (char)PAYLOAD;
        if (masked) {
            memset(at, 0, 4); /* a key of zeros leaves the payload as it is */
            at += 4;
        }
        char text[PAYLOAD + 64];
        memset(text, 'x', sizeof text);
        memcpy(text, "{\"seq\":\"", 8);
        snprintf(text + SEQ_AT, 17, "%016llx", (unsigned long long)++last_seq);
        memcpy(text + SEQ_AT + 16, "\",\"t\":\"", 7);
        snprintf(text + TIME_AT, 17, "%016llx", (unsigned long long)time);
        memcpy(text + TIME_AT + 16, "\",\"rest\":\"", 10);
        memcpy(text + PAYLOAD - 2, "\"}", 2);
        memcpy(at, text, PAYLOAD);
        at += PAYLOAD;
    }
    for (char *from = bytes; from < at;) {
        ssize_t sent = send(publisher, from, (size_t)(at - from), MSG_NOSIGNAL);
        if (sent < 0) die("publish");
        from += sent;
    }
}

static uint64_t hex(const char *digits) {
    uint64_t value = 0;
    for (int i = 0; i < 16; i++) {
        char c = digits[i];
        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
}

static void frame_ended(struct watcher *w, uint64_t now) {
    uint64_t seq = hex(w->seq), sent = hex(w->time);
    if (seq != w->next_seq) faults++;
    w->next_seq = seq + 1;
    w->position = 0;
    delivered++;
    histogram[bucket(now > sent ? now - sent : 0)]++;
}

static void copy_part(char *to, uint32_t at, const char *bytes, uint32_t position, uint32_t count) {
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t place = HEAD + at + i;
        if (place >= position && place < position + count) to[i] = bytes[place - position];
    }
}

static void follow(struct watcher *w, const char *bytes, uint32_t count, uint64_t now) {
    while (count > 0) {
        uint32_t part = FRAME - w->position < count ? FRAME - w->position : count;
        copy_part(w->seq, SEQ_AT, bytes, w->position, part);
        copy_part(w->time, TIME_AT, bytes, w->position, part);
        w->position += part;
        bytes += part;
        count -= part;
        if (w->position == FRAME) frame_ended(w, now);
    }
}

static void read_some(int timeout_ms) {
    static char chunk[CHUNK];
    struct epoll_event events[512];
    int count = epoll_wait(epoll_fd, events, 512, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct watcher *w = events[i].data.ptr;
        ssize_t got = recv(w->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) continue;
        if (got <= 0) {
            fprintf(stderr, "a watcher was closed after %llu deliveries\n", (unsigned long long)delivered);
            exit(1);
        }
        follow(w, chunk, (uint32_t)got, now_ns());
    }
}

static double server_cpu_seconds(void) {
    char name[64], text[1024];
    snprintf(name, sizeof name, "/proc/%ld/stat", server_pid);
    FILE *file = fopen(name, "r");
    if (!file) die(name);
    size_t count = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[count] = 0;
    unsigned long user = 0, system = 0;
    char *fields = strrchr(text, ')');
    if (!fields || sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        die("stat");
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long server_rss_bytes(void) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%ld/statm", server_pid);
    FILE *file = fopen(name, "r");
    long pages = 0;
    if (!file || fscanf(file, "%*d %ld", &pages) != 1) die(name);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void closed_loop(int burst, double seconds) {
    for (int i = 0; i < 20; i++) {
        publish(burst, now_ns());
        while (delivered < (uint64_t)watcher_count * last_seq) read_some(1000);
    }
    uint64_t before = delivered, start = now_ns(), end = start + (uint64_t)(seconds * 1e9);
    double cpu = server_cpu_seconds();
    while (now_ns() < end) {
        publish(burst, now_ns());
        while (delivered < (uint64_t)watcher_count * last_seq) read_some(1000);
    }
    cpu = server_cpu_seconds() - cpu;
    double wall = (double)(now_ns() - start) / 1e9;
    double count = (double)(delivered - before);
    printf("deliveries=%.0f wall_s=%.2f cpu_s=%.2f per_cpu_s=%.0f per_s=%.0f faults=%llu\n", count, wall, cpu,
           count / cpu, count / wall, (unsigned long long)faults);
}

static void open_loop(double rate, double seconds) {
    double interval = 1e9 * watcher_count / rate;
    uint64_t start = now_ns();
    uint64_t total = (uint64_t)(seconds * 1e9 / interval);
    double cpu = server_cpu_seconds();
    while (last_seq < total) {
        uint64_t due = start + (uint64_t)((double)(last_seq + 1) * interval), now = now_ns();
        /* Late events carry the time at which they were due, so that a stall is seen in full. */
        if (now >= due) {
            publish(1, due);
            continue;
        }
        uint64_t left = due - now;
        read_some(left > 1000000 ? (int)(left / 1000000) : 0);
    }
    uint64_t expected = (uint64_t)watcher_count * last_seq, sent = now_ns();
    while (delivered < expected && now_ns() < sent + 10000000000ull) read_some(100);
    cpu = server_cpu_seconds() - cpu;
    printf("deliveries=%llu missing=%llu p50_ms=%.2f p90_ms=%.2f p99_ms=%.2f max_ms=%.2f cpu_s=%.2f faults=%llu\n",
           (unsigned long long)delivered, (unsigned long long)(expected - delivered), percentile(0.5),
           percentile(0.9), percentile(0.99), percentile(0.999999), cpu, (unsigned long long)faults);
}

int main(int argc, char **argv) {
    if (argc != 9) {
        fprintf(stderr, "usage: reader PORT PATH WATCHERS closed|open|idle ARGUMENT SECONDS raw|masked SERVER_PID\n");
        return 2;
    }
    port = atoi(argv[1]);
    path = argv[2];
    int wanted = atoi(argv[3]);
    double seconds = atof(argv[6]);
    masked = strcmp(argv[7], "masked") == 0;
    server_pid = atol(argv[8]);
    if (wanted > MAX_WATCHERS) wanted = MAX_WATCHERS;
    epoll_fd = epoll_create1(0);
    long before = server_rss_bytes();
    for (; watcher_count < wanted; watcher_count++) {
        struct watcher *w = &watchers[watcher_count];
        w->fd = dial("watch");
        w->next_seq = 1;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, w->fd, &event) < 0) die("epoll_ctl");
    }
    if (strcmp(argv[4], "idle") == 0) {
        struct timespec rest = {.tv_sec = (time_t)seconds};
        nanosleep(&rest, NULL);
        long after = server_rss_bytes();
        printf("connections=%d rss_before=%ld rss_after=%ld bytes_each=%ld\n", watcher_count, before, after,
               (after - before) / watcher_count);
        return 0;
    }
    publisher = dial("publish");
    if (strcmp(argv[4], "closed") == 0) closed_loop(atoi(argv[5]), seconds);
    else open_loop(atof(argv[5]), seconds);
    return 0;
}
