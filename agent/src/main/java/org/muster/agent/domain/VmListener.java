package org.muster.agent.domain;

/**
 * Hears of every change of the table, in the order of the changes. Called with the table's lock held, so that no later
 * change can overtake: hand over and return.
 */
public interface VmListener {

    /** @param before null for a VM that is new */
    void changed(Vm before, Vm after);

    /** The VM is not reported any more. */
    void removed(Vm last);
}
