package org.muster.agent.create;

import java.io.IOException;
import java.util.UUID;
import java.util.function.Predicate;
import org.muster.agent.domain.VmTable;
import org.muster.agent.payload.PayloadImages;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes images whose guest neither we nor libvirtd know any more: what an agent that was killed could not remove.
 *
 * <p>Blocks in libvirtd and on the disk: a thread of the reconciler's.
 */
final class PayloadSweep {
    private static final Logger LOG = LoggerFactory.getLogger(PayloadSweep.class);

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final PayloadImages images;
    private final Predicate<UUID> doomed;

    PayloadSweep(VmTable table, Hypervisor hypervisor, PayloadImages images, Predicate<UUID> doomed) {
        this.table = table;
        this.hypervisor = hypervisor;
        this.images = images;
        this.doomed = doomed;
    }

    void run() {
        try {
            for (UUID id : images.guests()) {
                if (unknown(id) && hypervisor.find(id).isEmpty()) {
                    LOG.info("removing the images of {}, which is no more", id);
                    images.removeIf(id, this::unknown); // asked again: it may have been accepted meanwhile
                }
            }
        } catch (IOException | HypervisorException e) {
            LOG.warn("old images are left for the next time: {}", e.getMessage());
        }
    }

    private boolean unknown(UUID id) {
        return table.get(id).isEmpty() && !doomed.test(id);
    }
}
