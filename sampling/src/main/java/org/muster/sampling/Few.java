package org.muster.sampling;

import java.util.ArrayList;
import java.util.List;

/**
 * Immutable copies of short lists. Most guests have one vCPU, NIC and disk, or two, and {@link List#copyOf} makes an array
 * first of what it is given. Stateless.
 */
final class Few {
    private Few() {}

    static <T> List<T> copyOf(List<T> list) {
        if (!(list instanceof ArrayList)) {
            return List.copyOf(list); // itself, most likely
        }
        return switch (list.size()) {
            case 0 -> List.of();
            case 1 -> List.of(list.get(0));
            case 2 -> List.of(list.get(0), list.get(1));
            default -> List.copyOf(list);
        };
    }
}
