/*
 * A server that knows its answers beforehand: the least that answering over this wire can take.
 *
 * usage: reply SOCKET SMALL LARGE
 *
 * Listens on the Unix socket, speaks as much STOMP as a client of the agent needs, and answers each request with the fixed
 * bytes of the file LARGE when it names Host.getAllVmStats, else with those of SMALL, as the "result" of a JSON-RPC answer.
 * Prints "ready" once it listens; ends when its stdin does. One thread, up to 8 connections, which are trusted: a benchmark's
 * own client. Exit codes: 0 told to end, 1 failed, 64 usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MOST_CLIENTS 8
#define IN_BYTES 65536 /* requests are small; a longer frame ends the connection */

struct text {
    char *bytes;
    size_t length;
};

struct client {
    int fd; /* -1: free */
    char in[IN_BYTES + 1];
    size_t in_length;
    char subscription[64]; /* the client's own id of its subscription to the replies */
    char *out;
    size_t out_length, out_sent, out_room;
};

static struct client clients[MOST_CLIENTS];
static struct text small, large;

static void die(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("reply: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(status);
}

static struct text read_file(const char *path) {
    struct text text = {NULL, 0};
    FILE *file = fopen(path, "rb");
    long size;
    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0)
        die(1, "cannot read %s: %s", path, strerror(errno));
    text.length = (size_t)size;
    text.bytes = malloc(text.length + 1);
    if (!text.bytes || fread(text.bytes, 1, text.length, file) != text.length) die(1, "cannot read all of %s", path);
    fclose(file);
    return text;
}

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (strlen(path) >= sizeof address.sun_path) die(64, "SOCKET must be shorter than %zu bytes", sizeof address.sun_path);
    strcpy(address.sun_path, path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, MOST_CLIENTS) != 0)
        die(1, "cannot listen on %s: %s", path, strerror(errno));
    return fd;
}

static void drop(struct client *client) {
    close(client->fd);
    client->fd = -1;
}

static void append(struct client *client, const char *bytes, size_t length) {
    if (client->out_length + length > client->out_room) {
        size_t room = (client->out_length + length) * 2;
        char *more = realloc(client->out, room);
        if (!more) die(1, "out of memory");
        client->out = more;
        client->out_room = room;
    }
    memcpy(client->out + client->out_length, bytes, length);
    client->out_length += length;
}

static void flush(struct client *client) {
    while (client->out_sent < client->out_length) {
        ssize_t count = send(client->fd, client->out + client->out_sent, client->out_length - client->out_sent, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno != EAGAIN && errno != EINTR) drop(client);
            return;
        }
        client->out_sent += (size_t)count;
    }
    client->out_sent = client->out_length = 0;
}

/* The value of a header, or "" when it is absent; into a buffer of the caller. */
static const char *header(const char *head, const char *name, char *value, size_t size) {
    size_t length = strlen(name);
    value[0] = '\0';
    for (const char *line = strchr(head, '\n'); line && line[1] != '\n' && line[1] != '\0'; line = strchr(line + 1, '\n')) {
        if (!strncmp(line + 1, name, length) && line[1 + length] == ':') {
            snprintf(value, size, "%.*s", (int)strcspn(line + 2 + length, "\r\n"), line + 2 + length);
            break;
        }
    }
    return value;
}

static void answer(struct client *client, const char *body, size_t body_length) {
    static const char marker[] = "\"id\":\"";
    const struct text *result = memmem(body, body_length, "getAllVmStats", 13) ? &large : &small;
    const char *id = memmem(body, body_length, marker, sizeof marker - 1);
    char head[256], start[128];
    int id_length, start_length, head_length;
    if (!id) {
        drop(client);
        return;
    }
    id += sizeof marker - 1;
    id_length = (int)strcspn(id, "\"");
    start_length = snprintf(start, sizeof start, "{\"jsonrpc\":\"2.0\",\"id\":\"%.*s\",\"result\":", id_length, id);
    head_length = snprintf(head, sizeof head,
                           "MESSAGE\nsubscription:%s\ndestination:jms.topic.vdsm_responses\ncontent-type:application/json\n"
                           "content-length:%zu\n\n",
                           client->subscription, (size_t)start_length + result->length + 1);
    append(client, head, (size_t)head_length);
    append(client, start, (size_t)start_length);
    append(client, result->bytes, result->length);
    append(client, "}", 2); /* with the NUL that ends a frame */
}

static void frame(struct client *client, const char *head, const char *body, size_t body_length) {
    static const char connected[] = "CONNECTED\nversion:1.2\nheart-beat:0,0\n\n";
    char value[64];
    if (!strncmp(head, "CONNECT\n", 8)) {
        append(client, connected, sizeof connected); /* with its NUL */
    } else if (!strncmp(head, "SUBSCRIBE\n", 10)) {
        snprintf(client->subscription, sizeof client->subscription, "%s", header(head, "id", value, sizeof value));
    } else if (!strncmp(head, "SEND\n", 5)) {
        answer(client, body, body_length);
    } else {
        drop(client);
    }
}

/* Takes what is complete; false if more bytes are needed. */
static int take_frame(struct client *client) {
    char *end, value[64];
    size_t start = 0, head_length, body_length, whole;
    while (start < client->in_length && (client->in[start] == '\n' || client->in[start] == '\0')) start++; /* heart-beats */
    memmove(client->in, client->in + start, client->in_length -= start);
    client->in[client->in_length] = '\0';
    end = strstr(client->in, "\n\n");
    if (!end) return 0;
    head_length = (size_t)(end - client->in) + 2;
    header(client->in, "content-length", value, sizeof value);
    body_length = strtoul(value, NULL, 10);
    whole = head_length + body_length + 1;
    if (whole > client->in_length) return 0;
    end[1] = '\0';
    frame(client, client->in, client->in + head_length, body_length);
    memmove(client->in, client->in + whole, client->in_length -= whole);
    return client->fd >= 0;
}

static void receive(struct client *client) {
    ssize_t count = read(client->fd, client->in + client->in_length, IN_BYTES - client->in_length);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) { /* also when a frame does not fit */
        drop(client);
        return;
    }
    client->in_length += (size_t)count;
    while (take_frame(client)) {
    }
    if (client->fd >= 0) flush(client);
}

static void accept_client(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    for (int i = 0; i < MOST_CLIENTS; i++) {
        if (clients[i].fd < 0) {
            clients[i].fd = fd;
            clients[i].in_length = clients[i].out_length = clients[i].out_sent = 0;
            return;
        }
    }
    close(fd);
}

int main(int count, char **arguments) {
    int listener;
    if (count != 4) die(64, "usage: reply SOCKET SMALL LARGE");
    small = read_file(arguments[2]);
    large = read_file(arguments[3]);
    listener = listen_at(arguments[1]);
    for (int i = 0; i < MOST_CLIENTS; i++) clients[i].fd = -1;
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct pollfd waits[MOST_CLIENTS + 2] = {{.fd = listener, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
        for (int i = 0; i < MOST_CLIENTS; i++) {
            waits[i + 2].fd = clients[i].fd;
            waits[i + 2].events = (short)(POLLIN | (clients[i].out_length ? POLLOUT : 0));
        }
        if (poll(waits, MOST_CLIENTS + 2, -1) < 0 && errno != EINTR) die(1, "poll: %s", strerror(errno));
        if (waits[1].revents) return 0;
        for (int i = 0; i < MOST_CLIENTS; i++) {
            if (clients[i].fd >= 0 && waits[i + 2].revents & POLLOUT) flush(&clients[i]);
            if (clients[i].fd >= 0 && waits[i + 2].revents & (POLLIN | POLLHUP | POLLERR)) receive(&clients[i]);
        }
        if (waits[0].revents) accept_client(listener);
    }
}
