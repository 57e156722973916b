package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.rpc.Notifications;
import org.muster.agent.stats.StatsView;

/**
 * Tells the engine of every change of a VM: {@code |virt|VM_status|<id>}, with its status and what else is new. A change
 * that no reader can see tells nothing. Source: engine-contract 6.
 *
 * <p>Called in the order of the changes; publishing hands over and returns.
 */
public final class StatusEvents implements VmListener {
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
            publish(after, news, after.statusTime());
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
