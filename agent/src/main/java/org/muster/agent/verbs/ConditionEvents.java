package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.rpc.EventKind;
import org.muster.agent.rpc.Notifications;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;
import org.muster.agent.stats.Condition;

/**
 * Tells what keeps samples from coming, and when nothing does any more: {@code |muster|VM_condition|<id>} of a VM, {@code
 * |muster|host_condition|no_id} of the host. Both are our own kinds.
 *
 * <p>Thread-safe; of one VM called in the order of the changes. Publishing hands over and returns.
 */
public final class ConditionEvents {
    private static final Param NOTIFY_TIME = Param.required(
            "notify_time", WireType.integer(0, Long.MAX_VALUE), "milliseconds, on the clock of statusTime");

    /** For the API description. */
    public static final List<EventKind> KINDS = List.of(
            new EventKind(
                    "|muster|VM_condition|<vmId>",
                    "A VM's guest, its disk or its agent stopped answering, or answers again.",
                    true,
                    List.of(
                            Param.required(
                                    "<vmId>",
                                    WireType.object(Param.required(
                                            "condition", VmFields.CONDITION, "as in Host.getAllVmStats")),
                                    "the VM that the event is about"),
                            NOTIFY_TIME)),
            new EventKind(
                    "|muster|host_condition|no_id",
                    "Something of the host's keeps samples of VMs from coming, or nothing does any more.",
                    true,
                    List.of(
                            Param.required("condition", VmFields.CONDITION, "as in sampling of Host.getStats"),
                            Param.required("frozen", WireType.integer(0, Integer.MAX_VALUE), "VMs that hang"),
                            NOTIFY_TIME)));

    private final Map<UUID, Condition> told = new ConcurrentHashMap<>(); // an entry per VM that is not ok
    private final Notifications notifications;
    private final EventClock clock;

    public ConditionEvents(Notifications notifications, EventClock clock) {
        this.notifications = notifications;
        this.clock = clock;
    }

    /** The VM's own condition may be another one than before. */
    public void vm(Vm vm, Condition now) {
        Condition before = now == Condition.OK ? told.remove(vm.id()) : told.put(vm.id(), now);
        if (now == (before == null ? Condition.OK : before)) {
            return;
        }
        ObjectNode params = JsonNodeFactory.instance.objectNode();
        params.putObject(vm.id().toString()).put("condition", now.word());
        publish("|muster|VM_condition|" + vm.id(), params);
    }

    /** The VM ended: whatever was the matter with it is over, and its end has been told. */
    public void forget(UUID id) {
        told.remove(id);
    }

    /** The host's condition is another one than before. */
    public void host(Condition now, int frozen) {
        ObjectNode params = JsonNodeFactory.instance.objectNode();
        params.put("condition", now.word()).put("frozen", frozen);
        publish("|muster|host_condition|no_id", params);
    }

    private void publish(String method, ObjectNode params) {
        notifications.publish(method, params.put("notify_time", clock.now()), true);
    }
}
