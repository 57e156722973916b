package org.muster.client.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Network rates between the last two samples of each VM, which come less often than we look. Confined to main. */
final class TopRates {
    private Map<String, TopRow> known = new HashMap<>(); // with the newest sample of each

    List<TopRow> rows(List<Vm> vms) {
        Map<String, TopRow> now = new HashMap<>();
        List<TopRow> rows = new ArrayList<>();
        for (Vm vm : vms) {
            StatsRow stats = StatsRow.of(vm);
            Optional<TopRow> before = Optional.ofNullable(known.get(vm.id()));
            TopRow row = row(stats, before);
            now.put(vm.id(), row);
            rows.add(row);
        }
        known = now; // who is gone is forgotten
        return rows;
    }

    private static TopRow row(StatsRow stats, Optional<TopRow> before) {
        Optional<StatsRow> earlier = before.map(TopRow::stats);
        boolean sameSample =
                earlier.isPresent() && earlier.get().netTimeSeconds().equals(stats.netTimeSeconds());
        if (sameSample) {
            return new TopRow(stats, before.get().rx(), before.get().tx());
        }
        OptionalDouble rx = stats.netRxRate(earlier);
        return new TopRow(stats, rx, stats.netTxRate(earlier));
    }
}
