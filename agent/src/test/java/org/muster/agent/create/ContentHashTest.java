package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainXml.Problem;

/** Which batches ask for the same. */
class ContentHashTest {
    private static BatchRequest.Item item(
            String vmId, Map<String, String> values, CreateClass createClass, int priority, long requestedAt) {
        return new BatchRequest.Item(
                0,
                Optional.ofNullable(vmId),
                Optional.empty(),
                values,
                createClass,
                priority,
                Optional.empty(),
                requestedAt,
                List.of(),
                0);
    }

    private static String of(BatchRequest.Item... items) {
        return ContentHash.of(Optional.of("<domain/>"), List.of(items));
    }

    @Test
    void whenItWasAskedForIsNoContent() {
        BatchRequest.Item bad = new BatchRequest.Item(
                0,
                Optional.of("a"),
                Optional.empty(),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty(),
                0,
                List.of(new Problem("requestedAt", "must be a number", "x")),
                -32602);

        assertThat(of(item("a", Map.of(), CreateClass.NORMAL, 0, 1)))
                .isEqualTo(of(item("a", Map.of(), CreateClass.NORMAL, 0, 2)))
                .isEqualTo(of(bad));
    }

    @Test
    void everythingElseIs() {
        List<String> all = new ArrayList<>();
        all.add(of(item("a", Map.of(), CreateClass.NORMAL, 0, 0)));
        all.add(of(item("b", Map.of(), CreateClass.NORMAL, 0, 0)));
        all.add(of(item(null, Map.of(), CreateClass.NORMAL, 0, 0)));
        all.add(of(item("a", Map.of(), CreateClass.HA, 0, 0)));
        all.add(of(item("a", Map.of(), CreateClass.NORMAL, 1, 0)));
        all.add(of(item("a", Map.of("k", "v"), CreateClass.NORMAL, 0, 0)));
        all.add(of(item("a", Map.of("kv", ""), CreateClass.NORMAL, 0, 0)));
        all.add(of(item("a", Map.of(), CreateClass.NORMAL, 0, 0), item("a", Map.of(), CreateClass.NORMAL, 0, 0)));
        all.add(ContentHash.of(Optional.empty(), List.of(item("a", Map.of(), CreateClass.NORMAL, 0, 0))));

        assertThat(all).doesNotHaveDuplicates();
    }
}
