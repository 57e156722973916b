package org.muster.agent.selfcheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.muster.agent.config.MusterConfig;
import org.muster.agent.selfcheck.Finding.Level;
import org.muster.libvirt.LibvirtLook;
import org.muster.rig.PrivateHypervisor;

/** What is found of a libvirtd as distributions ship it, and of one that stands still. */
@Tag("qemu")
class LibvirtCheckQemuTest {
    @Test
    void aStockLibvirtdHasTooFewWorkersAndAStoppedOneGivesNoAnswer() throws Exception {
        try (PrivateHypervisor host = PrivateHypervisor.start(PrivateHypervisor.Options.stock())) {
            LibvirtCheck check = new LibvirtCheck(
                    new MusterConfig.Libvirt(host.uri(), OptionalInt.empty(), false),
                    LibvirtLook::at,
                    new HostTree(Path.of("/")),
                    new Account("root", 0, Set.of(), Set.of(), true));
            List<Check> checks = List.of(new Check("libvirt", check::find));

            assertThat(SelfCheck.run(checks, Duration.ofSeconds(60)).get("libvirt"))
                    .anyMatch(finding ->
                            finding.level() == Level.OK && finding.text().startsWith("QEMU "))
                    .anyMatch(finding -> finding.level() == Level.WARNING
                            && finding.text().startsWith("libvirtd: min_workers = 5, max_workers = 20:"))
                    .noneMatch(finding -> finding.level() == Level.PROBLEM);

            LibvirtLook look = LibvirtLook.at(host.uri());
            assertThat(look.maxClients().orElseThrow())
                    .isGreaterThan(look.clients().orElseThrow());

            host.stopLibvirtd();
            try {
                assertThat(SelfCheck.run(checks, Duration.ofSeconds(1)).get("libvirt"))
                        .singleElement()
                        .satisfies(finding -> assertThat(finding.text()).startsWith("no answer within"));
            } finally {
                host.continueLibvirtd();
            }
        }
    }
}
