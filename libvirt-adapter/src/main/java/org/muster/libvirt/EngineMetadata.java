package org.muster.libvirt;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.muster.libvirt.DomainXml.Problem;

/**
 * What the engine, and the host in the engine's names, keep in a domain's metadata. Immutable.
 *
 * <p>A value that cannot be read is as if it were absent and is named in {@code problems}: a create is refused for it, a
 * domain that runs is reported without it.
 *
 * @param present false if there are no metadata of the engine's; everything else is then absent
 * @param minGuaranteedMemoryMib lower bound for the balloon, an EiB at most; may be more than the guest has
 * @param clusterVersion such as 4.8; empty if absent
 * @param custom the VM's custom properties
 * @param ballooningEnabled empty if the engine does not say
 * @param cpuPolicy one of {@link #CPU_POLICIES}; none if absent
 * @param devices in the document's order
 */
public record EngineMetadata(
        boolean present,
        OptionalLong minGuaranteedMemoryMib,
        String clusterVersion,
        Map<String, String> custom,
        boolean launchPaused,
        ResumeBehavior resumeBehavior,
        Optional<Boolean> ballooningEnabled,
        String cpuPolicy,
        List<Device> devices,
        Qos qos,
        HostNotes notes,
        List<Problem> problems) {

    /** What the engine may ask for under {@code cpuPolicy}. */
    public static final List<String> CPU_POLICIES =
            List.of("none", "manual", "dedicated", "isolate-threads", "siblings");

    /** What to do with a guest that was paused by an I/O error when its storage is back. */
    public enum ResumeBehavior {
        AUTO_RESUME("auto_resume"),
        LEAVE_PAUSED("leave_paused"),
        /** Destroyed when it was paused for more than 80 s. */
        KILL("kill");

        private final String word;

        ResumeBehavior(String word) {
            this.word = word;
        }

        /** As the metadata have it. */
        public String word() {
            return word;
        }
    }

    /**
     * Metadata of one device, found by what it was stored with: disks by {@code name}, NICs by {@code alias} and
     * {@code mac_address}, mediated devices by {@code uuid}.
     *
     * @param devtype disk, hostdev or what else the engine wrote; empty for a NIC
     * @param keys all attributes but devtype
     * @param values elements that hold text, such as imageID or network
     * @param groups elements that hold elements, such as custom or portMirroring; of equal names the last one
     * @param payload files for an image that the host makes
     */
    public record Device(
            String devtype,
            Map<String, String> keys,
            Map<String, String> values,
            Map<String, Map<String, String>> groups,
            Optional<Payload> payload) {

        /** An attribute such as name, alias or mac_address; empty if absent. */
        public String key(String name) {
            return keys.getOrDefault(name, "");
        }

        /** The text of an element such as imageID; empty if absent. */
        public String value(String name) {
            return values.getOrDefault(name, "");
        }

        /** True for a disk of that target name. */
        public boolean isDisk(String target) {
            return devtype.equals("disk") && key("name").equals(target);
        }
    }

    /**
     * The files of a cloud-init or sysprep image.
     *
     * @param volumeLabel empty if the engine gave none
     */
    public record Payload(String volumeLabel, List<File> files) {
        /** @param base64 the content, not decoded yet */
        public record File(String path, String base64) {}
    }

    /**
     * Policies of the namespace ovirt-tune.
     *
     * @param vcpuLimitPercent upper bound of the guest's CPU time
     * @param ioTune XML text of the element ioTune, empty if there is none
     */
    public record Qos(OptionalInt vcpuLimitPercent, String ioTune) {
        static final Qos NONE = new Qos(OptionalInt.empty(), "");
    }

    /**
     * What a host stores there so that its next agent, or another one, knows it.
     *
     * @param startTimeSeconds wall clock, seconds since 1970
     * @param pauseTimeSeconds when it was paused by an I/O error, on the clock of whoever wrote it
     * @param guestAgentApiVersion empty if absent
     * @param destroyOnReboot the engine sent {@code <on_reboot>destroy}: a guest that reboots is to go Down
     * @param memGuaranteedMib what the balloon must not go below, as set by policy; bounded likewise
     * @param balloonTargetKib last target of the balloon
     * @param exit of a VM that is Down and was not destroyed by the engine yet
     * @param manuallyPinnedCpus vCPUs with pins of their own at the first start; empty if absent
     * @param jobs JSON text, empty if absent
     * @param snapshotJob JSON text, empty if absent
     */
    public record HostNotes(
            OptionalDouble startTimeSeconds,
            OptionalDouble pauseTimeSeconds,
            String guestAgentApiVersion,
            boolean destroyOnReboot,
            OptionalLong memGuaranteedMib,
            OptionalLong balloonTargetKib,
            Optional<Exit> exit,
            String manuallyPinnedCpus,
            String jobs,
            String snapshotJob) {

        static final HostNotes NONE = new HostNotes(
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                "",
                false,
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                "",
                "",
                "");
    }

    /** How a VM ended. Numbers: engine-contract 5.2. */
    public record Exit(int code, int reason, String message) {}

    static final EngineMetadata ABSENT = new EngineMetadata(
            false,
            OptionalLong.empty(),
            "",
            Map.of(),
            false,
            ResumeBehavior.AUTO_RESUME,
            Optional.empty(),
            "none",
            List.of(),
            Qos.NONE,
            HostNotes.NONE,
            List.of());

    /** Metadata of the disk with that target name. */
    public Optional<Device> disk(String target) {
        return devices.stream().filter(device -> device.isDisk(target)).findFirst();
    }

    /** Metadata of a NIC, by its alias, else by its MAC address in any case. */
    public Optional<Device> nic(String alias, String mac) {
        Optional<Device> byAlias = devices.stream()
                .filter(device ->
                        !alias.isEmpty() && alias.equals(device.key("alias")) && !device.devtype.equals("disk"))
                .findFirst();
        return byAlias.or(() -> devices.stream()
                .filter(device -> !mac.isEmpty() && mac.equalsIgnoreCase(device.key("mac_address")))
                .findFirst());
    }
}
