/*
 * The measure of the fan-out: a server that does nothing but copy bytes. One thread, epoll, level-triggered.
 * A connection whose request path contains "publish" is the publisher: whatever comes from it at once goes to every
 * other connection with one send(2) each; what a socket does not take waits in a buffer of that connection.
 *
 * usage: epoll PORT
 */
#include "wire.h"

enum { MAX_FD = 65536, CHUNK = 65536 };

struct connection {
    int open, upgraded, publishes;
    int place; /* in `watchers`, or -1 */
    char *waiting;
    size_t waiting_bytes, waiting_capacity;
};

static struct connection connections[MAX_FD];
static int watchers[MAX_FD];
static int watcher_count;
static int epoll_fd;

static void watch(int fd, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(epoll_fd, operation, fd, &event) < 0) die("epoll_ctl");
}

static void drop(int fd) {
    struct connection *c = &connections[fd];
    if (c->place >= 0) {
        int last = watchers[--watcher_count];
        watchers[c->place] = last;
        connections[last].place = c->place;
    }
    free(c->waiting);
    memset(c, 0, sizeof *c);
    c->place = -1;
    close(fd);
}

/* Keeps what the socket did not take, and asks to be told when it does. */
static void wait_with(int fd, const char *bytes, size_t count) {
    struct connection *c = &connections[fd];
    if (c->waiting_bytes + count > c->waiting_capacity) {
        c->waiting_capacity = (c->waiting_bytes + count) * 2;
        c->waiting = realloc(c->waiting, c->waiting_capacity);
        if (!c->waiting) die("realloc");
    }
    memcpy(c->waiting + c->waiting_bytes, bytes, count);
    if (c->waiting_bytes == 0) watch(fd, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    c->waiting_bytes += count;
}

static void send_to(int fd, const char *bytes, size_t count) {
    if (connections[fd].waiting_bytes > 0) {
        wait_with(fd, bytes, count);
        return;
    }
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    if (sent == (ssize_t)count) return;
    if (sent < 0) {
        if (errno != EAGAIN) return; /* the next read tells */
        sent = 0;
    }
    wait_with(fd, bytes + sent, count - (size_t)sent);
}

static void send_waiting(int fd) {
    struct connection *c = &connections[fd];
    ssize_t sent = send(fd, c->waiting, c->waiting_bytes, MSG_NOSIGNAL);
    if (sent <= 0) return;
    c->waiting_bytes -= (size_t)sent;
    memmove(c->waiting, c->waiting + sent, c->waiting_bytes);
    if (c->waiting_bytes == 0) watch(fd, EPOLL_CTL_MOD, EPOLLIN);
}

static void upgrade(int fd, const char *request) {
    static const char answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
    struct connection *c = &connections[fd];
    c->upgraded = 1;
    c->publishes = strstr(request, "publish") != NULL;
    if (!c->publishes) {
        c->place = watcher_count;
        watchers[watcher_count++] = fd;
    }
    send_to(fd, answer, sizeof answer - 1);
}

static void readable(int fd) {
    static char chunk[CHUNK + 1];
    ssize_t count = recv(fd, chunk, CHUNK, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
        drop(fd);
        return;
    }
    chunk[count] = 0;
    struct connection *c = &connections[fd];
    if (!c->upgraded) {
        upgrade(fd, chunk);
    } else if (c->publishes) {
        for (int i = 0; i < watcher_count; i++) send_to(watchers[i], chunk, (size_t)count);
    }
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) return;
        if (fd >= MAX_FD) {
            close(fd);
            continue;
        }
        set_nodelay(fd);
        memset(&connections[fd], 0, sizeof connections[fd]);
        connections[fd].open = 1;
        connections[fd].place = -1;
        watch(fd, EPOLL_CTL_ADD, EPOLLIN);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: epoll PORT\n");
        return 2;
    }
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
    if (listen(listener, 4096) < 0) die("listen");
    epoll_fd = epoll_create1(0);
    watch(listener, EPOLL_CTL_ADD, EPOLLIN);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll_fd, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                accept_all(listener);
                continue;
            }
            if (events[i].events & EPOLLOUT) send_waiting(fd);
            if (connections[fd].open && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(fd);
        }
    }
}
