package org.muster.client.cli;

import java.util.Comparator;
import java.util.OptionalDouble;
import java.util.function.Function;

/** What the rows of top are sorted by: the most first, names from a to z; what has no value comes last. */
enum TopOrder {
    CPU('c', TopRow::cpu),
    IO('i', TopRow::io),
    NET('n', TopRow::net),
    AGE('a', TopRow::age),
    NAME('m', row -> OptionalDouble.empty());

    private final char key;

    @SuppressWarnings("ImmutableEnumChecker") // pure functions
    private final Function<TopRow, OptionalDouble> value;

    TopOrder(char key, Function<TopRow, OptionalDouble> value) {
        this.key = key;
        this.value = value;
    }

    char key() {
        return key;
    }

    /** @param reversed the least first; what has no value comes last all the same */
    Comparator<TopRow> comparator(boolean reversed) {
        Comparator<TopRow> byName = Comparator.comparing(TopRow::label)
                .thenComparing(row -> row.stats().vm().id());
        if (this == NAME) {
            return reversed ? byName.reversed() : byName;
        }
        Comparator<TopRow> absent = Comparator.comparing(row -> value.apply(row).isEmpty());
        Comparator<TopRow> byValue =
                Comparator.comparingDouble(row -> value.apply(row).orElse(0));
        return absent.thenComparing(reversed ? byValue : byValue.reversed()).thenComparing(byName);
    }
}
