package org.muster.agent.host;

import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether libvirtd will not list something in the foreseeable future: it cannot, or has refused three times in a row through one link.
 *
 * <p>With modular daemons each has a driver of its own. Where virtnetworkd or virtnodedevd is not there, libvirt calls that an error
 * of the link, although the one to the daemon of the guests is well. So what counts is whether that one is there, not what the error is
 * called. Only a call for which there was no place says nothing of libvirtd.
 *
 * <p>Confined to host-facts.
 */
final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private static final int MOST = 3;

    private final Hypervisor hypervisor;
    private final String what;
    private int inARow;

    /** @param what is not listed, for the log */
    Refusals(Hypervisor hypervisor, String what) {
        this.hypervisor = hypervisor;
        this.what = what;
    }

    /** Counts one, and tells of it unless it has been told often enough. */
    void add(HypervisorException refusal) {
        if (lasting()) {
            LOG.debug(
                    "libvirtd still does not list {}: {}",
                    what,
                    refusal.getMessage()); // it is asked every other second
            return;
        }
        LOG.warn("libvirtd does not list {}: {}", what, refusal.getMessage());
        if (refusal.kind() == Kind.UNSUPPORTED) {
            inARow = MOST;
        } else if (refusal.kind() != Kind.BUSY && hypervisor.connected()) {
            inARow++;
        }
    }

    boolean lasting() {
        return inARow >= MOST;
    }

    /** It was answered, or the link is another one. */
    void forget() {
        inARow = 0;
    }
}
