package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class AllocationsTest {
    @Test
    void aThreadThatIsNewCountsWholeAndOneThatEndedNotAtAll() {
        Allocations before = new Allocations(Map.of(1L, 100L, 2L, 5000L));
        Allocations after = new Allocations(Map.of(1L, 160L, 3L, 7L));
        assertThat(after.since(before)).isEqualTo(67);
    }

    @Test
    void threadsThatAreThereForOurQuestionsAreKnownByTheKernelsNamesToo() {
        assertThat("RMI TCP Connection(2)-127.0.0.1").matches(AgentBeans::isOurs);
        assertThat("RMI TCP Accept-").matches(AgentBeans::isOurs);
        assertThat("JMX server connection timeout 31").matches(AgentBeans::isOurs);
        assertThat("Attach Listener").matches(AgentBeans::isOurs);
        assertThat("stats-1").matches(name -> !AgentBeans.isOurs(name));
        assertThat("jmx").matches(name -> !AgentBeans.isOurs(name));
    }
}
