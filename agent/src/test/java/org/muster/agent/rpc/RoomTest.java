package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RoomTest {

    private static final long NOW = TimeUnit.HOURS.toNanos(3);
    private static final InetAddress ENGINE = address(1);
    private static final InetAddress OTHER = address(2);

    private final Room room = new Room(8);
    private final List<Room.Seat<String>> seats = new ArrayList<>();

    @Test
    void thoseInUseStay() {
        seat("a", ENGINE, 59_999, true, false);
        seat("b", ENGINE, 3_600_000, true, true);

        assertThat(room.toGive(seats, ENGINE, NOW)).isEmpty();
    }

    @Test
    void whoHasSaidGoodbyeGoesFirst() {
        seat("unused", OTHER, 5_000, false, false);
        seats.add(new Room.Seat<>("left", ENGINE, NOW, true, true, true));

        assertThat(room.toGive(seats, ENGINE, NOW)).contains("left");
    }

    @Test
    void theMostSilentOfTheUnusedGoesButNotWhoHasJustCome() {
        seat("quiet", OTHER, 61_000, true, false);
        seat("new", OTHER, 999, false, false);
        assertThat(room.toGive(seats, ENGINE, NOW)).contains("quiet");
        seat("younger", OTHER, 1_000, false, false);
        seat("older", OTHER, 1_001, false, false);
        assertThat(room.toGive(seats, ENGINE, NOW)).contains("older");
    }

    @Test
    void whoIsSilentForAMinuteGoesUnlessItWaitsForAnAnswer() {
        seat("waits", OTHER, 120_000, true, true);
        assertThat(room.toGive(seats, ENGINE, NOW)).isEmpty();
        seat("silent", OTHER, 60_000, true, false);
        assertThat(room.toGive(seats, ENGINE, NOW)).contains("silent");
    }

    @Test
    void whoHasManyTakesNoQuietPlaceOfAnothers() {
        seat("listens", ENGINE, 3_600_000, true, false);
        for (int i = 0; i < 7; i++) {
            seat("leaks" + i, OTHER, 30_000, true, false);
        }
        assertThat(room.toGive(seats, OTHER, NOW)).isEmpty();
        seat("leaked", OTHER, 61_000, true, false);
        assertThat(room.toGive(seats, OTHER, NOW)).contains("leaked");
    }

    @Test
    void oneAddressCannotKeepOthersOutWithConnectionsThatItUses() {
        for (int i = 0; i < 6; i++) {
            seat("busy" + i, OTHER, i, true, i == 5);
        }
        seat("mine", ENGINE, 30_000, true, false);
        assertThat(room.toGive(seats, ENGINE, NOW)).contains("busy4");
        assertThat(room.toGive(seats, null, NOW)).contains("busy4");
        assertThat(room.toGive(seats, OTHER, NOW))
                .as("its own share is used up")
                .isEmpty();
    }

    @Test
    void nobodyGoesWhereTheSharesAreEven() {
        for (int i = 0; i < 4; i++) {
            seat("a" + i, ENGINE, i, true, false);
            seat("b" + i, OTHER, i, true, false);
        }
        assertThat(room.toGive(seats, ENGINE, NOW)).isEmpty();
        seats.removeIf(seat -> seat.address().equals(OTHER));
        assertThat(room.toGive(seats, OTHER, NOW)).contains("a3");
        assertThat(room.toGive(seats.subList(0, 2), OTHER, NOW))
                .as("a quarter of eight")
                .isEmpty();
    }

    private void seat(String holder, InetAddress address, long silentMillis, boolean used, boolean waits) {
        seats.add(new Room.Seat<>(
                holder, address, NOW - TimeUnit.MILLISECONDS.toNanos(silentMillis), used, waits, false));
    }

    private static InetAddress address(int last) {
        try {
            return InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last});
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
