package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.simulation.FakeHypervisor;

/** What accepting a bulk of a thousand with a shared template allocates, over all threads, from its first byte to its answer. */
class AcceptanceCostTest {
    private static final int VMS = 1000;
    private static final long MOST_BYTES = 20_000_000;
    private static final String TEMPLATE = """
            <domain type='kvm'><name>${name}</name><uuid>${vmId}</uuid><memory unit='MiB'>128</memory>\
            <vcpu>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os><cpu mode='host-model'/>\
            <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>\
            <source file='${disk}'/><target dev='vda' bus='virtio'/></disk>\
            <interface type='bridge'><mac address='${mac}'/><source bridge='br0'/><model type='virtio'/></interface>\
            <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>\
            </devices></domain>""";

    @TempDir
    private Path folder;

    private String bulk(int number) throws IOException {
        Path images = Files.createDirectories(folder.resolve("images"));
        StringBuilder vms = new StringBuilder();
        for (int i = 0; i < VMS; i++) {
            UUID id = new UUID(number, i);
            Path disk = Files.createFile(images.resolve(id + ".qcow2"));
            vms.append(i == 0 ? "" : ",")
                    .append("{\"vmId\":\"")
                    .append(id)
                    .append("\",\"values\":{\"name\":\"desktop-")
                    .append(number)
                    .append('-')
                    .append(i)
                    .append("\",\"disk\":\"")
                    .append(disk)
                    .append("\",\"mac\":\"52:54:0")
                    .append(number % 10)
                    .append(String.format(Locale.ROOT, ":%02x:%02x:00", i / 256, i % 256))
                    .append("\"}}");
        }
        return "{\"batchId\":\"bulk-" + number + "\",\"template\":\"" + TEMPLATE + "\",\"vms\":[" + vms + "]}";
    }

    private static Map<Long, Long> allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] ids = threads.getAllThreadIds();
        long[] bytes = threads.getThreadAllocatedBytes(ids);
        Map<Long, Long> all = new HashMap<>();
        for (int i = 0; i < ids.length; i++) {
            all.put(ids[i], bytes[i]);
        }
        return all;
    }

    @Test
    void aBulkOfAThousandWithATemplateTakesLessThanTwentyMegabytes() throws Exception {
        Path config = Files.writeString(
                folder.resolve("muster.toml"), """
                listen.address = "127.0.0.1"
                listen.port = 0
                listen.socket = "%s"
                tls.enabled = false
                metrics.listen = "off"
                create.concurrency = 1
                state.directory = "%s"
                """.formatted(folder.resolve("m.sock"), folder.resolve("state")));
        FakeHypervisor hypervisor = new FakeHypervisor();
        try (Daemon daemon = new Daemon(ConfigFile.read(config).effective(), hypervisor, "test")) {
            daemon.start();
            try (LineClient client = new LineClient(daemon.port())) {
                hypervisor.on(FakeHypervisor.Op.FIND, new UUID(1, 0)).hang(); // so that acceptance is all that happens
                client.call("Host.createVms", bulk(1)); // what is loaded and made once
                hypervisor.awaitEntered(FakeHypervisor.Op.FIND, new UUID(1, 0));
                String message = bulk(2);
                Map<Long, Long> before = allocated();

                long call = client.send("Host.createVms", message);
                assertThat(client.answer(call).at("/result/vms")).hasSize(VMS);

                Map<Long, Long> after = allocated();
                Map<String, Long> byThread = new HashMap<>();
                after.forEach((id, bytes) -> byThread.merge(name(id), bytes - before.getOrDefault(id, 0L), Long::sum));
                byThread.keySet()
                        .removeAll(Set.of("line-client", Thread.currentThread().getName())); // the peer
                assertThat(byThread.values().stream().mapToLong(Long::longValue).sum())
                        .as("%s", byThread)
                        .isLessThan(MOST_BYTES);
                hypervisor.release(FakeHypervisor.Op.FIND, new UUID(1, 0));
            }
        }
    }

    private static String name(long id) {
        ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(id);
        return info == null ? "gone" : info.getThreadName();
    }
}
