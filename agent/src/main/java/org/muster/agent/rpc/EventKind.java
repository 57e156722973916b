package org.muster.agent.rpc;

import java.util.List;

/**
 * A kind of notification, declared for the API description.
 *
 * @param name as on the wire, what differs in angle brackets: {@code |virt|VM_status|<vmId>}
 * @param summary when it comes
 * @param ownKind true if VDSM has none such: it never goes to a connection that looks like the engine's
 */
public record EventKind(String name, String summary, boolean ownKind, List<Param> params) {
    public EventKind {
        params = List.copyOf(params);
    }
}
