package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.HypervisorException.Kind;

/** virDomainGetCPUStats as it answers where there is a CPU controller, which test machines seldom have, and where there is none. */
class CpuTimesTest {
    private static final int PARAM = 96;

    /** A host whose CPUs with odd numbers are offline; each other was used for 10 times its number, and 1000 in all. */
    private static final class FakeDomain implements CpuTimes.Calls {
        private int cpus;
        private boolean controller = true;
        private boolean unified; // version 2
        private int state = 1;
        private int changesTo; // another number of CPUs, once they were counted
        private final List<String> asked = new ArrayList<>();
        private Kind error = Kind.FAILED;

        FakeDomain(int cpus) {
            this.cpus = cpus;
        }

        @Override
        public int cpuStats(Pointer params, int count, int startCpu, int wanted) {
            asked.add(startCpu + "+" + wanted);
            if (!controller) {
                error = Kind.WRONG_STATE;
                return -1;
            }
            if (params == null) {
                return count(startCpu, wanted);
            }
            if (unified && startCpu >= 0) {
                error = Kind.UNSUPPORTED; // the numbers of CPUs and of fields were told
                return -1;
            }
            if (startCpu + wanted > cpus) {
                error = Kind.INVALID_SPEC;
                return -1;
            }
            return startCpu < 0 ? total(params) : each(params, startCpu, wanted);
        }

        private int count(int startCpu, int wanted) {
            if (startCpu < 0) {
                return 3;
            }
            if (wanted > 0) {
                return 2;
            }
            int answer = cpus;
            cpus = changesTo > 0 ? changesTo : cpus;
            changesTo = 0;
            return answer;
        }

        private static int total(Pointer params) {
            put(params, 0, "cpu_time", 1000);
            put(params, 1, "user_time", 300);
            put(params, 2, "system_time", 100);
            return 3;
        }

        private static int each(Pointer params, int startCpu, int wanted) {
            for (int i = 0; i < wanted; i++) {
                int cpu = startCpu + i;
                if (cpu % 2 == 0) {
                    put(params, 2 * i, "cpu_time", 10L * cpu);
                    put(params, 2 * i + 1, "vcpu_time", 1);
                }
            }
            return 2;
        }

        private static void put(Pointer params, int index, String name, long value) {
            params.setString((long) index * PARAM, name);
            params.setInt((long) index * PARAM + 80, 4);
            params.setLong((long) index * PARAM + 88, value);
        }

        @Override
        public int info(Pointer info) {
            info.setByte(0, (byte) state);
            info.setLong(32, 777);
            return 0;
        }

        @Override
        public HypervisorException failure(String operation) {
            return new HypervisorException(error, 55, operation, "", "scripted", null);
        }
    }

    private final CpuTimes times = new CpuTimes();

    @Test
    void theControlGroupsAccountHasItsParts() throws Exception {
        assertThat(times.read(new FakeDomain(4)))
                .contains(new CpuTime(1000, OptionalLong.of(300), OptionalLong.of(100), true));
    }

    @Test
    void withoutAControllerTheProcessIsAskedAndTheControllerNoMore() throws Exception {
        FakeDomain domain = new FakeDomain(4);
        domain.controller = false;
        CpuTime whole = new CpuTime(777, OptionalLong.empty(), OptionalLong.empty(), false);
        for (int i = 0; i < 20; i++) {
            assertThat(times.read(domain)).contains(whole);
        }
        assertThat(domain.asked).hasSize(5);
        times.forget();
        assertThat(times.read(domain)).contains(whole);
        assertThat(domain.asked).hasSize(6);
    }

    /** It runs, by what is told of it, and has no control group yet, or none any more. */
    @Test
    void aDomainThatIsJustStartingOrDyingSaysNothingAboutTheOthers() throws Exception {
        FakeDomain starting = new FakeDomain(4);
        starting.controller = false;
        times.read(starting);
        assertThat(times.read(new FakeDomain(4)).orElseThrow().controlGroup()).isTrue();
        for (int i = 0; i < 20; i++) {
            assertThat(times.read(starting).orElseThrow().controlGroup()).isFalse();
        }
        assertThat(times.read(new FakeDomain(4)).orElseThrow().controlGroup()).isTrue();
    }

    @Test
    void aDomainThatDoesNotRunHasNoneAndSaysNothingAboutControllers() throws Exception {
        FakeDomain off = new FakeDomain(4);
        off.controller = false;
        off.state = 5;
        assertThat(times.read(off)).isEmpty();
        assertThat(times.read(new FakeDomain(4)).orElseThrow().nanos()).isEqualTo(1000);
    }

    @Test
    void everyHostCpuIsReadInPartsAndThoseOfflineHaveNothing() throws Exception {
        long[] nanos = times.byHostCpu(new FakeDomain(300));
        assertThat(nanos).hasSize(300);
        assertThat(nanos[298]).isEqualTo(2980);
        assertThat(nanos[299]).isZero();
    }

    @Test
    void cpusThatChangeBetweenCountingAndReadingAreCountedAgain() throws Exception {
        FakeDomain fewer = new FakeDomain(8);
        fewer.changesTo = 4;
        assertThat(times.byHostCpu(fewer)).hasSize(4);
        FakeDomain more = new FakeDomain(8);
        more.changesTo = 12;
        assertThat(times.byHostCpu(more)).hasSize(12);
    }

    @Test
    void aControlGroupOfVersionTwoCountsButNotByHostCpu() throws Exception {
        FakeDomain domain = new FakeDomain(4);
        domain.unified = true;

        assertThat(times.read(domain).orElseThrow().controlGroup()).isTrue();
        assertThat(catchThrowableOfType(HypervisorException.class, () -> times.byHostCpu(domain))
                        .kind())
                .isEqualTo(Kind.UNSUPPORTED);
        assertThat(times.read(domain).orElseThrow().controlGroup()).as("still").isTrue();
    }

    @Test
    void withoutAControllerThereAreNoneByHostCpu() {
        FakeDomain domain = new FakeDomain(4);
        domain.controller = false;
        assertThat(catchThrowableOfType(HypervisorException.class, () -> times.byHostCpu(domain))
                        .kind())
                .isEqualTo(Kind.UNSUPPORTED);
    }
}
