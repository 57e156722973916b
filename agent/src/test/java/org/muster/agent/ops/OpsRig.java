package org.muster.agent.ops;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.muster.agent.create.Concurrency;
import org.muster.agent.create.CreateRecord;
import org.muster.agent.create.QueueView;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.metrics.SummingRegistry;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.sampling.ControlState;
import org.muster.sampling.DomainSample;
import org.muster.sampling.GuestStats;
import org.muster.sampling.SamplerState;

/** A listener on a port of its own, over a table of VMs that the test fills, and as simple a client as can be. */
final class OpsRig implements AutoCloseable {
    static final long NOW = 100_000_000_000L;
    private static final int PATIENCE_MILLIS = 20_000;
    private static final SamplerState SAMPLING = new SamplerState(
            List.of(), 0, 0, SamplerState.Health.OK, false, true, 1, 13, 0, Map.of(), Optional.empty());

    final VmTable table = new VmTable(new EventClock());
    final Map<UUID, GuestStats> samples = new ConcurrentHashMap<>();
    final SummingRegistry registry = new SummingRegistry();
    final CallGuard calls;
    final AtomicLong clock = new AtomicLong(NOW);
    final AtomicBoolean ready = new AtomicBoolean(true);
    final List<String> ailments = new CopyOnWriteArrayList<>();
    final AtomicInteger made = new AtomicInteger(); // pages made
    final AtomicReference<QueueView> queue = new AtomicReference<>(
            new QueueView(List.of(), List.of(), List.of(), "", 4000, new Concurrency.Auto(), 4, false, ""));
    private final Optional<Path> simulation;
    final List<CreateRecord> creates = new CopyOnWriteArrayList<>(); // the last accepted first
    private final OpsServer server;

    OpsRig() {
        this(config());
    }

    OpsRig(OpsConfig config) {
        this(config, new NoTls());
    }

    OpsRig(OpsConfig config, TlsPeers tls) {
        this(config, tls, Optional.empty());
    }

    /** @param script of a simulated host */
    OpsRig(OpsConfig config, TlsPeers tls, Optional<Path> script) {
        simulation = script;
        calls = new CallGuard(OptionalInt.empty(), clock::get);
        server = new OpsServer(config, sources(), tls, "thishost\n");
        server.start();
    }

    static OpsConfig config() {
        return OpsConfig.of("127.0.0.1", 0, true, false);
    }

    OpsSources sources() {
        return new OpsSources(
                registry,
                table,
                id -> Optional.ofNullable(samples.get(id)),
                () -> {
                    made.incrementAndGet();
                    return SAMPLING;
                },
                queue::get,
                () -> List.copyOf(creates),
                calls,
                () -> true,
                ready::get,
                () -> List.copyOf(ailments),
                vm -> vm.status().toString(),
                "qemu:///system?socket=/nonexistent/libvirt-sock",
                simulation,
                "1.2.3",
                clock::get);
    }

    Vm run(String name) {
        UUID id = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
        Vm vm = table.adopt(new DomainRecord(id, name, State.RUNNING, 1, 0), false, 0);
        samples.put(id, stats(id, 2_500_000_000L, 1_000));
        return vm;
    }

    Vm run(String name, String xml) {
        Vm vm = run(name);
        table.live(vm, LiveXml.of(xml));
        return vm;
    }

    void end(Vm vm) {
        table.down(table.get(vm.id()).orElseThrow(), ExitInfo.notFound());
        samples.remove(vm.id());
    }

    /** Everything that can be known, one second old. */
    static GuestStats stats(UUID id, long cpuNanos, long bytes) {
        long taken = NOW - 1_000_000_000L;
        DomainSample.Disk disk = new DomainSample.Disk(
                "vda",
                "/images/\"a\".raw",
                Optional.of(new DomainSample.DiskCounters(3, bytes, 4_500_000_000L, 5, 2 * bytes, 6, 7, 8)),
                OptionalLong.of(10),
                OptionalLong.of(20),
                OptionalLong.of(30));
        DomainSample.Nic nic = new DomainSample.Nic("vnet0", bytes, 2, 3, 4, 5, 6, 7, 8);
        DomainSample.Balloon balloon = new DomainSample.Balloon(
                OptionalLong.of(1024),
                OptionalLong.of(2048),
                OptionalLong.of(100),
                OptionalLong.of(1000),
                OptionalLong.of(250),
                OptionalLong.empty(),
                OptionalLong.of(512),
                OptionalLong.of(1),
                OptionalLong.of(2),
                OptionalLong.of(3),
                OptionalLong.of(4));
        OptionalDouble none = OptionalDouble.empty();
        return new GuestStats(
                id,
                Optional.of(new GuestStats.State(taken, 1)),
                Optional.of(new GuestStats.Network(taken, List.of(new GuestStats.Nic(nic, none, none)))),
                Optional.of(new GuestStats.Cpu(
                        taken, cpuNanos, OptionalLong.of(1), OptionalLong.of(2), OptionalDouble.of(10), none)),
                Optional.of(new GuestStats.Vcpus(
                        taken,
                        OptionalInt.of(2),
                        List.of(new GuestStats.Vcpu(
                                0, 1, OptionalLong.of(7), OptionalLong.of(8), OptionalLong.of(9), none)))),
                Optional.of(new GuestStats.Memory(taken, balloon, none, none, none, none)),
                Optional.of(new GuestStats.Block(
                        taken,
                        List.of(new GuestStats.Disk(
                                disk,
                                Optional.empty(),
                                none,
                                none,
                                OptionalLong.empty(),
                                OptionalLong.empty(),
                                OptionalLong.empty())))),
                OptionalLong.of(taken),
                Optional.empty(),
                true);
    }

    static GuestStats frozen(GuestStats stats) {
        return new GuestStats(
                stats.domain(),
                stats.state(),
                stats.network(),
                stats.cpu(),
                stats.vcpus(),
                stats.memory(),
                stats.block(),
                stats.monitorTakenAtNanos(),
                Optional.of(new GuestStats.Frozen(
                        NOW - 5_000_000_000L, ControlState.Kind.OCCUPIED, GuestStats.Cause.MONITOR)),
                false);
    }

    int port() {
        return server.port();
    }

    /** Of pages that are on their way to readers. */
    long pageBytesOut() {
        return server.pageBytesOut();
    }

    Response get(String path) throws IOException {
        try (Socket socket = connect()) {
            return request(socket, path, "");
        }
    }

    PrometheusText scrape() throws IOException {
        Response response = get("/metrics");
        if (response.status() != 200) {
            throw new AssertionError(response.status() + " " + response.text());
        }
        return PrometheusText.parse(response.body());
    }

    Socket connect() throws IOException {
        return connect(InetAddress.getLoopbackAddress());
    }

    Socket connect(InetAddress address) throws IOException {
        Socket socket = new Socket(address, port());
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    /** @param headers lines that end with CR LF */
    static Response request(Socket socket, String path, String headers) throws IOException {
        send(socket, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
        return read(socket, true);
    }

    static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }

    static Response read(Socket socket, boolean withBody) throws IOException {
        InputStream in = socket.getInputStream();
        String statusLine = line(in);
        Map<String, String> headers = new HashMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.get("content-length"));
        byte[] body = withBody ? in.readNBytes(length) : new byte[0];
        if (withBody && body.length < length) {
            throw new IOException("cut off after " + body.length + " of " + length + " bytes");
        }
        return new Response(Integer.parseInt(statusLine.split(" ")[1]), headers, body);
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new IOException("the connection ended");
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.US_ASCII).stripTrailing();
    }

    /** Tells whether the listener closes without a word. */
    static boolean endsSilently(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketException e) {
            return true; // reset
        }
    }

    @Override
    public void close() {
        server.close();
    }

    /** What came back. */
    static final class Response {
        private final int status;
        private final Map<String, String> headers;
        private final byte[] body;

        Response(int status, Map<String, String> headers, byte[] body) {
            this.status = status;
            this.headers = headers;
            this.body = body;
        }

        int status() {
            return status;
        }

        Map<String, String> headers() {
            return headers;
        }

        byte[] body() {
            return body;
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    /** A listener without certificates. */
    static final class NoTls implements TlsPeers {
        @Override
        public Optional<javax.net.ssl.SSLEngine> engine() {
            return Optional.empty();
        }

        @Override
        public Optional<String> objection(java.security.cert.X509Certificate[] chain) {
            throw new AssertionError("there is no TLS");
        }
    }
}
