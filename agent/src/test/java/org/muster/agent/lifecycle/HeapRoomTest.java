package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeapRoomTest {
    private final List<String> set = new ArrayList<>();

    @Test
    void thousandsOfVmsHaveMoreOfTheHeapFreeUntilTheyAreGone() {
        HeapRoom room = new HeapRoom(jvm(false));

        room.vms(HeapRoom.MANY_VMS - 1);
        assertThat(set).isEmpty();
        room.vms(HeapRoom.MANY_VMS);
        room.vms(2 * HeapRoom.MANY_VMS);
        room.vms(HeapRoom.MANY_VMS - 1);
        assertThat(set).containsExactly("MaxHeapFreeRatio=85", "MinHeapFreeRatio=75");
        room.vms(HeapRoom.MANY_VMS / 2);
        assertThat(set.subList(2, set.size())).containsExactly("MinHeapFreeRatio=40", "MaxHeapFreeRatio=70");
    }

    @Test
    void theJvmHasTheseOptionsAndTakesThemInThisOrder() {
        HeapRoom room = new HeapRoom();

        room.vms(HeapRoom.MANY_VMS);
        assertThat(percent("MinHeapFreeRatio")).isEqualTo("75");
        assertThat(percent("MaxHeapFreeRatio")).isEqualTo("85");
        room.vms(0);

        assertThat(percent("MinHeapFreeRatio")).isEqualTo("40");
        assertThat(percent("MaxHeapFreeRatio")).isEqualTo("70");
    }

    @Test
    void whatAnAdminHasChosenHolds() {
        HeapRoom room = new HeapRoom(jvm(true));

        room.vms(HeapRoom.MANY_VMS);
        room.vms(0);

        assertThat(set).isEmpty();
    }

    private HeapRoom.Jvm jvm(boolean chosen) {
        return new HeapRoom.Jvm() {
            @Override
            public boolean chosen(String option) {
                return chosen && option.equals("MinHeapFreeRatio");
            }

            @Override
            public void set(String option, String value) {
                set.add(option + "=" + value);
            }
        };
    }

    @Test
    void aJvmThatHasNoSuchOptionGoesOn() {
        HeapRoom room = new HeapRoom(new HeapRoom.Jvm() {
            @Override
            public boolean chosen(String option) {
                throw new IllegalArgumentException(option);
            }

            @Override
            public void set(String option, String value) {
                throw new IllegalArgumentException(option);
            }
        });

        assertThatNoException().isThrownBy(() -> room.vms(HeapRoom.MANY_VMS));
    }

    private static String percent(String option) {
        return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .getVMOption(option)
                .getValue();
    }
}
