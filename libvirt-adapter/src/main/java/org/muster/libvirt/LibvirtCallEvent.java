package org.muster.libvirt;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Registered;
import jdk.jfr.StackTrace;

/**
 * A libvirt call in a recording of the JVM's flight recorder, from before it was made until it returned. Confined to the call's thread.
 *
 * <p>Registered only while somebody records: that costs 0.2 s, which no start of ours should pay.
 */
@Name(LibvirtCallEvent.NAME)
@Label("libvirt call")
@Category("Muster")
@Registered(false)
@StackTrace(false)
public final class LibvirtCallEvent extends Event {
    /** As a recording's settings call it. */
    public static final String NAME = "org.muster.LibvirtCall";

    @Label("Role")
    @Description("of the connection: create, vm, stats, ...")
    final String role;

    @Label("Operation")
    final String operation;

    @Label("Domain")
    @Description("its UUID; empty for a call about none")
    final String domain;

    @Label("Failed")
    boolean failed;

    private LibvirtCallEvent(String role, String operation, String domain) {
        this.role = role;
        this.operation = operation;
        this.domain = domain;
    }

    /** Begins one; null while nobody records. */
    static LibvirtCallEvent begun(String role, String operation, String domain) {
        LibvirtCallEvent event = new LibvirtCallEvent(role, operation, domain);
        if (!event.isEnabled()) {
            return null;
        }
        event.begin();
        return event;
    }

    void over(boolean nowFailed) {
        failed = nowFailed;
        commit();
    }
}
