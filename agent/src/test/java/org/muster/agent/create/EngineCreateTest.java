package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.payload.IsoReader;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.EngineMetadata;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.HostParts.Network;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;

/** What becomes of an XML of the engine's on its way to libvirt, and of what was made for it. */
class EngineCreateTest {
    private static final UUID WEB = UUID.fromString("3f1c0a52-7d0e-4a35-9f2b-0a1d3c5e7b02");
    private static final UUID WIN = UUID.fromString("3f1c0a52-7d0e-4a35-9f2b-0a1d3c5e7b01");

    @TempDir
    private Path directory;

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private Agent agent;

    @AfterEach
    void stop() {
        if (agent != null) {
            agent.close();
        }
    }

    private void start() {
        agent = Agent.start(directory, hypervisor);
    }

    private static String engines(String file) throws IOException {
        try (InputStream in = DomainXml.class.getResourceAsStream("/engine/" + file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Path image() {
        return directory.resolve("payload").resolve(WEB.toString()).resolve("hdd.img");
    }

    private void awaitNoImage() {
        Await.until("its images are gone", Agent.SOON, () -> !Files.exists(image().getParent()));
    }

    @Test
    void aGuestWithCloudInitStartsPausedWithItsImageAndTheImageGoesWithIt() throws Exception {
        start();
        long before = System.currentTimeMillis();

        assertThat(agent.create(engines("i440fx-cloud-init.xml")).isAccepted()).isTrue();

        agent.await(WEB, VmStatus.PAUSED);
        DomainXml stored = DomainXml.parse(hypervisor.storedXml(WEB));
        assertThat(stored.toString()).contains("<source file=\"" + image() + "\"");
        assertThat(IsoReader.rockRidge(Files.readAllBytes(image())).files())
                .isEqualTo(Map.of(
                        "openstack/latest/meta_data.json", "{\"uuid\": \"1\"}",
                        "openstack/latest/user_data", "#cloud-config\nhostname: web-1\n"));
        assertThat(hypervisor.networks()).containsExactly(new Network(";vdsmdummy;", ";vdsmdummy;", true));
        EngineMetadata metadata = stored.metadata();
        assertThat(metadata.notes().startTimeSeconds().orElseThrow() * 1000)
                .isBetween((double) before, (double) System.currentTimeMillis() + 1);
        assertThat(metadata.resumeBehavior()).isEqualTo(EngineMetadata.ResumeBehavior.KILL);
        assertThat(stored.mark()).isPresent();

        assertThat(agent.destroy(WEB).refusal()).isEmpty();

        awaitNoImage();
    }

    @Test
    void theHostsNamesAndTheDisplayNetworkAreThereWhenItIsDefined() throws Exception {
        start();

        agent.create(engines("q35-uefi-tpm.xml"));

        agent.await(WIN, VmStatus.UP);
        assertThat(hypervisor.storedXml(WIN))
                .contains("<entry name=\"product\">Test Linux</entry>")
                .contains("<entry name=\"serial\">11111111-2222-3333-4444-555555555555</entry>");
        assertThat(hypervisor.networks()).containsExactly(new Network("vdsm-ovirtmgmt", "ovirtmgmt", false));
    }

    @Test
    void aNetworkThatCannotBeProvidedIsADownVmThatSaysSo() throws Exception {
        start();
        hypervisor.on(Op.PROVIDE, null).fail(Kind.FAILED);

        assertThat(agent.create(engines("i440fx-cloud-init.xml")).isAccepted()).isTrue();

        agent.await(WEB, VmStatus.DOWN);
        ExitInfo exit = agent.table.get(WEB).orElseThrow().exit().orElseThrow();
        assertThat(exit.error()).isTrue();
        assertThat(exit.message()).contains(";vdsmdummy;").contains("cannot provide");
        assertThat(hypervisor.entered(Op.DEFINE, WEB)).isZero();
    }

    @Test
    void anImageThatCannotBeWrittenIsADownVmThatSaysSo() throws Exception {
        start();
        Files.writeString(directory.resolve("payload"), "in the way");

        agent.create(engines("i440fx-cloud-init.xml"));

        agent.await(WEB, VmStatus.DOWN);
        assertThat(agent.table.get(WEB).orElseThrow().exit().orElseThrow().message())
                .contains("image of hdd")
                .contains("payload");
    }

    @Test
    void anImageGoesWhenItsGuestCannotBeStartedOrEndsByItself() throws Exception {
        start();
        hypervisor.on(Op.START, WEB).fail(Kind.FAILED).times(1);
        agent.create(engines("i440fx-cloud-init.xml"));
        agent.await(WEB, VmStatus.DOWN);
        awaitNoImage();
        agent.destroy(WEB);

        agent.create(engines("i440fx-cloud-init.xml"));
        agent.await(WEB, VmStatus.PAUSED);
        assertThat(image()).exists();
        hypervisor.becomes(WEB, State.SHUTOFF, 1, DomainEvent.STOPPED);
        agent.await(WEB, VmStatus.DOWN);
        awaitNoImage();
    }

    @Test
    void aRunningGuestKeepsItsImageOverARestartAndOneThatIsNoMoreLosesIt() throws Exception {
        start();
        agent.create(engines("i440fx-cloud-init.xml"));
        agent.await(WEB, VmStatus.PAUSED);
        Path stale = directory.resolve("payload").resolve(Agent.id(9).toString());
        Files.createDirectory(stale);
        Files.writeString(stale.resolve("sdc.img"), "left by an agent that was killed");
        agent.close();

        start();

        Await.until("the stale image is gone", Agent.SOON, () -> !Files.exists(stale));
        assertThat(image()).exists();
        agent.destroy(WEB);
        awaitNoImage();
    }

    @Test
    void whatCannotBeMeantIsRefusedBeforeAnythingIsDone() throws Exception {
        start();
        String xml = engines("i440fx-cloud-init.xml");

        BatchAnswer.Verdict bad = agent.create(xml.replace("eyJ1dWlkIjogIjEifQ==", "not base64"));
        assertThat(bad.code()).isEqualTo(100);
        assertThat(bad.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.field())
                        .isEqualTo("xml.metadata.device(hdd).payload.file(openstack/latest/meta_data.json)"));
        assertThat(agent.create(xml.replace("openstack/latest/user_data", "../../user_data"))
                        .code())
                .isEqualTo(100);
        assertThat(agent.create(xml.replace(">kill<", ">wait<")).code()).isEqualTo(100);
        assertThat(agent.create(xml.replace("<uuid>" + WEB + "</uuid>", "")).code())
                .isEqualTo(100);
        assertThat(agent.create(xml.replace("</devices>", "<graphics type='vnc' port='-1'/></devices>"))
                        .code())
                .isEqualTo(9);

        assertThat(agent.table.all()).isEmpty();
        assertThat(hypervisor.entered(Op.DEFINE, WEB)).isZero();
        assertThat(directory.resolve("payload")).doesNotExist();
    }

    @Test
    void aResetEndsTheVmIfTheEngineWantsThat() throws Exception {
        start();
        agent.create(engines("i440fx-cloud-init.xml")); // with on_reboot destroy
        agent.create(engines("q35-uefi-tpm.xml")); // without
        agent.await(WEB, VmStatus.PAUSED);
        agent.await(WIN, VmStatus.UP);

        hypervisor.happen(WEB, new GuestEvent.Rebooted());
        hypervisor.happen(WIN, new GuestEvent.Rebooted());

        agent.await(WEB, VmStatus.DOWN);
        assertThat(agent.table.get(WEB).orElseThrow().exit()).contains(ExitInfo.rebooted());
        assertThat(hypervisor.running(WEB)).isFalse();
        assertThat(agent.told(WEB)).filteredOn(status -> status.equals("DOWN")).hasSize(1);
        awaitNoImage();
        assertThat(hypervisor.running(WIN)).isTrue();
        assertThat(agent.destroy(WEB).refusal()).isEmpty();
    }

    @Test
    void oneThatADiskPausedForTooLongIsEndedWithThatReason() throws Exception {
        start();
        agent.create(engines("i440fx-cloud-init.xml"));
        agent.create(engines("q35-uefi-tpm.xml"));
        agent.await(WEB, VmStatus.PAUSED); // as the engine wanted it
        agent.await(WIN, VmStatus.UP);
        hypervisor.becomes(WIN, State.PAUSED, 5, DomainEvent.SUSPENDED); // IOERROR
        agent.await(WIN, VmStatus.PAUSED);

        agent.creator.pausedTooLong(WEB);
        agent.creator.pausedTooLong(WIN);

        agent.await(WIN, VmStatus.DOWN);
        assertThat(agent.table.get(WIN).orElseThrow().exit()).contains(ExitInfo.pausedTooLong());
        assertThat(hypervisor.running(WIN)).isFalse();
        assertThat(agent.told(WIN)).filteredOn(status -> status.equals("DOWN")).hasSize(1);
        assertThat(hypervisor.running(WEB)).as("no disk of it failed").isTrue();
        assertThat(agent.destroy(WIN).refusal()).isEmpty();
    }

    @Test
    void aWaitingSecondAttemptThatIsDestroyedLeavesNothingDefined() throws Exception {
        Duration patience = Duration.ofMinutes(5);
        agent = Agent.start(directory, hypervisor, new Agent.Options().config(1, patience, patience));
        hypervisor.on(Op.START, WEB).loseLink().times(1);
        agent.create(engines("i440fx-cloud-init.xml"));
        Await.until("the link is lost", Agent.SOON, () -> !hypervisor.connected());
        hypervisor.on(Op.START, Agent.id(1)).hang(); // takes the only slot while the other is looked for
        agent.create(Agent.id(1));
        hypervisor.restoreLink();
        hypervisor.awaitEntered(Op.START, Agent.id(1));
        Await.until("it waits for its second attempt", Agent.SOON, () -> waiting() == 1);
        assertThat(hypervisor.defined(WEB)).isTrue();
        assertThat(image()).exists();

        assertThat(agent.destroy(WEB).refusal()).isEmpty();

        assertThat(hypervisor.defined(WEB)).isFalse();
        awaitNoImage();
        hypervisor.release(Op.START, Agent.id(1));
    }

    private int waiting() {
        return (Integer) agent.metrics.getGauges().get("create.waiting").getValue();
    }
}
