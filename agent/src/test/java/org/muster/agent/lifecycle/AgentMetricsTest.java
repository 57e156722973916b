package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.journal.FullDisk;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.agent.journal.JournalState;
import org.muster.libvirt.CallGuard;
import org.muster.rig.Await;

class AgentMetricsTest {
    private static final Duration SOON = Duration.ofSeconds(8);

    private final MetricRegistry metrics = new MetricRegistry();

    @TempDir
    private Path directory;

    private int trouble() {
        return (Integer) metrics.getGauges().get("journal.trouble").getValue();
    }

    @Test
    void aStateDiskThatDoesNotAnswerIsTroubleThoughNoWriteHasFailed() throws Exception {
        FullDisk disk = new FullDisk(Duration.ofMillis(100));
        try (Journal journal = disk.open(directory, new JournalState())) {
            AgentMetrics.observe(metrics, new CallGuard(OptionalInt.of(1), System::nanoTime), journal);
            journal.start();
            assertThat(trouble()).isZero();

            disk.hang();
            CompletableFuture<Void> write = journal.durably(List.of(new JournalRecord.Complete("boot")));
            Await.until("it is told", SOON, () -> trouble() == 1);
            assertThat(metrics.meter("journal.failed").getCount()).isZero();

            disk.goOn();
            write.get(SOON.toSeconds(), TimeUnit.SECONDS);
            Await.until("it is over", SOON, () -> trouble() == 0);
        }
    }
}
