package org.muster.agent.create;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.muster.agent.payload.PayloadImages;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.HostParts;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;

/**
 * Makes the XML that was accepted one that libvirt can define on this host: images are written, networks are made sure of,
 * placeholders get their values, and the time is noted for whoever manages the guest after us.
 *
 * <p>Thread-safe. Blocks on the disk and in libvirtd: create workers only.
 */
final class Preparation {
    private final Hypervisor hypervisor;
    private final PayloadImages images;
    private final HostSide.FactsSource source;
    private volatile HostParts.Facts facts; // asked for once, by whoever needs them first; twice does no harm

    Preparation(Hypervisor hypervisor, PayloadImages images, HostSide.FactsSource source) {
        this.hypervisor = hypervisor;
        this.images = images;
        this.source = source;
    }

    /**
     * The XML to define.
     *
     * @param wallMillis now, to be noted as the guest's start
     * @throws HypervisorException saying what of it this host cannot provide
     */
    String prepare(UUID vm, String accepted, long wallMillis) throws HypervisorException {
        DomainXml xml = DomainXml.parse(accepted);
        HostParts parts = HostParts.of(xml);
        if (parts.needsFacts()) {
            parts.fill(facts());
        }
        for (HostParts.Network network : parts.networks()) {
            provide(network);
        }
        parts.unplug();
        for (HostParts.PayloadDisk disk : parts.payloadDisks()) {
            parts.image(disk.target(), image(vm, disk));
        }
        parts.takeOverReboot();
        parts.noteStart(wallMillis / 1e3);
        return xml.toString();
    }

    private HostParts.Facts facts() throws HypervisorException {
        HostParts.Facts known = facts;
        if (known == null) {
            known = source.read();
            facts = known;
        }
        return known;
    }

    private void provide(HostParts.Network network) throws HypervisorException {
        try {
            hypervisor.provide(network);
        } catch (HypervisorException e) {
            if (e.kind() == Kind.DISCONNECTED || e.kind() == Kind.BUSY) {
                throw e;
            }
            throw new HypervisorException(
                    e.kind(), 0, "network " + network.name(), "", "this host cannot provide it: " + e.getMessage(), e);
        }
    }

    private Path image(UUID vm, HostParts.PayloadDisk disk) throws HypervisorException {
        try {
            return images.make(vm, disk);
        } catch (IOException e) {
            throw new HypervisorException(
                    Kind.FAILED,
                    0,
                    "payload image",
                    vm.toString(),
                    "the image of " + disk.target() + " cannot be made: " + e,
                    e);
        }
    }
}
