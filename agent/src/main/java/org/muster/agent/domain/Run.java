package org.muster.agent.domain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.GuestEvent;

/**
 * What happened to a guest since it was started, besides its status. Immutable: what happens makes a new one.
 *
 * @param phase what its guest is doing as far as one can know, while the VM is Up; 5.1 of engine-contract
 * @param phaseSince {@link EventClock}
 * @param agentExpected it has a channel for a QEMU guest agent
 * @param agentConnected its agent has that channel open
 * @param pauseCode only means something while it is paused
 * @param pausedByDisk it is paused, and by a disk that failed
 * @param diskFailure that paused it, or may be about to
 * @param clients of its consoles, the latest last
 * @param timeOffsetSeconds what the guest set its clock to, empty if it did not
 * @param watchdog the last time that its watchdog fired
 * @param endedByHost its shutdown came from outside the guest, by a signal to QEMU
 * @param endedAs why it ended, by libvirt's event
 */
public record Run(
        Phase phase,
        long phaseSince,
        boolean agentExpected,
        boolean agentConnected,
        PauseCode pauseCode,
        boolean pausedByDisk,
        Optional<GuestEvent.DiskFailed> diskFailure,
        List<Client> clients,
        OptionalLong timeOffsetSeconds,
        Optional<Watchdog> watchdog,
        boolean endedByHost,
        Optional<ShutoffReason> endedAs) {

    private static final int MOST_CLIENTS = 64; // an event lost must not make the list grow for ever

    /** How long a guest may take to show that it is up, before it is taken to be. Source: engine-contract 5.1. */
    public static final Duration BOOTS_WITHIN = Duration.ofSeconds(60);

    /** A guest of which nothing is known yet. */
    public static final Run NEW = new Run(
            Phase.RUNNING,
            0,
            false,
            false,
            PauseCode.NOERR,
            false,
            Optional.empty(),
            List.of(),
            OptionalLong.empty(),
            Optional.empty(),
            false,
            Optional.empty());

    public Run {
        clients = List.copyOf(clients);
    }

    /** Where the guest is in its own life. */
    public enum Phase {
        /** It was started and has not shown that it is up. */
        BOOTING,
        /** It was reset and has not shown that it is up again. */
        REBOOTING,
        RUNNING
    }

    /**
     * A console's client.
     *
     * @param service its port, which tells two of one address apart
     */
    public record Client(String address, String service) {}

    /** @param atSeconds wall clock, since 1970 */
    public record Watchdog(long atSeconds, String action) {}

    static Run expectingAgent(boolean expected) {
        Copy copy = new Copy(NEW);
        copy.agentExpected = expected;
        return copy.done();
    }

    /** The guest was started: one with an agent's channel is booting until the agent answers or its time is up. */
    Run started(long stamp) {
        Copy copy = new Copy(this);
        copy.phase = agentExpected && !agentConnected ? Phase.BOOTING : Phase.RUNNING;
        copy.phaseSince = stamp;
        copy.endedAs = Optional.empty();
        return copy.done();
    }

    /** What is known now of a guest that was taken in: if it was started a moment ago, its agent may still be on its way. */
    Run stillBooting(OptionalLong startedAt, long now) {
        boolean untouched = phase == Phase.RUNNING && phaseSince == 0;
        boolean recent = startedAt.isPresent() && now - startedAt.getAsLong() < BOOTS_WITHIN.toMillis();
        if (!untouched || !recent || !agentExpected || agentConnected) {
            return this;
        }
        Copy copy = new Copy(this);
        copy.phase = Phase.BOOTING;
        copy.phaseSince = startedAt.getAsLong();
        return copy.done();
    }

    /** The guest runs (again): why it was paused is over. */
    Run resumed() {
        Copy copy = new Copy(this);
        copy.pauseCode = PauseCode.NOERR;
        copy.pausedByDisk = false;
        copy.diskFailure = Optional.empty();
        copy.endedAs = Optional.empty(); // that was a life before
        return copy.done();
    }

    /** @param reason libvirt's virDomainPausedReason */
    Run paused(int reason) {
        Copy copy = new Copy(this);
        copy.pauseCode = PauseCode.of(reason, diskFailure);
        copy.pausedByDisk = reason == PauseCode.IO_ERROR;
        copy.endedAs = Optional.empty();
        return copy.done();
    }

    /** The guest is gone: of what happened to it only its clock is still told. */
    Run ended() {
        Copy copy = new Copy(NEW);
        copy.agentExpected = agentExpected;
        copy.timeOffsetSeconds = timeOffsetSeconds;
        return copy.done();
    }

    /** What the XML says of the agent's channel. */
    Run agentChannel(boolean exists, boolean connected) {
        Copy copy = new Copy(this);
        copy.agentExpected = exists;
        copy.agent(connected);
        return copy.done();
    }

    /** The time that a guest is given to show that it is up has passed, if it came to its phase before that. */
    Run upIfSince(long stamp) {
        if (phase == Phase.RUNNING || phaseSince > stamp) {
            return this;
        }
        Copy copy = new Copy(this);
        copy.phase = Phase.RUNNING;
        return copy.done();
    }

    /** @param wallSeconds since 1970 */
    Run after(GuestEvent event, long stamp, long wallSeconds) {
        Copy copy = new Copy(this);
        if (event instanceof GuestEvent.ShuttingDown down) {
            copy.endedByHost = down.byHost();
        } else if (event instanceof GuestEvent.Ended end) {
            copy.endedAs = Optional.of(end.reason());
        } else if (event instanceof GuestEvent.Rebooted) {
            copy.phase = Phase.REBOOTING;
            copy.phaseSince = stamp;
            copy.agentConnected = false; // its channel is opened anew when it is up
        } else if (event instanceof GuestEvent.ClockSet clock) {
            copy.timeOffsetSeconds = OptionalLong.of(clock.offsetSeconds());
        } else if (event instanceof GuestEvent.WatchdogFired fired) {
            copy.watchdog = Optional.of(new Watchdog(wallSeconds, fired.action()));
        } else if (event instanceof GuestEvent.DiskFailed failed) {
            copy.diskFailure = failed.pausing() ? Optional.of(failed) : diskFailure;
        } else if (event instanceof GuestEvent.ConsoleConnected client) {
            copy.clients = with(new Client(client.address(), client.service()));
        } else if (event instanceof GuestEvent.ConsoleDisconnected client) {
            copy.clients = without(new Client(client.address(), client.service()));
        } else if (event instanceof GuestEvent.AgentChanged agent) {
            copy.agentExpected = true;
            copy.agent(agent.connected());
        }
        return copy.done();
    }

    private List<Client> with(Client client) {
        List<Client> more = new ArrayList<>(without(client));
        more.add(client);
        return more.size() > MOST_CLIENTS ? more.subList(1, more.size()) : more;
    }

    private List<Client> without(Client client) {
        return clients.stream().filter(c -> !c.equals(client)).toList();
    }

    /** A run in the making, so that each change names only what it changes. */
    private static final class Copy {
        private final Run from;
        private Phase phase;
        private long phaseSince;
        private boolean agentExpected;
        private boolean agentConnected;
        private PauseCode pauseCode;
        private boolean pausedByDisk;
        private Optional<GuestEvent.DiskFailed> diskFailure;
        private List<Client> clients;
        private OptionalLong timeOffsetSeconds;
        private Optional<Watchdog> watchdog;
        private boolean endedByHost;
        private Optional<ShutoffReason> endedAs;

        Copy(Run from) {
            this.from = from;
            this.phase = from.phase;
            this.phaseSince = from.phaseSince;
            this.agentExpected = from.agentExpected;
            this.agentConnected = from.agentConnected;
            this.pauseCode = from.pauseCode;
            this.pausedByDisk = from.pausedByDisk;
            this.diskFailure = from.diskFailure;
            this.clients = from.clients;
            this.timeOffsetSeconds = from.timeOffsetSeconds;
            this.watchdog = from.watchdog;
            this.endedByHost = from.endedByHost;
            this.endedAs = from.endedAs;
        }

        private void agent(boolean connected) {
            agentConnected = connected;
            if (connected) {
                phase = Phase.RUNNING;
            }
        }

        Run done() {
            Run run = new Run(
                    phase,
                    phaseSince,
                    agentExpected,
                    agentConnected,
                    pauseCode,
                    pausedByDisk,
                    diskFailure,
                    clients,
                    timeOffsetSeconds,
                    watchdog,
                    endedByHost,
                    endedAs);
            return run.equals(from) ? from : run;
        }
    }
}
