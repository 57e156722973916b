package org.muster.libvirt;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.muster.libvirt.HypervisorException.Kind;

/**
 * Reads CPU times that need no monitor: from the CPU controller of the domain's control group where there is one, else of its
 * process. Bulk statistics have theirs from the same place, so both go on one from the other.
 *
 * <p>Thread-safe; blocks only on the domain's lock.
 */
final class CpuTimes {
    private static final int PARAM_BYTES = 96; // struct virTypedParameter
    private static final int ALL_CPUS = -1;
    private static final int CPUS_A_CALL = 128; // REMOTE_DOMAIN_GET_CPU_STATS_NCPUS_MAX
    private static final int TRIES = 3;
    private static final int INFO_BYTES = 40; // struct virDomainInfo
    private static final int INFO_CPU_TIME = 32;
    private static final int READINGS_WITHOUT = 5;
    // RUNNING, BLOCKED, PAUSED, SHUTDOWN (under way), PMSUSPENDED
    private static final Set<Integer> ALIVE = Set.of(1, 2, 3, 4, 7);

    private final AtomicInteger without =
            new AtomicInteger(); // running domains without a controller, as long as none has had one
    private volatile boolean counted; // some domain has had one, since forget

    /** virDomainGetCPUStats and virDomainGetInfo of one domain. */
    interface Calls {
        int cpuStats(Pointer params, int count, int startCpu, int cpus);

        int info(Pointer info);

        HypervisorException failure(String operation);
    }

    /** Another libvirtd may have what the last one had not. */
    void forget() {
        counted = false;
        without.set(0);
    }

    /** Empty if the domain does not run. */
    Optional<CpuTime> read(Calls domain) throws HypervisorException {
        // one that is just being started, or dies, runs and has no control group either: that says nothing about the
        // others
        boolean controller = counted || without.get() < READINGS_WITHOUT;
        if (controller) {
            Optional<CpuTime> time = ofControlGroup(domain);
            if (time.isPresent()) {
                counted = true;
                return time;
            }
        }
        Optional<CpuTime> time = ofProcess(domain);
        if (controller && time.isPresent()) {
            without.incrementAndGet();
        }
        return time;
    }

    private static Optional<CpuTime> ofControlGroup(Calls domain) throws HypervisorException {
        for (int i = 0; i < TRIES; i++) {
            int fields = domain.cpuStats(null, 0, ALL_CPUS, 1);
            if (fields < 0) {
                return without(domain);
            }
            Optional<Map<String, Object>> values = read(domain, fields, ALL_CPUS);
            if (values.isPresent()) {
                return Optional.ofNullable((Long) values.get().get("cpu_time"))
                        .map(nanos -> new CpuTime(
                                nanos,
                                optional(values.get().get("user_time")),
                                optional(values.get().get("system_time")),
                                true));
            }
        }
        return Optional.empty();
    }

    private static OptionalLong optional(Object value) {
        return value instanceof Long number ? OptionalLong.of(number) : OptionalLong.empty();
    }

    /** Empty if the number of fields has changed meanwhile, so that they have to be counted again. */
    private static Optional<Map<String, Object>> read(Calls domain, int fields, int cpu) throws HypervisorException {
        if (fields == 0) {
            return Optional.of(Map.of());
        }
        try (Memory params = new Memory((long) fields * PARAM_BYTES)) {
            params.clear();
            int got = domain.cpuStats(params, fields, cpu, 1);
            if (got < 0) {
                HypervisorException e = domain.failure("virDomainGetCPUStats");
                if (e.kind() == Kind.INVALID_SPEC) {
                    return Optional.empty();
                }
                throw e;
            }
            return Optional.of(TypedParams.read(params, Math.min(got, fields)));
        }
    }

    private static <T> Optional<T> without(Calls domain) throws HypervisorException {
        HypervisorException e = domain.failure("virDomainGetCPUStats");
        if (e.kind() == Kind.WRONG_STATE || e.kind() == Kind.UNSUPPORTED) {
            return Optional.empty(); // no such controller, or the domain does not run: the next call tells which
        }
        throw e;
    }

    private static Optional<CpuTime> ofProcess(Calls domain) throws HypervisorException {
        try (Memory info = new Memory(INFO_BYTES)) {
            if (domain.info(info) < 0) {
                throw domain.failure("virDomainGetInfo");
            }
            return ALIVE.contains((int) info.getByte(0))
                    ? Optional.of(
                            new CpuTime(info.getLong(INFO_CPU_TIME), OptionalLong.empty(), OptionalLong.empty(), false))
                    : Optional.empty();
        }
    }

    /**
     * CPU time on each of the host's CPUs, those included that are offline.
     *
     * <p>The CPUs are counted first and read then, and may have changed in between: then all is done again.
     *
     * @throws HypervisorException UNSUPPORTED where no control group counts, or one of version 2, which does not tell them apart
     */
    long[] byHostCpu(Calls domain) throws HypervisorException {
        for (int i = 0; i < TRIES; i++) {
            int cpus = domain.cpuStats(null, 0, 0, 0);
            int fields = cpus < 0 ? cpus : domain.cpuStats(null, 0, 0, 1);
            if (fields < 0) {
                HypervisorException e = domain.failure("virDomainGetCPUStats");
                throw e.kind() == Kind.WRONG_STATE ? unsupported(e) : e;
            }
            long[] nanos = new long[cpus];
            if (readAll(domain, nanos, fields)) {
                return nanos;
            }
        }
        throw new HypervisorException(
                Kind.BUSY, 0, "virDomainGetCPUStats", "", "the host's CPUs change all the time", null);
    }

    private static HypervisorException unsupported(HypervisorException e) {
        return new HypervisorException(Kind.UNSUPPORTED, e.number(), e.operation(), e.domain(), e.getMessage(), e);
    }

    /** False if there are other CPUs than were counted. */
    private static boolean readAll(Calls domain, long[] nanos, int fields) throws HypervisorException {
        Arrays.fill(nanos, 0);
        for (int start = 0; start < nanos.length; start += CPUS_A_CALL) {
            int cpus = Math.min(CPUS_A_CALL, nanos.length - start);
            try (Memory params = new Memory((long) cpus * fields * PARAM_BYTES)) {
                params.clear();
                int got = domain.cpuStats(params, fields, start, cpus);
                if (got < 0) {
                    HypervisorException e = domain.failure("virDomainGetCPUStats");
                    if (e.kind() == Kind.INVALID_SPEC) {
                        return false;
                    }
                    throw e;
                }
                for (int i = 0; i < cpus; i++) {
                    Pointer one = params.share((long) i * fields * PARAM_BYTES);
                    // of a CPU that is offline nothing is filled in
                    int filled = one.getByte(0) == 0 ? 0 : Math.min(got, fields);
                    nanos[start + i] = (Long) TypedParams.read(one, filled).getOrDefault("cpu_time", 0L);
                }
            }
        }
        return domain.cpuStats(null, 0, 0, 0) == nanos.length;
    }
}
