package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.rpc.EventKind;
import org.muster.agent.rpc.Notifications;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;

/**
 * Tells the engine of every change of a VM: {@code |virt|VM_status|<id>}. Source: engine-contract 6.
 *
 * <p>Called in the order of the changes; publishing hands over and returns.
 */
public final class StatusEvents implements VmListener {
    /** For the API description. */
    public static final List<EventKind> KINDS = List.of(new EventKind(
            "|virt|VM_status|<vmId>",
            "A VM changed its status, or its guest stopped or began to answer.",
            false,
            List.of(
                    Param.required(
                            "<vmId>",
                            WireType.object(
                                    Param.required("status", WireType.text(64), "as in Host.getAllVmStats"),
                                    Param.optional("exitCode", WireType.integer(0, 1), "when Down: 1 for an error"),
                                    Param.optional("exitReason", WireType.integer(0, 99), "when Down: VDSM's number"),
                                    Param.optional("exitMessage", WireType.text(65_536), "when Down: in words"),
                                    Param.optional(
                                            "monitorResponse", WireType.oneOf("0", "-1"), "-1: the guest is stuck"),
                                    Param.optional(
                                            "statusReason", WireType.text(65_536), "why it is still in this status")),
                            "the VM that the event is about"),
                    Param.required(
                            "notify_time",
                            WireType.integer(0, Long.MAX_VALUE),
                            "milliseconds, on the clock of statusTime"))));

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
