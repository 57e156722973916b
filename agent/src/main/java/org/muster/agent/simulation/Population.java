package org.muster.agent.simulation;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.muster.libvirt.DomainDetails;

/** The guests that run when a simulation begins: names, UUIDs and XML from the script. Confined to one thread. */
final class Population {
    private static final long KIB_PER_MIB = 1024;
    private static final double MILLIS = 1e3;
    private static final int MILLIS_DIGITS = 3;
    private static final double LONGEST_SECONDS = 30 * 86_400; // that a guest has run before

    private final FakeHypervisor hypervisor;
    private final long seed;
    private int number;

    Population(FakeHypervisor hypervisor, long seed) {
        this.hypervisor = hypervisor;
        this.seed = seed;
    }

    void settle(List<Script.Group> groups) {
        for (Script.Group group : groups) {
            for (int i = 0; i < group.count(); i++) {
                settle(group, group.guest(i));
            }
        }
    }

    private void settle(Script.Group group, String name) {
        UUID id = id(name);
        double age = LONGEST_SECONDS * Draws.unit(Draws.mix(seed, "age " + name));
        hypervisor.running(id, name, guest(group, id, name, age), age);
        number++;
    }

    /** A random (version 4) UUID, the same for the same seed and name. */
    private UUID id(String name) {
        long high = (Draws.mix(seed, "high " + name) & ~0xF000L) | 0x4000L;
        long low = (Draws.mix(seed, "low " + name) & ~(3L << 62)) | (1L << 63);
        return new UUID(high, low);
    }

    private GuestXml guest(Script.Group group, UUID id, String name, double age) {
        List<String> nics = new ArrayList<>();
        List<GuestShape.Disk> disks = new ArrayList<>();
        StringBuilder devices = new StringBuilder();
        for (int i = 0; i < group.disks(); i++) {
            String target = "vd" + (char) ('a' + i);
            String path = "/simulated/" + name + "-" + target + ".raw";
            disks.add(new GuestShape.Disk(target, path));
            devices.append("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='")
                    .append(path)
                    .append("'/><target dev='")
                    .append(target)
                    .append("' bus='virtio'/><alias name='ua-")
                    .append(alias(name, target))
                    .append("'/></disk>");
        }
        for (int i = 0; i < group.nics(); i++) {
            String tap = GuestXml.tap(number, i);
            nics.add(tap);
            devices.append("<interface type='bridge'><mac address='")
                    .append(mac(name, i))
                    .append("'/><source bridge='ovirtmgmt'/><target dev='")
                    .append(tap)
                    .append("'/><model type='virtio'/><alias name='ua-")
                    .append(alias(name, "nic" + i))
                    .append("'/></interface>");
        }
        devices.append(console(group.console())).append(channel(group.agent()));
        String metadata = group.ours() ? metadata(age) : "";
        long memoryKib = group.memoryMib() * KIB_PER_MIB;
        String xml = "<domain type='kvm'><name>" + name + "</name><uuid>" + id + "</uuid>" + metadata
                + "<memory unit='KiB'>" + memoryKib + "</memory><vcpu>" + group.vcpus()
                + "</vcpu><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><features><acpi/></features><devices>"
                + devices + "<memballoon model='virtio'/></devices></domain>";
        return new GuestXml(xml, new GuestShape(group.vcpus(), memoryKib, nics, disks));
    }

    /** With the note of its start, as the agent makes one when it starts a guest. */
    private static String metadata(double age) {
        BigDecimal seconds = BigDecimal.valueOf(System.currentTimeMillis() - (long) (MILLIS * age), MILLIS_DIGITS);
        return "<metadata><ovirt-vm:vm xmlns:ovirt-vm='http://ovirt.org/vm/1.0'><ovirt-vm:startTime type='float'>"
                + seconds.toPlainString() + "</ovirt-vm:startTime></ovirt-vm:vm></metadata>";
    }

    /** With another port than any other guest's; a SPICE console has only the encrypted one, as the engine makes them. */
    private String console(Script.Console console) {
        int port = GuestXml.port(number);
        return switch (console) {
            case VNC -> "<graphics type='vnc' port='" + port + "' autoport='yes' listen='0.0.0.0'/>";
            case SPICE -> "<graphics type='spice' port='-1' tlsPort='" + port + "' autoport='yes' listen='0.0.0.0'/>";
            case NONE -> "";
        };
    }

    private static String channel(boolean agent) {
        return agent
                ? "<channel type='unix'><target type='virtio' name='" + DomainDetails.AGENT_CHANNEL
                        + "' state='connected'/></channel>"
                : "";
    }

    private UUID alias(String name, String device) {
        return id(name + " " + device);
    }

    /** Locally administered. */
    private String mac(String name, int nic) {
        long bits = Draws.mix(seed, name + " mac " + nic);
        StringBuilder mac = new StringBuilder("56:6f");
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            mac.append(':').append(HexFormat.of().toHexDigits((byte) (bits >> shift)));
        }
        return mac.toString();
    }
}
