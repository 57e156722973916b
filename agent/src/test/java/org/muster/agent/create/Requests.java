package org.muster.agent.create;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;

/** Create requests for tests of what passes them on. */
final class Requests {
    private static final VmTable TABLE = new VmTable(new EventClock());

    private Requests() {}

    static CreateRequest of(int number, CreateClass createClass, int priority) {
        return of("vm-" + number, new Place(createClass, priority, ""), 0);
    }

    static CreateRequest of(String name, Place place, long queuedAtNanos) {
        return of(UUID.randomUUID(), name, place, queuedAtNanos);
    }

    private static CreateRequest of(UUID id, String name, Place place, long queuedAtNanos) {
        String createClass = place.createClass().name();
        AcceptedItem item = new AcceptedItem(
                id,
                name,
                "<domain/>",
                false,
                place.batchId(),
                "",
                createClass,
                place.priority(),
                true,
                queuedAtNanos,
                0);
        return new CreateRequest(
                TABLE.reserve(id, id.toString(), false).vm(), item, place.createClass(), 1, 0, queuedAtNanos);
    }

    /** Another VM of the same UUID. */
    static CreateRequest again(CreateRequest former, String name, Place place) {
        TABLE.unreserve(former.vm());
        return of(former.vm().id(), name, place, 0);
    }

    static CreateRequest of(int number) {
        return of(number, CreateClass.NORMAL, 0);
    }

    static String name(CreateRequest request) {
        return request.item().name();
    }

    static BatchRequest.Item item(Optional<String> vmId, Optional<String> xml, Map<String, String> values) {
        return new BatchRequest.Item(7, vmId, xml, values, CreateClass.NORMAL, 0, Optional.empty());
    }
}
