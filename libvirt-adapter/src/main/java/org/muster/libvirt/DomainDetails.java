package org.muster.libvirt;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.muster.libvirt.EngineMetadata.ResumeBehavior;
import org.w3c.dom.Element;

/**
 * What a domain's XML tells of its guest, read once per XML. What the XML does not have is empty; nothing here fails.
 * Immutable.
 *
 * @param hash changes when the devices do, or the guest's names of its disks, and not with what differs from run to run (a
 *     pty, a port, a connected channel)
 * @param kvm false for an emulated guest
 * @param machine what it runs on
 * @param agentChannel the QEMU guest agent's channel; empty if the guest has none
 * @param timeOffsetSeconds of the guest's clock from UTC; empty when the XML ties the clock to something else
 * @param startedAtMillis wall clock, from the metadata that we or VDSM left
 * @param vcpuLimitPercent the engine's limit, as text
 */
public record DomainDetails(
        String hash,
        boolean kvm,
        boolean acpi,
        Machine machine,
        List<Nic> nics,
        List<Disk> disks,
        List<Console> consoles,
        Optional<AgentChannel> agentChannel,
        OptionalLong timeOffsetSeconds,
        Balloon balloon,
        OptionalLong cpuQuotaMicros,
        OptionalLong cpuPeriodMicros,
        String vcpuLimitPercent,
        OptionalLong startedAtMillis,
        Notes notes) {

    /** Of the limits of a disk's speed the only one that is no number: whoever shares them. */
    public static final String LIMIT_GROUP = "group_name";

    /** The name by which the QEMU guest agent's channel is known. */
    public static final String AGENT_CHANNEL = "org.qemu.guest_agent.0";

    public DomainDetails {
        nics = List.copyOf(nics);
        disks = List.copyOf(disks);
        consoles = List.copyOf(consoles);
    }

    /**
     * The virtual machine itself.
     *
     * @param osType how it boots, such as hvm
     * @param type of machine, such as pc-q35-7.2
     * @param mostVcpus that it may have; empty if that is not told
     */
    public record Machine(String osType, String arch, String type, OptionalLong mostVcpus) {
        static final Machine UNKNOWN = new Machine("", "", "", OptionalLong.empty());
    }

    /**
     * A network interface of the guest.
     *
     * @param target the host's interface (tap), empty before the guest runs
     */
    public record Nic(String target, String mac, String model, Uplink uplink) {}

    /**
     * What an interface is connected to; texts, empty for what is not told.
     *
     * @param type bridge, network, ethernet and so on
     * @param port its id on a virtual switch
     */
    public record Uplink(String type, String bridge, String mtu, String port) {}

    /**
     * A disk of the guest.
     *
     * @param target such as vda
     * @param kind disk, cdrom, floppy or lun
     * @param alias libvirt's or the engine's (ua-...)
     * @param path of its file or device, empty if it has none
     * @param network where it is, as {@link DomainNeeds.Source} has it; empty for one that is on this host
     * @param serial by which the guest knows it, empty if it has none
     * @param imageId the engine's, empty if its metadata have none
     * @param lunGuid the engine's, for a LUN
     * @param shared several guests may have it: it is shareable, or only read
     * @param rawFile it is a file, and its bytes are the disk's, so that it is as long as the disk
     * @param access how QEMU has it
     * @param ioTune libvirt's limits that are set, by name: whole numbers, and {@link #LIMIT_GROUP}
     */
    public record Disk(
            String target,
            String kind,
            String alias,
            String path,
            String network,
            String serial,
            String imageId,
            String lunGuid,
            boolean shared,
            boolean rawFile,
            Access access,
            Map<String, String> ioTune) {
        public Disk {
            ioTune = Map.copyOf(ioTune);
        }
    }

    /**
     * How QEMU has a disk; texts in libvirt's words, empty for what is not told.
     *
     * @param type file, block, network and so on
     * @param bus that the guest sees it on
     * @param protocol of a network disk
     * @param driver QEMU's, such as qemu
     * @param format such as qcow2
     */
    public record Access(
            String type, String bus, String protocol, String driver, String format, String cache, String discard) {}

    /**
     * A graphics console.
     *
     * @param port -1 when not allocated; likewise {@code tlsPort}
     * @param listen address, empty if it listens on none
     */
    public record Console(String type, String port, String tlsPort, String listen) {}

    /** @param connected an agent had the channel open when the XML was made */
    public record AgentChannel(boolean connected) {}

    /**
     * The memory balloon.
     *
     * @param device false when the guest has none
     * @param enabled the engine lets it be used
     * @param targetKib what the guest was asked to have
     * @param minimumKib what the engine guarantees, at most all that the guest has; empty if nothing
     */
    public record Balloon(boolean device, boolean enabled, OptionalLong targetKib, OptionalLong minimumKib) {}

    /**
     * What the engine, and whoever managed the guest before us, left in the metadata for as long as it runs.
     *
     * @param engine there are metadata of the engine's; else all else is empty
     * @param resumeBehavior what to do with it once it is paused by a failing disk
     * @param pausedAtSeconds since when it is, on the host's monotonic clock; empty if nobody noted that
     * @param guestNames what the guest calls its disks, such as /dev/sda, by target; only those that are noted
     * @param jobs block jobs that another agent began, as JSON text; an empty text if there are none, empty if nobody knows
     */
    public record Notes(
            boolean engine,
            ResumeBehavior resumeBehavior,
            OptionalDouble pausedAtSeconds,
            Map<String, String> guestNames,
            Optional<String> jobs) {
        /** Of an XML that cannot be read: its guest is best left alone. */
        static final Notes UNKNOWN =
                new Notes(false, ResumeBehavior.LEAVE_PAUSED, OptionalDouble.empty(), Map.of(), Optional.empty());

        public Notes {
            guestNames = Map.copyOf(guestNames);
        }
    }

    /** @throws HypervisorException INVALID_SPEC if it is no domain XML */
    public static DomainDetails parse(String xml) throws HypervisorException {
        Element domain = Xml.parse(xml, "domain").getDocumentElement();
        return new DomainDetailsReader(domain).read();
    }

    /** True if the XML has the guest agent's channel, as far as its text tells. */
    public static boolean mayHaveAgent(String xml) {
        return xml.contains(AGENT_CHANNEL);
    }

    /** What is known of a domain whose XML cannot be read: that it is another one when the text is. */
    public static DomainDetails unreadable(String xml) {
        return new DomainDetails(
                DevicesHash.digest(xml),
                false,
                false,
                Machine.UNKNOWN,
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                OptionalLong.empty(),
                new Balloon(false, false, OptionalLong.empty(), OptionalLong.empty()),
                OptionalLong.empty(),
                OptionalLong.empty(),
                "",
                OptionalLong.empty(),
                Notes.UNKNOWN);
    }
}
