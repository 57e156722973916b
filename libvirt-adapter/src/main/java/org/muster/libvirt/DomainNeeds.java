package org.muster.libvirt;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a guest needs of its host that the host may not have, or that another guest may have already. What the XML does not
 * say, or says in words that we do not know, is absent: nothing here is guessed. Immutable.
 *
 * @param memoryKib ordinary memory: what the engine guarantees the guest, else what it starts with; empty if not known, 0 for
 *     a guest in huge pages
 * @param hugePagesKib memory in huge pages, by the size of a page in KiB; {@link #DEFAULT_PAGES} for the host's default size
 * @param macs lower case with two digits an octet; as often as the guest has it, that of a pair of which one stands in for the other once
 * @param machine the machine type of the host's own emulator; empty if another emulator is named, which may have others
 */
public record DomainNeeds(
        OptionalLong memoryKib,
        Map<Long, Long> hugePagesKib,
        List<Source> disks,
        List<String> macs,
        Optional<Machine> machine) {
    /** Stands for the size of huge page that the host takes when it is not told one. */
    public static final long DEFAULT_PAGES = 0;

    public DomainNeeds {
        hugePagesKib = Map.copyOf(hugePagesKib);
        disks = List.copyOf(disks);
        macs = List.copyOf(macs);
    }

    /**
     * What a disk of the guest is in.
     *
     * @param field where in the XML, for a person
     * @param path of a file or device of the host; else where it is on the network, as {@code rbd://host/pool/image}
     * @param shared several guests may have it: it is shareable, or only read
     * @param optional the guest starts without it if it is not there
     */
    public record Source(String field, String path, boolean shared, boolean optional) {
        /** A file or device that can be looked at. */
        public boolean onHost() {
            return !NetworkDisk.is(path);
        }
    }

    /** @param arch empty for the host's own */
    public record Machine(String arch, String type) {}

    /** One of which nothing is known. */
    public static final DomainNeeds UNKNOWN =
            new DomainNeeds(OptionalLong.empty(), Map.of(), List.of(), List.of(), Optional.empty());

    public static DomainNeeds of(DomainXml xml) {
        return new NeedsReader(xml.document().getDocumentElement(), xml.metadata()).read();
    }
}
