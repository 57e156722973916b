package org.muster.bench;

import java.util.UUID;

/** What a benchmark's guests look like: the smallest that show the thing. Emulated, for nested KVM is slower and noisier. */
enum GuestShape {
    /** No disk, no NIC, never run. */
    PAUSED(true, ""),
    /** A disk whose boot sector halts the CPU, and a NIC; running. */
    RUNNING(false, """
            <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>\
            <target dev='vda' bus='virtio'/></disk>\
            <interface type='ethernet'><model type='virtio'/></interface>""");

    private static final String DOMAIN = """
            <domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>%d</memory><vcpu>1</vcpu>\
            <os><type arch='x86_64' machine='pc'>hvm</type></os>\
            <devices>%s<controller type='usb' model='none'/><memballoon model='%s'/></devices></domain>""";

    private static final int MIB = 32;
    private static final int LEAST_MIB = 8;

    private final boolean paused;
    private final String devices;

    GuestShape(boolean paused, String devices) {
        this.paused = paused;
        this.devices = devices;
    }

    /** Whether the guests are started paused. */
    boolean paused() {
        return paused;
    }

    /** In file names and metrics. */
    String word() {
        return paused ? "paused" : "running";
    }

    String about() {
        return paused ? "paused and bare" : "running, with a disk and a NIC";
    }

    boolean hasDisk() {
        return this == RUNNING;
    }

    /** How the floor and libvirt name the state in which they are when started. */
    String state() {
        return paused ? "paused" : "running";
    }

    /** For a bulk of guests without disks, so small that a thousand are promised their memory on a machine of 16 GiB. */
    String template() {
        return DOMAIN.formatted("${name}", "${vmId}", LEAST_MIB, "", "none");
    }

    /** @param disk the guest's image, ignored where there is none */
    Guest guest(UUID id, String name, String disk) {
        String balloon = hasDisk() ? "virtio" : "none";
        return new Guest(id, name, DOMAIN.formatted(name, id, MIB, devices.formatted(disk), balloon));
    }
}
