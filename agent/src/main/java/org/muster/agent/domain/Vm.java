package org.muster.agent.domain;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * One VM as it was at one moment. Immutable: a change makes a new one.
 *
 * @param life tells two VMs that had the same UUID apart
 * @param statusTime when it came to its status, {@link EventClock}
 * @param statusReason why it is still in its status, for a person; empty mostly
 * @param exit only when Down
 * @param external not made by us or the engine: reported, never touched
 * @param destroying a destroy is under way: not sampled any more, and told as powering down if it runs
 * @param givenUp it took too long to start: it is not started any more, and ended should it come up
 * @param startedAt {@link EventClock}, which a step of the wall clock does not change; empty before it ran, and for a
 *     guest that somebody else started
 * @param run what happened to its guest since
 * @param acceptedXml as it is to be given to libvirt, but for what only the host has; empty once libvirt's own is known, and for
 *     a guest that somebody else started
 * @param live empty until libvirt was asked
 */
public record Vm(
        UUID id,
        String name,
        long life,
        VmStatus status,
        long statusTime,
        String statusReason,
        Optional<ExitInfo> exit,
        boolean launchPaused,
        boolean external,
        boolean destroying,
        boolean givenUp,
        OptionalLong startedAt,
        Run run,
        String acceptedXml,
        Optional<LiveXml> live) {

    static Vm accepted(UUID id, String name, long life, long stamp, boolean launchPaused, Run run) {
        return new Vm(
                id,
                name,
                life,
                VmStatus.WAIT_FOR_LAUNCH,
                stamp,
                "",
                Optional.empty(),
                launchPaused,
                false,
                false,
                false,
                OptionalLong.empty(),
                run,
                "",
                Optional.empty());
    }

    Vm withAcceptedXml(String xml) {
        Copy copy = new Copy(this);
        copy.acceptedXml = xml;
        return copy.done();
    }

    Vm with(VmStatus newStatus, long stamp) {
        Copy copy = new Copy(this);
        copy.status = newStatus;
        copy.statusTime = Math.max(stamp, statusTime);
        copy.statusReason = "";
        copy.givenUp = false;
        copy.exit = Optional.empty();
        return copy.done();
    }

    Vm down(ExitInfo why, long stamp) {
        Copy copy = new Copy(with(VmStatus.DOWN, stamp));
        copy.exit = Optional.of(why);
        copy.run = run.ended();
        return copy.done();
    }

    Vm withStart(OptionalLong stamp) {
        Copy copy = new Copy(this);
        copy.startedAt = stamp;
        return copy.done();
    }

    /** Something happened to the guest; its status is as it was. */
    Vm withRun(Run newRun, long stamp) {
        Copy copy = new Copy(this);
        copy.run = newRun;
        copy.statusTime = Math.max(stamp, statusTime);
        return copy.done();
    }

    Vm withReason(String reason) {
        Copy copy = new Copy(this);
        copy.statusReason = reason;
        return copy.done();
    }

    Vm withDestroying(boolean now, long stamp) {
        Copy copy = new Copy(this);
        copy.destroying = now;
        copy.statusTime = Math.max(stamp, statusTime);
        return copy.done();
    }

    Vm withGivenUp() {
        Copy copy = new Copy(this);
        copy.givenUp = true;
        return copy.done();
    }

    Vm withLive(LiveXml xml) {
        Copy copy = new Copy(this);
        copy.live = Optional.of(xml);
        copy.acceptedXml = "";
        return copy.done();
    }

    Vm asExternal(boolean now) {
        Copy copy = new Copy(this);
        copy.external = now;
        return copy.done();
    }

    /** A VM in the making, so that each change names only what it changes. */
    private static final class Copy {
        private final Vm from;
        private VmStatus status;
        private long statusTime;
        private String statusReason;
        private Optional<ExitInfo> exit;
        private boolean external;
        private boolean destroying;
        private boolean givenUp;
        private OptionalLong startedAt;
        private Run run;
        private String acceptedXml;
        private Optional<LiveXml> live;

        Copy(Vm from) {
            this.from = from;
            this.status = from.status;
            this.statusTime = from.statusTime;
            this.statusReason = from.statusReason;
            this.exit = from.exit;
            this.external = from.external;
            this.destroying = from.destroying;
            this.givenUp = from.givenUp;
            this.startedAt = from.startedAt;
            this.run = from.run;
            this.acceptedXml = from.acceptedXml;
            this.live = from.live;
        }

        Vm done() {
            return new Vm(
                    from.id,
                    from.name,
                    from.life,
                    status,
                    statusTime,
                    statusReason,
                    exit,
                    from.launchPaused,
                    external,
                    destroying,
                    givenUp,
                    startedAt,
                    run,
                    acceptedXml,
                    live);
        }
    }

    /** True when there is a guest to take samples of. */
    public boolean sampled() {
        return status.running() && !destroying;
    }
}
