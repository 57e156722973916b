package org.muster.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Domain XML of the smallest guest that libvirt 9.0 accepts and QEMU runs: no video, no USB, no balloon.
 *
 * <p>Immutable; each {@code with} method returns a changed copy. Defaults: a random UUID, 32 MiB, one vCPU, machine
 * {@code pc}, emulated by TCG because that needs no /dev/kvm and under nested KVM is even faster; no disk, no NIC.
 *
 * @param kvm whether the domain's type is {@code kvm}, else {@code qemu}
 * @param disk a raw image for a virtio disk {@code vda}, or null
 * @param nic whether there is one virtio NIC with a tap device of libvirt's choice, which has counters but no network
 * @param balloon whether there is a memory balloon, with statistics every second
 * @param emulator the QEMU binary or a wrapper of it, or null for libvirt's choice
 */
public record GuestXml(
        String name,
        UUID uuid,
        int memoryMib,
        int vcpuCount,
        boolean kvm,
        Path disk,
        boolean nic,
        boolean balloon,
        Path emulator) {

    /** A guest with the defaults. */
    public static GuestXml named(String name) {
        return new GuestXml(name, UUID.randomUUID(), 32, 1, false, null, false, false, null);
    }

    public GuestXml withUuid(UUID value) {
        return new GuestXml(name, value, memoryMib, vcpuCount, kvm, disk, nic, balloon, emulator);
    }

    public GuestXml withMemoryMib(int value) {
        return new GuestXml(name, uuid, value, vcpuCount, kvm, disk, nic, balloon, emulator);
    }

    public GuestXml withVcpuCount(int value) {
        return new GuestXml(name, uuid, memoryMib, value, kvm, disk, nic, balloon, emulator);
    }

    public GuestXml withKvm() {
        return new GuestXml(name, uuid, memoryMib, vcpuCount, true, disk, nic, balloon, emulator);
    }

    public GuestXml withDisk(Path value) {
        return new GuestXml(name, uuid, memoryMib, vcpuCount, kvm, value, nic, balloon, emulator);
    }

    public GuestXml withNic() {
        return new GuestXml(name, uuid, memoryMib, vcpuCount, kvm, disk, true, balloon, emulator);
    }

    public GuestXml withBalloon() {
        return new GuestXml(name, uuid, memoryMib, vcpuCount, kvm, disk, nic, true, emulator);
    }

    public GuestXml withEmulator(Path value) {
        return new GuestXml(name, uuid, memoryMib, vcpuCount, kvm, disk, nic, balloon, value);
    }

    /** The XML, as libvirt takes it for create and define. */
    public String xml() {
        return """
            <domain type='%s'>
              <name>%s</name>
              <uuid>%s</uuid>
              <memory unit='MiB'>%d</memory>
              <vcpu>%d</vcpu>
              <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
              <features><acpi/></features>
              <on_poweroff>destroy</on_poweroff>
              <on_reboot>restart</on_reboot>
              <on_crash>destroy</on_crash>
              <devices>
            %s    <controller type='usb' model='none'/>
              </devices>
            </domain>
            """.formatted(kvm ? "kvm" : "qemu", escaped(name), uuid, memoryMib, vcpuCount, devices());
    }

    /** Writes the XML to {@code NAME.xml} in a directory, for {@code virsh create FILE}. */
    public Path writeTo(Path directory) {
        try {
            return Files.writeString(directory.resolve(name + ".xml"), xml());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String devices() {
        var devices = new StringBuilder();
        if (emulator != null) {
            devices.append("    <emulator>%s</emulator>%n".formatted(escaped(emulator.toString())));
        }
        if (disk != null) {
            // No cache settings of ours: O_DIRECT would not work on every file system a test uses.
            devices.append("""
                    <disk type='file' device='disk'>
                      <driver name='qemu' type='raw'/>
                      <source file='%s'/>
                      <target dev='vda' bus='virtio'/>
                    </disk>
                """.formatted(escaped(disk.toString())));
        }
        if (nic) {
            // No boot ROM: the guest would try the network before it gives up, and cost CPU doing so.
            devices.append("""
                    <interface type='ethernet'>
                      <model type='virtio'/>
                      <rom enabled='no'/>
                    </interface>
                """);
        }
        devices.append(
                balloon
                        ? "    <memballoon model='virtio'><stats period='1'/></memballoon>\n"
                        : "    <memballoon model='none'/>\n");
        return devices.toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;");
    }
}
