package org.muster.agent.rpc;

import java.net.InetAddress;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Which connection makes room for a new one when there are as many as may be: so that nobody who keeps connections open that
 * he does not use, or more than his share, keeps the engine out.
 *
 * <p>In this order, and of each the one that has been silent for longest: one that has said goodbye; one that asked for nothing
 * and listens to nothing, a second after its last byte; one that has not even sent a heart-beat for a minute and waits for no answer,
 * but only of the newcomer's own address if it has more than a quarter of all; one of the address that has most of them, if those are
 * more than a quarter of all and more than the newcomer's own. Decides only; immutable.
 */
final class Room {

    static final long UNUSED_NANOS = TimeUnit.SECONDS.toNanos(1); // a client that is one says at once what it wants
    static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1); // the engine asks every 15 s at least

    private static final int FAIR_PART = 4;

    /**
     * What is known of a connection.
     *
     * @param address null if it has none
     * @param waits whether something is still to be answered or read by it
     */
    record Seat<T>(T holder, InetAddress address, long lastHeardNanos, boolean used, boolean waits, boolean left) {}

    private final int limit;

    Room(int limit) {
        this.limit = limit;
    }

    /** Empty if all of them are better than the newcomer. */
    <T> Optional<T> toGive(Collection<Seat<T>> seats, InetAddress newcomer, long nowNanos) {
        Optional<InetAddress> from = Optional.ofNullable(newcomer);
        boolean many = seats.stream().filter(seat -> isFrom(seat, from)).count() > limit / FAIR_PART;
        return mostSilent(seats, Seat::left, nowNanos)
                .or(() -> mostSilent(
                        seats, seat -> !seat.used() && nowNanos - seat.lastHeardNanos() >= UNUSED_NANOS, nowNanos))
                .or(() -> mostSilent(
                        seats,
                        seat -> !seat.waits()
                                && nowNanos - seat.lastHeardNanos() >= QUIET_NANOS
                                && (!many || isFrom(seat, from)), // being many takes no place of another's
                        nowNanos))
                .or(() -> ofTheGreediest(seats, newcomer, nowNanos));
    }

    private <T> Optional<T> ofTheGreediest(Collection<Seat<T>> seats, InetAddress newcomer, long nowNanos) {
        Map<Optional<InetAddress>, Integer> counts = new HashMap<>();
        seats.forEach(seat -> counts.merge(Optional.ofNullable(seat.address()), 1, Integer::sum));
        int own = counts.getOrDefault(Optional.ofNullable(newcomer), 0);
        return counts.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .filter(most -> most.getValue() > limit / FAIR_PART && most.getValue() > own + 1)
                .flatMap(most -> mostSilent(seats, seat -> isFrom(seat, most.getKey()) && !seat.waits(), nowNanos)
                        .or(() -> mostSilent(seats, seat -> isFrom(seat, most.getKey()), nowNanos)));
    }

    private static boolean isFrom(Seat<?> seat, Optional<InetAddress> address) {
        return Optional.ofNullable(seat.address()).equals(address);
    }

    private static <T> Optional<T> mostSilent(Collection<Seat<T>> seats, Predicate<Seat<T>> eligible, long nowNanos) {
        return seats.stream()
                .filter(eligible)
                .max(Comparator.comparingLong(seat -> nowNanos - seat.lastHeardNanos()))
                .map(Seat::holder);
    }
}
