package org.muster.agent.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.create.BatchAnswer;
import org.muster.agent.create.Concurrency;
import org.muster.agent.create.CreateConfig;
import org.muster.agent.create.Creator;
import org.muster.agent.create.HostSides;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalState;
import org.muster.agent.rpc.VerbCalls;
import org.muster.agent.simulation.FakeHypervisor;

/** The dry runs after the start: that they go all the way, leave nothing, and give way. */
class WarmUpTest {
    private static final long NEVER = TimeUnit.DAYS.toMillis(1);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    private final MetricRegistry metrics = new MetricRegistry();
    private final VmTable table = new VmTable(new EventClock());
    private final List<Vm> told = new ArrayList<>();
    private Journal journal;
    private Creator creator;

    @BeforeEach
    void start() throws IOException {
        journal = Journal.open(directory, new JournalState());
        creator = new Creator(
                new CreateConfig(new Concurrency.Fixed(4), 100, Duration.ofMinutes(5), Duration.ofMinutes(1)),
                4,
                table,
                new FakeHypervisor(),
                HostSides.in(directory),
                journal,
                "boot",
                time -> true,
                id -> {},
                metrics);
        table.listen(new VmListener() {
            @Override
            public void changed(Vm before, Vm after) {
                told.add(after);
            }

            @Override
            public void removed(Vm last) {
                told.add(last);
            }
        });
        journal.start();
        creator.start();
        creator.connected();
    }

    @AfterEach
    void stop() {
        creator.close();
        journal.close();
    }

    @Test
    void whatIsMadeUpWouldBeAccepted() throws Exception {
        BatchAnswer answer = new WarmUp(creator.service()).rehearse(50);

        assertThat(answer.items())
                .hasSize(50)
                .allSatisfy(verdict ->
                        assertThat(verdict.isAccepted()).as(verdict.toString()).isTrue());
    }

    @Test
    void nothingIsLeftOfIt() throws Exception {
        WarmUp warmUp = new WarmUp(creator.service(), 0, 1);
        warmUp.start();
        warmUp.start(); // by the next who comes
        assertThat(warmUp.awaitEnd(PATIENCE)).isTrue();

        assertThat(table.all()).isEmpty();
        assertThat(told).isEmpty();
        assertThat(creator.control().queue().waiting()).isEmpty();
        assertThat(creator.control().history()).isEmpty();
        assertThat(metrics.getTimers().values()).extracting(Timer::getCount).containsOnly(0L);
        try (var files = Files.list(directory)) {
            assertThat(files.filter(file -> file.toString().contains("journal")).map(WarmUpTest::size))
                    .allMatch(size -> size == 0);
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void itIsOverWhenSomebodyCreates() throws Exception {
        for (String request : List.of(
                "Host.createVms {\"batchId\":\"b\",\"vms\":[{\"xml\":\"<domain/>\"}]}",
                "VM.create {\"vmID\":\"\",\"vmParams\":{\"xml\":\"<domain><name>n</name>"
                        + "<uuid>00000000-0000-0010-0000-000000000001</uuid></domain>\"}}")) {
            WarmUp warmUp = new WarmUp(creator.service(), NEVER, NEVER);
            warmUp.start();
            VerbCalls verbs = new VerbCalls(
                    new CreateVerbs(creator.service(), creator.destroyer(), new EventClock(), creator.flows(), warmUp)
                            .verbs());
            String[] words = request.split(" ", 2);

            verbs.call(words[0], words[1]);

            assertThat(warmUp.awaitEnd(PATIENCE)).as(request).isTrue();
        }
    }

    @Test
    void itIsOverWhenTheAgentStops() throws Exception {
        WarmUp warmUp = new WarmUp(creator.service(), NEVER, NEVER);
        warmUp.start();

        warmUp.close();

        assertThat(warmUp.awaitEnd(PATIENCE)).isTrue();
    }
}
