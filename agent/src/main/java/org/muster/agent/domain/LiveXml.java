package org.muster.agent.domain;

import java.util.List;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.HypervisorException;

/** A running domain's XML and what we read in it, read once per change and not per question. */
public record LiveXml(
        String xml,
        String hash,
        List<DomainXml.Nic> nics,
        List<DomainXml.Disk> disks,
        List<DomainXml.Console> consoles,
        boolean acpi) {

    public static LiveXml of(String xml) throws HypervisorException {
        DomainXml parsed = DomainXml.parse(xml);
        return new LiveXml(xml, parsed.devicesHash(), parsed.nics(), parsed.disks(), parsed.consoles(), parsed.acpi());
    }
}
