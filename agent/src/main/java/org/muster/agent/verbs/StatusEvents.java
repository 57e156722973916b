package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.rpc.Notifications;

/**
 * Tells the engine of every change of a VM: {@code |virt|VM_status|<id>}. Source: engine-contract 6.
 *
 * <p>Called in the order of the changes; publishing hands over and returns.
 */
public final class StatusEvents implements VmListener {
    private final Notifications notifications;
    private final EventClock clock;

    public StatusEvents(Notifications notifications, EventClock clock) {
        this.notifications = notifications;
        this.clock = clock;
    }

    @Override
    public void changed(Vm before, Vm after) {
        publish(after, status(after), after.statusTime());
    }

    @Override
    public void removed(Vm last) {
        // told as Down before; afterwards it must not be reported any more
    }

    /** The guest's monitor stopped answering, or answers again. */
    public void responsive(Vm vm, boolean responsive) {
        ObjectNode status = status(vm);
        status.put("monitorResponse", responsive ? "0" : "-1");
        publish(vm, status, clock.now());
    }

    private static ObjectNode status(Vm vm) {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("status", StatusWords.of(vm.status()));
        vm.exit().ifPresent(exit -> {
            status.put("exitCode", exit.error() ? 1 : 0);
            status.put("exitReason", exit.reason());
            status.put("exitMessage", exit.message());
        });
        if (!vm.statusReason().isEmpty()) {
            status.put("statusReason", vm.statusReason());
        }
        return status;
    }

    private void publish(Vm vm, ObjectNode status, long stamp) {
        String id = vm.id().toString();
        ObjectNode params = JsonNodeFactory.instance.objectNode();
        params.set(id, status);
        params.put("notify_time", stamp);
        notifications.publish("|virt|VM_status|" + id, params, false);
    }
}
