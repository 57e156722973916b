package org.muster.agent.create;

import java.util.UUID;

/** Domain XML for tests. */
final class Xmls {
    private Xmls() {}

    static String of(UUID id, String name) {
        return "<domain type='kvm'><name>" + name + "</name><uuid>" + id + "</uuid><memory>65536</memory>"
                + "<devices><graphics type='vnc' port='5900' listen='127.0.0.1'/></devices></domain>";
    }

    /** As the engine marks its own. */
    static String engines(UUID id, String name) {
        return "<domain type='kvm'><name>" + name + "</name><uuid>" + id + "</uuid>"
                + "<metadata xmlns:ovirt-vm='http://ovirt.org/vm/1.0'><ovirt-vm:vm/></metadata></domain>";
    }
}
