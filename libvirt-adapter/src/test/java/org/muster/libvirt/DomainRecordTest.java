package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.DomainRecord.State;
import org.muster.rig.Await;

/** What libvirt's numbers mean, of a domain whose guest panicked above all: 6 with an id, or without one. */
class DomainRecordTest {
    private static final UUID ID = new UUID(3, 4);
    private static final Duration SOON = Duration.ofSeconds(10);

    /** A host of libvirt's test driver with one domain, in that state. */
    private static final String NODE = """
            <node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
              <domain type='test'><name>panicked</name><uuid>%s</uuid><memory>1024</memory>
                <os><type>hvm</type></os><test:domainmeta/><test:runstate>6</test:runstate></domain>
            </node>
            """.formatted(ID);

    @Test
    void aPanickedGuestIsActiveAsLongAsItHasAnId() {
        DomainRecord kept = DomainRecord.of(ID, "n", 6, 1, 7, 0);
        assertThat(kept.state()).isEqualTo(State.CRASHED);
        assertThat(kept.state().active()).isTrue();
        assertThat(kept.shutoffReason()).as("1 is no reason of a shutdown here").isEqualTo(ShutoffReason.UNKNOWN);

        DomainRecord gone = DomainRecord.of(ID, "n", 6, 1, -1, 0);
        assertThat(gone.state().active()).isFalse();
        assertThat(gone.shutoffReason()).isEqualTo(ShutoffReason.CRASHED);
    }

    @Test
    void libvirtListsAndFindsItSo(@TempDir Path directory) throws Exception {
        Path node = Files.writeString(directory.resolve("node.xml"), NODE);
        Heard heard = new Heard();
        try (LibvirtHypervisor hypervisor =
                new LibvirtHypervisor("test://" + node, new CallGuard(OptionalInt.empty(), System::nanoTime))) {
            hypervisor.start(heard);
            Await.until("connected", SOON, () -> heard.connections() == 1);

            assertThat(hypervisor.find(ID).orElseThrow().state()).isEqualTo(State.CRASHED);
            assertThat(hypervisor.list())
                    .singleElement()
                    .satisfies(one -> assertThat(one.state()).isEqualTo(State.CRASHED));
        }
    }
}
