/*
 * The floor: what libvirt itself costs, from C, with nothing around it.
 *
 * usage: floor version URI
 *        floor create  URI THREADS paused|running   domain XMLs on stdin, one a line
 *        floor destroy URI THREADS                  UUIDs on stdin, one a line
 *        floor clear   URI THREADS                  the same, for domains of which some run, some do not, some are not there
 *        floor sample  URI CYCLES PAUSE_MS          UUIDs; one bulk call a cycle, and one before that is not counted
 *        floor count   URI                          UUIDs; how many of them run, are paused, or are anything else
 *
 * One JSON object on stdout; times in seconds. Exit codes: 0 done, 1 libvirt refused something (told on stderr), 64 usage.
 * Connections are open and have been used before the clock starts; each carries the calls of four threads at most, for
 * libvirtd serves five a connection at a time.
 */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define CALLS_PER_CONNECTION 4
#define MOST_THREADS 64
#define UNDEFINE_FLAGS                                                                                                          \
    (VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM |                    \
     VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA)
#define ALL_GROUPS                                                                                                              \
    (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU |                   \
     VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK)

typedef int (*work_fn)(virConnectPtr, const char *line);

struct crew {
    virConnectPtr connections[MOST_THREADS];
    int connection_count;
    int threads;
    char **lines;
    int line_count;
    double *seconds; /* from the start to the return of each line's last call */
    work_fn work;
    double started_at;
    atomic_int next;
    atomic_int failures;
    pthread_barrier_t ready;
};

struct hand {
    struct crew *crew;
    virConnectPtr connection;
    pthread_t thread;
};

static unsigned int start_flags; /* set once, before any thread is started */

static void die(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("floor: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(status);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void complain(const char *operation, const char *line) {
    virErrorPtr error = virGetLastError();
    fprintf(stderr, "floor: %s of %.120s: %s\n", operation, line, error && error->message ? error->message : "no error given");
}

static void be_quiet(void *data, virErrorPtr error) { /* errors are told by complain() */
    (void)data;
    (void)error;
}

static virConnectPtr open_connection(const char *uri) {
    unsigned long version;
    virConnectPtr connection = virConnectOpen(uri);
    if (!connection || virConnectGetLibVersion(connection, &version) < 0) {
        complain("opening", uri);
        exit(1);
    }
    return connection;
}

static char **read_lines(int *count) {
    size_t size = 0, room = 16;
    char *line = NULL, **lines = malloc(room * sizeof *lines);
    ssize_t length;
    *count = 0;
    while (lines && (length = getline(&line, &size, stdin)) >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) line[--length] = '\0';
        if (length == 0) continue;
        if ((size_t)*count == room) {
            char **more = realloc(lines, (room *= 2) * sizeof *lines);
            if (!more) die(1, "out of memory");
            lines = more;
        }
        if (!(lines[(*count)++] = strdup(line))) die(1, "out of memory");
    }
    free(line);
    if (!lines) die(1, "out of memory");
    if (*count == 0) die(64, "nothing on stdin");
    return lines;
}

static int number(const char *name, const char *text, long least, long most) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < least || value > most)
        die(64, "%s must be a number from %ld to %ld, got '%s'", name, least, most, text);
    return (int)value;
}

static int create_one(virConnectPtr connection, const char *xml) {
    virDomainPtr domain = virDomainDefineXML(connection, xml);
    int result;
    if (!domain) {
        complain("define", xml);
        return -1;
    }
    result = virDomainCreateWithFlags(domain, start_flags);
    if (result < 0) complain("start", xml);
    virDomainFree(domain);
    return result;
}

static int destroy_one(virConnectPtr connection, const char *uuid) {
    virDomainPtr domain = virDomainLookupByUUIDString(connection, uuid);
    int result = -1;
    if (!domain) {
        complain("lookup", uuid);
        return -1;
    }
    if (virDomainDestroy(domain) < 0) {
        complain("destroy", uuid);
    } else if ((result = virDomainUndefineFlags(domain, UNDEFINE_FLAGS)) < 0) {
        complain("undefine", uuid);
    }
    virDomainFree(domain);
    return result;
}

/* What became of it is asked afterwards: an error of a domain that is gone is none. */
static int clear_one(virConnectPtr connection, const char *uuid) {
    virDomainPtr domain = virDomainLookupByUUIDString(connection, uuid);
    if (!domain) return 0;
    if (virDomainDestroy(domain) < 0) virResetLastError();
    if (virDomainUndefineFlags(domain, UNDEFINE_FLAGS) < 0) virResetLastError();
    virDomainFree(domain);
    domain = virDomainLookupByUUIDString(connection, uuid);
    if (!domain) return 0;
    virDomainFree(domain);
    fprintf(stderr, "floor: %s does not go away\n", uuid);
    return -1;
}

static void *toil(void *argument) {
    struct hand *hand = argument;
    struct crew *crew = hand->crew;
    int index;
    pthread_barrier_wait(&crew->ready);
    while ((index = atomic_fetch_add(&crew->next, 1)) < crew->line_count) {
        if (crew->work(hand->connection, crew->lines[index]) < 0) atomic_fetch_add(&crew->failures, 1);
        crew->seconds[index] = now() - crew->started_at;
    }
    return NULL;
}

static int work_through(const char *uri, int threads, work_fn work) {
    struct crew crew = {.threads = threads, .work = work};
    struct hand hands[MOST_THREADS];
    double total;
    crew.lines = read_lines(&crew.line_count);
    crew.seconds = calloc((size_t)crew.line_count, sizeof *crew.seconds);
    if (!crew.seconds) die(1, "out of memory");
    crew.connection_count = (threads + CALLS_PER_CONNECTION - 1) / CALLS_PER_CONNECTION;
    for (int i = 0; i < crew.connection_count; i++) crew.connections[i] = open_connection(uri);
    pthread_barrier_init(&crew.ready, NULL, (unsigned int)threads + 1);
    for (int i = 0; i < threads; i++) {
        hands[i] = (struct hand){.crew = &crew, .connection = crew.connections[i / CALLS_PER_CONNECTION]};
        if (pthread_create(&hands[i].thread, NULL, toil, &hands[i]) != 0) die(1, "no thread to be had");
    }
    crew.started_at = now();
    pthread_barrier_wait(&crew.ready);
    for (int i = 0; i < threads; i++) pthread_join(hands[i].thread, NULL);
    total = now() - crew.started_at;
    printf("{\"threads\":%d,\"total\":%.6f,\"failed\":%d,\"seconds\":[", threads, total, atomic_load(&crew.failures));
    for (int i = 0; i < crew.line_count; i++) printf("%s%.6f", i ? "," : "", crew.seconds[i]);
    printf("]}\n");
    for (int i = 0; i < crew.connection_count; i++) virConnectClose(crew.connections[i]);
    return atomic_load(&crew.failures) ? 1 : 0;
}

static void sample_once(virDomainPtr *domains, int expected) {
    virDomainStatsRecordPtr *records = NULL;
    int count = virDomainListGetStats(domains, ALL_GROUPS, &records, 0);
    if (count < 0) {
        complain("virDomainListGetStats", "all");
        exit(1);
    }
    virDomainStatsRecordListFree(records);
    if (count != expected) die(1, "%d records for %d domains", count, expected);
}

static int sample(const char *uri, int cycles, int pause_ms) {
    int count;
    char **lines = read_lines(&count);
    virConnectPtr connection = open_connection(uri);
    virDomainPtr *domains = calloc((size_t)count + 1, sizeof *domains);
    double *wall = calloc((size_t)cycles, sizeof *wall), *own = calloc((size_t)cycles, sizeof *own);
    struct timespec pause = {pause_ms / 1000, (long)(pause_ms % 1000) * 1000000L};
    if (!domains || !wall || !own) die(1, "out of memory");
    for (int i = 0; i < count; i++) {
        if (!(domains[i] = virDomainLookupByUUIDString(connection, lines[i]))) {
            complain("lookup", lines[i]);
            return 1;
        }
    }
    sample_once(domains, count);
    for (int i = 0; i < cycles; i++) {
        double started_at, spent;
        nanosleep(&pause, NULL);
        spent = cpu();
        started_at = now();
        sample_once(domains, count);
        wall[i] = now() - started_at;
        own[i] = cpu() - spent;
    }
    printf("{\"wall\":[");
    for (int i = 0; i < cycles; i++) printf("%s%.6f", i ? "," : "", wall[i]);
    printf("],\"cpu\":[");
    for (int i = 0; i < cycles; i++) printf("%s%.6f", i ? "," : "", own[i]);
    printf("]}\n");
    for (int i = 0; i < count; i++) virDomainFree(domains[i]);
    virConnectClose(connection);
    return 0;
}

static int count_states(const char *uri) {
    int count, running = 0, paused = 0, other = 0, absent = 0;
    char **lines = read_lines(&count);
    virConnectPtr connection = open_connection(uri);
    for (int i = 0; i < count; i++) {
        int state = -1, reason;
        virDomainPtr domain = virDomainLookupByUUIDString(connection, lines[i]);
        if (!domain) {
            absent++;
            continue;
        }
        if (virDomainGetState(domain, &state, &reason, 0) < 0) virResetLastError();
        running += state == VIR_DOMAIN_RUNNING;
        paused += state == VIR_DOMAIN_PAUSED;
        other += state != VIR_DOMAIN_RUNNING && state != VIR_DOMAIN_PAUSED;
        virDomainFree(domain);
    }
    printf("{\"running\":%d,\"paused\":%d,\"other\":%d,\"absent\":%d}\n", running, paused, other, absent);
    virConnectClose(connection);
    return 0;
}

static int version(const char *uri) {
    unsigned long libvirt, qemu;
    virConnectPtr connection = open_connection(uri);
    if (virConnectGetLibVersion(connection, &libvirt) < 0 || virConnectGetVersion(connection, &qemu) < 0) {
        complain("version", uri);
        return 1;
    }
    printf("{\"libvirt\":\"%lu.%lu.%lu\",\"qemu\":\"%lu.%lu.%lu\"}\n", libvirt / 1000000, libvirt / 1000 % 1000, libvirt % 1000,
           qemu / 1000000, qemu / 1000 % 1000, qemu % 1000);
    virConnectClose(connection);
    return 0;
}

int main(int count, char **arguments) {
    const char *verb = count > 2 ? arguments[1] : "", *uri = count > 2 ? arguments[2] : "";
    if (virInitialize() < 0) die(1, "libvirt does not start");
    virSetErrorFunc(NULL, be_quiet);
    if (!strcmp(verb, "version") && count == 3) return version(uri);
    if (!strcmp(verb, "count") && count == 3) return count_states(uri);
    if (!strcmp(verb, "destroy") && count == 4)
        return work_through(uri, number("THREADS", arguments[3], 1, MOST_THREADS), destroy_one);
    if (!strcmp(verb, "clear") && count == 4)
        return work_through(uri, number("THREADS", arguments[3], 1, MOST_THREADS), clear_one);
    if (!strcmp(verb, "sample") && count == 5)
        return sample(uri, number("CYCLES", arguments[3], 1, 100000), number("PAUSE_MS", arguments[4], 0, 3600000));
    if (!strcmp(verb, "create") && count == 5) {
        if (strcmp(arguments[4], "paused") && strcmp(arguments[4], "running"))
            die(64, "the state must be paused or running, got '%s'", arguments[4]);
        start_flags = strcmp(arguments[4], "paused") ? 0 : VIR_DOMAIN_START_PAUSED;
        return work_through(uri, number("THREADS", arguments[3], 1, MOST_THREADS), create_one);
    }
    die(64, "usage: floor version|create|destroy|clear|sample|count URI ... (see the head of floor.c)");
}
