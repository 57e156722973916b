package org.muster.agent.create;

import java.util.Locale;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Registered;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * A phase of a create in a recording of the JVM's flight recorder. All phases of a create come together when it has ended, whatever
 * became of it: an event's own time cannot be set back, so each has its length in a field.
 *
 * <p>Registered only while somebody records, like libvirt's calls.
 */
@Name(CreatePhaseEvent.NAME)
@Label("Phase of a create")
@Category("Muster")
@Registered(false)
@StackTrace(false)
public final class CreatePhaseEvent extends Event {
    /** As a recording's settings call it. */
    public static final String NAME = "org.muster.CreatePhase";

    @Label("VM")
    @Description("its UUID")
    String vmId;

    @Label("Name")
    String name;

    @Label("Batch")
    String batchId;

    @Label("Class")
    String createClass;

    @Label("State")
    @Description("how the create ended")
    String state;

    @Label("Phase")
    @Description("as Host.getCreateStats calls it; queueWait is the wait for the limiter")
    String phase;

    @Label("Length")
    @Timespan(Timespan.NANOSECONDS)
    long length;

    /** Tells of all phases of a create, if somebody records. */
    static void tell(CreateRecord end) {
        if (!new CreatePhaseEvent().isEnabled()) {
            return;
        }
        end.phaseNanos().forEach((phase, nanos) -> {
            CreatePhaseEvent event = new CreatePhaseEvent();
            event.vmId = end.id().toString();
            event.name = end.name();
            event.batchId = end.batchId();
            event.createClass = end.createClass().name();
            event.state = end.state().name();
            event.phase = word(phase);
            event.length = nanos;
            event.commit();
        });
    }

    private static String word(Phase phase) {
        String[] words = phase.name().toLowerCase(Locale.ROOT).split("_", -1);
        StringBuilder word = new StringBuilder(words[0]);
        for (int i = 1; i < words.length; i++) {
            word.append(Character.toUpperCase(words[i].charAt(0))).append(words[i], 1, words[i].length());
        }
        return word.toString();
    }
}
