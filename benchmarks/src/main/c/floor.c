/*
 * The floor: what libvirt itself costs, from C, with nothing around it.
 *
 * usage: floor version URI
 *        floor create  URI THREADS paused|running   domain XMLs on stdin, one a line
 *        floor destroy URI THREADS                  UUIDs on stdin, one a line
 *        floor clear   URI THREADS                  the same, for domains of which some run, some do not, some are not there
 *        floor sample  URI CYCLES PAUSE_MS          UUIDs; one bulk call a cycle, and one before that is not counted
 *        floor count   URI                          UUIDs; how many of them run, are paused, or are anything else
 *        floor watch   CYCLES INTERVAL_MS           PIDs; samples nothing for that long
 *        floor vdsm    URI CYCLES INTERVAL_MS       PIDs; samples all guests that run, as VDSM does
 *        floor threads URI CYCLES INTERVAL_MS       PIDs; the same, with a thread for each guest
 *
 * The last three tell what CPU the processes of those PIDs used from the first interval's begin to the last one's end, threads
 * that ended meanwhile included, and the program itself; one cycle before that is not counted.
 *
 * One JSON object on stdout; times in seconds. Exit codes: 0 done, 1 libvirt refused something (told on stderr), 64 usage.
 * Connections are open and have been used before the clock starts; each carries the calls of four threads at most, for
 * libvirtd serves five a connection at a time.
 */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
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

/* --- ways to sample ---------------------------------------------------------------------------------------------------- */

/* What is watched while somebody samples, and for how long. */
struct watch {
    clockid_t *clocks; /* of the processes */
    double *spent;     /* by each of them */
    int process_count;
    int cycles;
    int interval_ms;
    double own;   /* CPU of this program */
    double *wall; /* of each cycle */
};

static double cpu_of(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) < 0) die(1, "a process that is watched has ended");
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct watch read_watch(const char *cycles, const char *interval_ms) {
    struct watch watch = {.cycles = number("CYCLES", cycles, 1, 100000),
                          .interval_ms = number("INTERVAL_MS", interval_ms, 1, 3600000)};
    char **lines = read_lines(&watch.process_count);
    watch.clocks = calloc((size_t)watch.process_count, sizeof *watch.clocks);
    watch.spent = calloc((size_t)watch.process_count, sizeof *watch.spent);
    watch.wall = calloc((size_t)watch.cycles, sizeof *watch.wall);
    if (!watch.clocks || !watch.spent || !watch.wall) die(1, "out of memory");
    for (int i = 0; i < watch.process_count; i++)
        if (clock_getcpuclockid(number("PID", lines[i], 1, 1L << 30), &watch.clocks[i]) != 0)
            die(1, "there is no process %s", lines[i]);
    return watch;
}

static void sleep_until(double when) {
    struct timespec time = {(time_t)when, (long)((when - (double)(time_t)when) * 1e9)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) continue;
}

/* Calls cycle(argument, which) at the begin of each interval, and counts until the last one's end. */
static void keep_rhythm(struct watch *watch, void (*cycle)(void *, int), void *argument) {
    double interval = watch->interval_ms / 1e3, began;
    for (int i = 0; i < watch->process_count; i++) watch->spent[i] = -cpu_of(watch->clocks[i]);
    watch->own = -cpu();
    began = now();
    for (int i = 0; i < watch->cycles; i++) {
        if (cycle) cycle(argument, i);
        sleep_until(began + (i + 1) * interval); /* one that took longer has the next follow at once */
    }
    watch->own += cpu();
    for (int i = 0; i < watch->process_count; i++) watch->spent[i] += cpu_of(watch->clocks[i]);
}

static void print_list(const char *name, const double *values, int count) {
    printf("\"%s\":[", name);
    for (int i = 0; i < count; i++) printf("%s%.6f", i ? "," : "", values[i]);
    printf("]");
}

static int tell(const struct watch *watch, int threads) {
    printf("{\"threads\":%d,\"own\":%.6f,", threads, watch->own);
    print_list("processes", watch->spent, watch->process_count);
    printf(",");
    print_list("wall", watch->wall, watch->cycles);
    printf("}\n");
    return 0;
}

static int threads_now(void) {
    char line[128];
    int threads = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) die(1, "/proc/self/status cannot be read");
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "Threads: %d", &threads) == 1) break;
    fclose(status);
    return threads;
}

static virDomainPtr *running_domains(virConnectPtr connection, int *count) {
    virDomainPtr *domains;
    *count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_RUNNING);
    if (*count < 0) {
        complain("virConnectListAllDomains", "all");
        exit(1);
    }
    if (*count == 0) die(1, "no guest runs");
    return domains;
}

static int watch_only(struct watch watch) {
    keep_rhythm(&watch, NULL, NULL);
    return tell(&watch, 0);
}

/*
 * VDSM's way: every interval one of four workers makes one bulk call of all groups for all guests that run, with NOWAIT. When
 * an earlier call has not returned, or a guest is being skipped, it asks control info of every guest instead, skips for 40 s
 * those that are not ready, and makes the call for the others. Three things of VDSM's are not here: its workers that are stuck
 * are replaced, its scheduler, and what Python does with the values; so this costs less than VDSM does.
 */
#define WORKERS 4
#define SKIP_SECONDS 40
#define VDSM_FLAGS (VIR_CONNECT_GET_ALL_DOMAINS_STATS_RUNNING | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)

struct vdsm {
    virConnectPtr connection;
    virDomainPtr *domains;
    int domain_count;
    pthread_mutex_t calling; /* held during a call; who does not get it has a call that is stuck beside it */
    pthread_mutex_t lock;
    double *skipped_until; /* by domain, guarded by lock */
    double skipping_until; /* the latest of them, guarded by lock */
    sem_t due;
    sem_t done;
    atomic_int taken; /* cycles that a worker has begun */
    atomic_int end;
    double *wall;
};

static int is_skipping(struct vdsm *vdsm) {
    int skipping;
    pthread_mutex_lock(&vdsm->lock);
    skipping = vdsm->skipping_until > now();
    pthread_mutex_unlock(&vdsm->lock);
    return skipping;
}

static int is_skipped(struct vdsm *vdsm, int index) {
    int skipped;
    pthread_mutex_lock(&vdsm->lock);
    skipped = vdsm->skipped_until[index] > now();
    pthread_mutex_unlock(&vdsm->lock);
    return skipped;
}

static void skip(struct vdsm *vdsm, int index) {
    pthread_mutex_lock(&vdsm->lock);
    vdsm->skipping_until = vdsm->skipped_until[index] = now() + SKIP_SECONDS;
    pthread_mutex_unlock(&vdsm->lock);
}

/* A list of those that are ready, which virDomainListGetStats wants to end with NULL; the caller frees it. */
static virDomainPtr *ready_domains(struct vdsm *vdsm, int *count) {
    virDomainPtr *ready = calloc((size_t)vdsm->domain_count + 1, sizeof *ready);
    if (!ready) die(1, "out of memory");
    *count = 0;
    for (int i = 0; i < vdsm->domain_count; i++) {
        virDomainControlInfo info;
        if (is_skipped(vdsm, i)) continue;
        if (virDomainGetControlInfo(vdsm->domains[i], &info, 0) < 0 || info.state != VIR_DOMAIN_CONTROL_OK)
            skip(vdsm, i);
        else
            ready[(*count)++] = vdsm->domains[i];
    }
    return ready;
}

static void bulk_call(struct vdsm *vdsm) {
    virDomainStatsRecordPtr *records = NULL;
    int alone = pthread_mutex_trylock(&vdsm->calling) == 0, expected = vdsm->domain_count, count;
    if (alone && !is_skipping(vdsm)) {
        count = virConnectGetAllDomainStats(vdsm->connection, ALL_GROUPS, &records, VDSM_FLAGS);
    } else {
        virDomainPtr *ready = ready_domains(vdsm, &expected);
        count = expected ? virDomainListGetStats(ready, ALL_GROUPS, &records, VDSM_FLAGS) : 0;
        free(ready);
    }
    if (count < 0) {
        complain("the bulk call", "all");
        exit(1);
    }
    if (records) virDomainStatsRecordListFree(records);
    if (count != expected) die(1, "%d records for %d domains", count, expected);
    if (alone) pthread_mutex_unlock(&vdsm->calling);
}

static void *serve_vdsm(void *argument) {
    struct vdsm *vdsm = argument;
    for (;;) {
        double began;
        int cycle;
        while (sem_wait(&vdsm->due) < 0) continue;
        if (atomic_load(&vdsm->end)) return NULL;
        cycle = atomic_fetch_add(&vdsm->taken, 1);
        began = now();
        bulk_call(vdsm);
        if (cycle > 0) vdsm->wall[cycle - 1] = now() - began;
        sem_post(&vdsm->done);
    }
}

static void call_for_vdsm(void *argument, int cycle) {
    struct vdsm *vdsm = argument;
    (void)cycle;
    sem_post(&vdsm->due);
}

static int vdsm_way(const char *uri, struct watch watch) {
    struct vdsm vdsm = {.connection = open_connection(uri), .wall = watch.wall};
    pthread_t workers[WORKERS];
    int threads;
    vdsm.domains = running_domains(vdsm.connection, &vdsm.domain_count);
    vdsm.skipped_until = calloc((size_t)vdsm.domain_count, sizeof *vdsm.skipped_until);
    if (!vdsm.skipped_until) die(1, "out of memory");
    pthread_mutex_init(&vdsm.calling, NULL);
    pthread_mutex_init(&vdsm.lock, NULL);
    sem_init(&vdsm.due, 0, 0);
    sem_init(&vdsm.done, 0, 0);
    for (int i = 0; i < WORKERS; i++)
        if (pthread_create(&workers[i], NULL, serve_vdsm, &vdsm) != 0) die(1, "no thread to be had");
    sem_post(&vdsm.due); /* not counted */
    while (sem_wait(&vdsm.done) < 0) continue;
    keep_rhythm(&watch, call_for_vdsm, &vdsm);
    for (int i = 0; i < watch.cycles; i++)
        while (sem_wait(&vdsm.done) < 0) continue;
    threads = threads_now();
    atomic_store(&vdsm.end, 1);
    for (int i = 0; i < WORKERS; i++) sem_post(&vdsm.due);
    for (int i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
    for (int i = 0; i < vdsm.domain_count; i++) virDomainFree(vdsm.domains[i]);
    virConnectClose(vdsm.connection);
    return tell(&watch, threads);
}

/*
 * The old way: a thread for each guest, one connection for all, and a call for each kind of value of each guest (which is what
 * VDSM did up to 3.5). All threads begin a cycle at the same moment. A call that this libvirtd cannot do for the first guest is
 * left out for all of them where its values are in another call's answer too.
 */
#define NAME_ROOM 32

struct old_guest {
    virDomainPtr domain;
    char disk[NAME_ROOM];
    char nic[NAME_ROOM];
    struct old_way *way;
    pthread_t thread;
};

struct old_way {
    unsigned int usable; /* a bit for each call; set before any thread is started */
    pthread_barrier_t begin;
    pthread_barrier_t end;
    atomic_int over;
    double *wall;
};

static int ask_state(const struct old_guest *guest) {
    int state, reason;
    return virDomainGetState(guest->domain, &state, &reason, 0);
}

static int ask_info(const struct old_guest *guest) {
    virDomainInfo info;
    return virDomainGetInfo(guest->domain, &info);
}

static int ask_cpu(const struct old_guest *guest) { /* how many values there are, then the values */
    virTypedParameter values[16];
    int count = virDomainGetCPUStats(guest->domain, NULL, 0, -1, 1, 0);
    if (count <= 0 || count > 16) return -1;
    count = virDomainGetCPUStats(guest->domain, values, (unsigned int)count, -1, 1, 0);
    if (count > 0) virTypedParamsClear(values, count);
    return count;
}

static int ask_vcpus(const struct old_guest *guest) {
    virVcpuInfo vcpus[64];
    return virDomainGetVcpus(guest->domain, vcpus, 64, NULL, 0);
}

static int ask_memory(const struct old_guest *guest) {
    virDomainMemoryStatStruct values[VIR_DOMAIN_MEMORY_STAT_NR];
    return virDomainMemoryStats(guest->domain, values, VIR_DOMAIN_MEMORY_STAT_NR, 0);
}

static int ask_nic(const struct old_guest *guest) {
    virDomainInterfaceStatsStruct values;
    return virDomainInterfaceStats(guest->domain, guest->nic, &values, sizeof values);
}

static int ask_disk(const struct old_guest *guest) {
    virDomainBlockStatsStruct values;
    return virDomainBlockStats(guest->domain, guest->disk, &values, sizeof values);
}

static int ask_sizes(const struct old_guest *guest) {
    virDomainBlockInfo sizes;
    return virDomainGetBlockInfo(guest->domain, guest->disk, &sizes, 0);
}

static const struct {
    const char *name;
    int (*ask)(const struct old_guest *);
    int optional; /* virDomainGetInfo tells CPU time too: a host without the CPU controller has only that */
} OLD_CALLS[] = {
    {"virDomainGetState", ask_state, 0},        {"virDomainGetInfo", ask_info, 0},
    {"virDomainGetCPUStats", ask_cpu, 1},       {"virDomainGetVcpus", ask_vcpus, 1},
    {"virDomainMemoryStats", ask_memory, 0},    {"virDomainInterfaceStats", ask_nic, 0},
    {"virDomainBlockStats", ask_disk, 0},       {"virDomainGetBlockInfo", ask_sizes, 0},
};
#define OLD_CALL_COUNT (sizeof OLD_CALLS / sizeof *OLD_CALLS)

/* The first target's name behind the element's begin: libvirt writes <target dev='NAME'...>. */
static void find_target(const char *xml, const char *element, char *name) {
    const char *at = strstr(xml, element), *mark = "<target dev='", *end;
    if (!at || !(at = strstr(at, mark)) || !(end = strchr(at += strlen(mark), '\'')) || end - at >= NAME_ROOM)
        die(1, "a guest has no %s with a target", element);
    memcpy(name, at, (size_t)(end - at));
    name[end - at] = '\0';
}

static void find_devices(struct old_guest *guest) {
    char *xml = virDomainGetXMLDesc(guest->domain, 0);
    if (!xml) {
        complain("virDomainGetXMLDesc", virDomainGetName(guest->domain));
        exit(1);
    }
    find_target(xml, "<disk ", guest->disk);
    find_target(xml, "<interface ", guest->nic);
    free(xml);
}

static unsigned int usable_calls(const struct old_guest *guest) {
    unsigned int usable = 0;
    for (size_t i = 0; i < OLD_CALL_COUNT; i++) {
        if (OLD_CALLS[i].ask(guest) >= 0) usable |= 1u << i;
        else if (OLD_CALLS[i].optional) virResetLastError();
        else {
            complain(OLD_CALLS[i].name, virDomainGetName(guest->domain));
            exit(1);
        }
    }
    return usable;
}

static void *serve_guest(void *argument) {
    struct old_guest *guest = argument;
    struct old_way *way = guest->way;
    for (;;) {
        pthread_barrier_wait(&way->begin);
        if (atomic_load(&way->over)) return NULL;
        for (size_t i = 0; i < OLD_CALL_COUNT; i++) {
            if (!(way->usable & (1u << i)) || OLD_CALLS[i].ask(guest) >= 0) continue;
            complain(OLD_CALLS[i].name, virDomainGetName(guest->domain));
            exit(1);
        }
        pthread_barrier_wait(&way->end);
    }
}

static void old_cycle(void *argument, int cycle) {
    struct old_way *way = argument;
    double began = now();
    pthread_barrier_wait(&way->begin);
    pthread_barrier_wait(&way->end);
    if (cycle >= 0) way->wall[cycle] = now() - began;
}

static int threads_way(const char *uri, struct watch watch) {
    struct old_way way = {.wall = watch.wall};
    virConnectPtr connection = open_connection(uri);
    int count, threads;
    virDomainPtr *domains = running_domains(connection, &count);
    struct old_guest *guests = calloc((size_t)count, sizeof *guests);
    if (!guests) die(1, "out of memory");
    for (int i = 0; i < count; i++) {
        guests[i] = (struct old_guest){.domain = domains[i], .way = &way};
        find_devices(&guests[i]);
    }
    way.usable = usable_calls(&guests[0]);
    pthread_barrier_init(&way.begin, NULL, (unsigned int)count + 1);
    pthread_barrier_init(&way.end, NULL, (unsigned int)count + 1);
    for (int i = 0; i < count; i++)
        if (pthread_create(&guests[i].thread, NULL, serve_guest, &guests[i]) != 0) die(1, "no thread to be had");
    old_cycle(&way, -1); /* not counted */
    keep_rhythm(&watch, old_cycle, &way);
    threads = threads_now();
    atomic_store(&way.over, 1);
    pthread_barrier_wait(&way.begin);
    for (int i = 0; i < count; i++) {
        pthread_join(guests[i].thread, NULL);
        virDomainFree(domains[i]);
    }
    virConnectClose(connection);
    return tell(&watch, threads);
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
    if (!strcmp(verb, "watch") && count == 4) return watch_only(read_watch(arguments[2], arguments[3]));
    if (!strcmp(verb, "vdsm") && count == 5) return vdsm_way(uri, read_watch(arguments[3], arguments[4]));
    if (!strcmp(verb, "threads") && count == 5) return threads_way(uri, read_watch(arguments[3], arguments[4]));
    if (!strcmp(verb, "create") && count == 5) {
        if (strcmp(arguments[4], "paused") && strcmp(arguments[4], "running"))
            die(64, "the state must be paused or running, got '%s'", arguments[4]);
        start_flags = strcmp(arguments[4], "paused") ? 0 : VIR_DOMAIN_START_PAUSED;
        return work_through(uri, number("THREADS", arguments[3], 1, MOST_THREADS), create_one);
    }
    die(64, "usage: floor version|create|destroy|clear|sample|count|watch|vdsm|threads ... (see the head of floor.c)");
}
