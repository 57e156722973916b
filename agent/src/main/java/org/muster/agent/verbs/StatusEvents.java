package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.rpc.EventKind;
import org.muster.agent.rpc.NotificationHub;
import org.muster.agent.rpc.Notifications;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;
import org.muster.agent.stats.StatsView;

/**
 * Tells the engine of every change of a VM: {@code |virt|VM_status|<id>}, with its status and what else is new. A change
 * that no reader can see tells nothing. Source: engine-contract 6.
 *
 * <p>Called in the order of the changes; publishing hands over and returns.
 */
public final class StatusEvents implements VmListener {
    /** For the API description. */
    public static final List<EventKind> KINDS = List.of(new EventKind(
            "|virt|VM_status|<vmId>",
            "A VM changed its status, its devices or consoles, or its guest stopped or began to answer or told something new.",
            false,
            List.of(
                    Param.required(
                            "<vmId>",
                            VmFields.NEWS,
                            "the VM that the event is about; the first event of a connection that looks like the engine's has all"),
                    Param.required(
                            "notify_time",
                            WireType.integer(0, Long.MAX_VALUE),
                            "milliseconds, on the clock of statusTime"))));

    private static final Set<String> ESSENTIALS =
            Set.of("status", "exitCode", "exitReason", "exitMessage", "timeOffset", "pauseCode", "ioerror");

    private final Notifications notifications;
    private final StatsView stats;
    private final EventClock clock;

    public StatusEvents(Notifications notifications, StatsView stats, EventClock clock) {
        this.notifications = notifications;
        this.stats = stats;
        this.clock = clock;
    }

    @Override
    public void changed(Vm before, Vm after) {
        ObjectNode now = stats.configuration(after);
        // An end is told in full: whoever missed what was before needs all of it.
        boolean whole = before == null || (after.status() == VmStatus.DOWN && before.status() != VmStatus.DOWN);
        ObjectNode news = whole ? now : difference(stats.configuration(before), now);
        if (!news.isEmpty()) {
            news.set("status", now.get("status"));
            // Not the time of the decision: whoever read the table between that and now saw the old state, and has
            // stamped it with a time before this one.
            publish(after, news, Math.max(after.statusTime(), clock.now()));
        }
    }

    private static ObjectNode difference(ObjectNode before, ObjectNode now) {
        ObjectNode news = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> entry : now.properties()) {
            if (!entry.getValue().equals(before.get(entry.getKey()))) {
                news.set(entry.getKey(), entry.getValue());
            }
        }
        return news;
    }

    @Override
    public void removed(Vm last) {
        // told as Down before; afterwards it must not be reported any more
    }

    /** The guest's monitor stopped answering, or answers again. */
    public void responsive(Vm vm, boolean responsive) {
        publish(vm, status(vm).put("monitorResponse", responsive ? "0" : "-1"), clock.now());
    }

    /** The guest's agent told something new. */
    public void agent(Vm vm) {
        ObjectNode status = status(vm);
        status.setAll(stats.agent(vm));
        publish(vm, status, clock.now());
    }

    /**
     * How all VMs are, for an engine that comes (back): between its polls it learns of changes by event only, and of those that
     * came while it was away by nothing. One notification for all; empty if there are none.
     */
    public static Optional<NotificationHub.Notice> all(VmTable table, StatsView stats) {
        ObjectNode params = JsonNodeFactory.instance.objectNode();
        long stamp = table.clock().beforeReading();
        String first = null;
        for (Vm vm : table.all()) {
            String id = vm.id().toString();
            first = first == null ? id : first;
            params.set(id, stats.configuration(vm).retain(ESSENTIALS));
        }
        if (first == null) {
            return Optional.empty();
        }
        params.put("notify_time", stamp);
        return Optional.of(new NotificationHub.Notice("|virt|VM_status|" + first, params));
    }

    private static ObjectNode status(Vm vm) {
        return JsonNodeFactory.instance.objectNode().put("status", StatusWords.of(vm));
    }

    private void publish(Vm vm, ObjectNode status, long stamp) {
        String id = vm.id().toString();
        ObjectNode params = JsonNodeFactory.instance.objectNode();
        params.set(id, status);
        params.put("notify_time", stamp);
        notifications.publish("|virt|VM_status|" + id, params, false);
    }
}
