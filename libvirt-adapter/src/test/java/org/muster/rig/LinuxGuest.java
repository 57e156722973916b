package org.muster.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * A guest whose code runs: a kernel and an initramfs, up within about 3 s under TCG, with a QEMU guest agent on its
 * channel. Made by the script {@code rig/linux-guest}, which fetches Debian's packages the first time on a machine.
 *
 * <p>Immutable; each {@code with} method returns a changed copy.
 *
 * @param then what it does {@code afterSeconds} after its agent was started
 * @param agent whether the agent is started; the channel is there in any case
 */
public record LinuxGuest(String name, UUID uuid, Path kernel, Path initrd, Then then, int afterSeconds, boolean agent) {
    private static final Duration FETCH = Duration.ofMinutes(5);
    private static final int MEMORY_MIB = 160;

    /** What the guest does by itself. */
    public enum Then {
        STAY,
        REBOOT,
        POWEROFF
    }

    /** A guest that stays, with its kernel where this host's QEMU may read it. */
    public static LinuxGuest named(String name, PrivateHypervisor host) {
        Path cache = Path.of(System.getProperty("user.home"), ".cache", "muster", "linux-guest");
        Path script = PrivateHypervisor.findScript().resolveSibling("linux-guest");
        Shell.check(FETCH, List.of(script.toString(), cache.toString()));
        return new LinuxGuest(
                name,
                UUID.randomUUID(),
                copy(cache.resolve("vmlinuz"), host.directory()),
                copy(cache.resolve("initrd.gz"), host.directory()),
                Then.STAY,
                1,
                true);
    }

    private static Path copy(Path file, Path directory) {
        Path copy = directory.resolve(file.getFileName());
        try {
            if (!Files.exists(copy)) {
                Files.copy(file, copy);
            }
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Another guest of the same kernel. */
    public LinuxGuest another(String otherName) {
        return new LinuxGuest(otherName, UUID.randomUUID(), kernel, initrd, then, afterSeconds, agent);
    }

    public LinuxGuest withThen(Then value, int seconds) {
        return new LinuxGuest(name, uuid, kernel, initrd, value, seconds, agent);
    }

    public LinuxGuest withoutAgent() {
        return new LinuxGuest(name, uuid, kernel, initrd, then, afterSeconds, false);
    }

    /** The XML, as libvirt takes it for create and define. */
    public String xml() {
        return """
            <domain type='qemu'>
              <name>%s</name>
              <uuid>%s</uuid>
              <memory unit='MiB'>%d</memory>
              <vcpu>1</vcpu>
              <os><type arch='x86_64' machine='pc'>hvm</type>
                <kernel>%s</kernel><initrd>%s</initrd>
                <cmdline>console=ttyS0 quiet muster.name=%s muster.then=%s muster.after=%d muster.agent=%s</cmdline></os>
              <features><acpi/></features>
              <on_poweroff>destroy</on_poweroff>
              <on_reboot>restart</on_reboot>
              <on_crash>destroy</on_crash>
              <devices>
                <controller type='usb' model='none'/>
                <controller type='virtio-serial'/>
                <channel type='unix'><source mode='bind'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
                <serial type='pty'/>
                <memballoon model='virtio'/>
              </devices>
            </domain>
            """.formatted(
                        name,
                        uuid,
                        MEMORY_MIB,
                        kernel,
                        initrd,
                        name,
                        then.name().toLowerCase(java.util.Locale.ROOT),
                        afterSeconds,
                        agent ? "yes" : "no");
    }
}
