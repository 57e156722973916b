package org.muster.agent.create;

import org.muster.agent.payload.PayloadImages;
import org.muster.libvirt.DisplayRules;
import org.muster.libvirt.HostParts;
import org.muster.libvirt.HypervisorException;

/**
 * What of this host a domain's XML is checked against and completed with.
 *
 * @param facts the names by which guests know their host
 * @param images of cloud-init and sysprep files
 * @param displays which consoles are safe here
 * @param room what could be given to guests
 * @param disks whether a disk is there
 */
public record HostSide(
        FactsSource facts, PayloadImages images, DisplayRules displays, Room.Source room, DiskProbe disks) {

    /** One of whose room and disks nothing is known. */
    public HostSide(FactsSource facts, PayloadImages images, DisplayRules displays) {
        this(facts, images, displays, () -> Room.UNKNOWN, DiskProbe.BLIND);
    }

    /** Where the host's names come from. */
    public interface FactsSource {
        /** May block in libvirtd for seconds: create workers only. */
        HostParts.Facts read() throws HypervisorException;
    }
}
