package org.muster.agent.lifecycle;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.UUID;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.config.InvalidConfigException;
import org.muster.agent.config.MusterConfig;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.LibvirtHypervisor;

/**
 * Starts the agent on libvirt's built-in test host, which needs no libvirtd, asks it a few things over its socket, and stops it; twice.
 * What is loaded then is what bin/muster-archive keeps for quicker starts; nothing else uses this.
 */
final class Rehearsal {
    private static final long LIMIT_MILLIS = 60_000;
    private static final long POLL_MILLIS = 10;
    private static final String ANSWER = "{\"jsonrpc\":\"2.0\",\"id\":"; // an event has none
    private static final UUID GUEST = UUID.fromString("7d3a1c52-0c1e-4b0a-9f2e-6a4f5d1b8c90");
    private static final String TEMPLATE = "<domain type='test'><name>${name}</name><uuid>${vmId}</uuid>"
            + "<memory unit='MiB'>8</memory><vcpu>1</vcpu><os><type arch='i686'>hvm</type></os></domain>";

    /** A method with its parameters. */
    private record Question(String method, String params) {
        Question(String method) {
            this(method, "{}");
        }
    }

    private static final List<Question> QUESTIONS = List.of(
            new Question("Events.subscribe"),
            new Question("Host.ping"),
            new Question("Host.getVMList"),
            new Question("Host.getAllVmStats"),
            new Question("Host.getStats"),
            new Question("Host.getCapabilities"),
            new Question("Host.getHardwareInfo"),
            new Question("rpc.discover"),
            new Question("Host.createVms", """
                    {"batchId":"rehearsal","template":"%s","vms":[{"vmId":"%s","values":{"name":"rehearsal"}}]}""".formatted(TEMPLATE, GUEST)),
            new Question("Host.cancelCreates", "{\"batchId\":\"rehearsal\"}"),
            new Question("VM.destroy", "{\"vmID\":\"%s\"}".formatted(GUEST)));

    private Rehearsal() {}

    /** @param args a folder for everything that the agent writes */
    public static void main(String[] args) throws IOException, InvalidConfigException, InterruptedException {
        Timer limit = new Timer("limit", true);
        limit.schedule(
                new TimerTask() {
                    @Override
                    public void run() {
                        Runtime.getRuntime().exit(1);
                    }
                },
                LIMIT_MILLIS);
        Path folder = Path.of(args[0]);
        Path socket = folder.resolve("muster.sock");
        Path file = folder.resolve("rehearsal.toml");
        Files.writeString(file, """
                [libvirt]
                uri = "test:///default"
                [listen]
                address = "127.0.0.1"
                port = 0
                socket = "%s"
                [tls]
                enabled = false
                [metrics]
                listen = "127.0.0.1:0"
                [state]
                directory = "%s"
                """.formatted(socket, folder.resolve("state")));
        firstLife(file, socket);
        // As it is started: what only the second one has is a journal to read.
        Thread agent = new Thread(() -> Musterd.run(List.of("--config", file.toString())), "agent");
        agent.setDaemon(true);
        agent.start();
        while (!Files.exists(socket)) { // until the limit
            Thread.sleep(POLL_MILLIS);
        }
        ask(socket);
        Runtime.getRuntime().exit(0); // stops it as SIGTERM does
    }

    private static void firstLife(Path file, Path socket) throws IOException, InvalidConfigException {
        LibvirtHypervisor.preload();
        MusterConfig config = ConfigFile.read(file).effective();
        CallGuard guard = new CallGuard(config.libvirt().maxStuckCalls(), System::nanoTime);
        try (Daemon daemon =
                new Daemon(config, new LibvirtHypervisor(config.libvirt().uri(), guard), "rehearsal")) {
            daemon.start();
            ask(socket);
        }
        Files.deleteIfExists(socket);
    }

    private static void ask(Path socket) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            OutputStream out = Channels.newOutputStream(channel);
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
            for (Question question : QUESTIONS) {
                String request =
                        ANSWER + "1,\"method\":\"" + question.method + "\",\"params\":" + question.params + "}\n";
                out.write(request.getBytes(StandardCharsets.UTF_8));
                out.flush();
                String line = in.readLine();
                while (line != null && !line.startsWith(ANSWER)) {
                    line = in.readLine();
                }
                if (line == null) {
                    throw new IOException("no answer to " + question.method);
                }
            }
        }
    }
}
