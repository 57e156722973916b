package org.muster.agent.create;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The libvirt calls that end a guest and delete what is stored of it.
 *
 * <p>Thread-safe. Blocks as long as libvirt does, so only on a VM's lane: 11 s for a stopped QEMU, 59 s for a traced one.
 */
final class GuestEnd {
    private static final Logger LOG = LoggerFactory.getLogger(GuestEnd.class);

    private final Hypervisor hypervisor;
    private final Consumer<UUID> clear; // removes what we made for the guest

    GuestEnd(Hypervisor hypervisor, Consumer<UUID> clear) {
        this.hypervisor = hypervisor;
        this.clear = clear;
    }

    boolean connected() {
        return hypervisor.connected();
    }

    /** Ends the guest, if there is one, and makes sure of it. Empty: it does not run. Else: why that is not certain. */
    Optional<String> attempt(UUID id) {
        String failure = "it runs on after virDomainDestroy";
        try {
            hypervisor.destroy(id);
        } catch (HypervisorException e) {
            if (e.kind() != Kind.NO_SUCH_DOMAIN && e.kind() != Kind.WRONG_STATE) {
                failure = e.getMessage(); // it may be gone all the same: asked below
            }
        }
        try {
            Optional<DomainRecord> now = hypervisor.find(id);
            boolean runs = now.isPresent() && now.get().state().active();
            return runs ? Optional.of(failure) : Optional.empty();
        } catch (HypervisorException e) {
            return Optional.of(e.getMessage());
        }
    }

    /**
     * Deletes the stored domain, if it is ours and does not run; never what somebody else has stored. Empty: there is none of
     * ours any more, or it runs. Else: why that is not certain.
     */
    Optional<String> undefineIfOurs(UUID id) {
        try {
            Optional<DomainRecord> now = hypervisor.find(id);
            if (now.isPresent() && now.get().state().active()) {
                return Optional.empty();
            }
            if (now.isPresent() && DomainXml.parse(hypervisor.xml(id)).managed()) {
                return undefine(id);
            }
        } catch (HypervisorException e) {
            if (e.kind() != Kind.NO_SUCH_DOMAIN) {
                return Optional.of(stillDefined(e));
            }
        }
        clear.accept(id);
        return Optional.empty();
    }

    /** Deletes the stored domain of a guest of ours that ran. Empty: it is deleted. Else: why that is not certain. */
    Optional<String> undefine(UUID id) {
        try {
            hypervisor.undefine(id);
        } catch (HypervisorException e) {
            if (e.kind() != Kind.NO_SUCH_DOMAIN) {
                return Optional.of(stillDefined(e));
            }
        }
        clear.accept(id);
        return Optional.empty();
    }

    private static String stillDefined(HypervisorException e) {
        return "is still defined: " + e.getMessage();
    }

    /** Whether the engine wants a reset of this guest to end its VM. */
    boolean rebootEnds(UUID id) {
        try {
            return DomainXml.parse(hypervisor.xml(id)).metadata().notes().destroyOnReboot();
        } catch (HypervisorException e) {
            LOG.warn("{} was reset; whether that should end it is unknown: {}", id, e.getMessage());
            return false;
        }
    }
}
