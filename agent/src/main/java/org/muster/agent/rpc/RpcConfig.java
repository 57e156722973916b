package org.muster.agent.rpc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything about the wire that can be set; {@link #defaults} is what a real host runs with.
 *
 * <p>Immutable. Errors: {@link IllegalArgumentException} naming every value out of range.
 */
public record RpcConfig(Listen listen, Limits limits, Timing timing, Optional<TlsSettings> tls) {

    public static RpcConfig defaults() {
        return new RpcConfig(Listen.defaults(), Limits.defaults(), Timing.defaults(), Optional.empty());
    }

    public RpcConfig withListen(Listen other) {
        return new RpcConfig(other, limits, timing, tls);
    }

    public RpcConfig withLimits(Limits other) {
        return new RpcConfig(listen, other, timing, tls);
    }

    public RpcConfig withTiming(Timing other) {
        return new RpcConfig(listen, limits, other, tls);
    }

    /** TLS on the TCP port. Plaintext there is then served only if {@link Listen#plaintextBeyondLoopback} allows it. */
    public RpcConfig withTls(TlsSettings settings) {
        return new RpcConfig(listen, limits, timing, Optional.of(settings));
    }

    /**
     * Where to listen.
     *
     * @param address literal or name; {@code ::} takes IPv4 too, and is taken for 0.0.0.0 where there is no IPv6; empty: no
     *     TCP at all
     * @param port 0 = any free one, told by {@link RpcServer#port}
     * @param socket path of the local socket; empty: none
     * @param socketGroup members of this group may use the local socket with {@link Access#OPERATE}; empty: only root
     *     and the agent's own user
     * @param plaintextBeyondLoopback whether plain TCP from other machines is served
     * @param lostSubscriptionsMadeUp whether a connection that looks like the engine's, and seems to have lost its
     *     subscription to events, gets them all the same
     * @param messagesPacked whether what is pending for a connection that may be the engine's goes out as one JSON array
     */
    public record Listen(
            String address,
            int port,
            Optional<Path> socket,
            Optional<String> socketGroup,
            boolean plaintextBeyondLoopback,
            boolean lostSubscriptionsMadeUp,
            boolean messagesPacked) {

        public Listen {
            require(Map.of("port", (long) port), 0, 65_535);
        }

        public static Listen defaults() {
            return new Listen("::", 54_321, Optional.empty(), Optional.empty(), false, true, true);
        }

        public Listen withAddress(String newAddress, int newPort) {
            return new Listen(
                    newAddress,
                    newPort,
                    socket,
                    socketGroup,
                    plaintextBeyondLoopback,
                    lostSubscriptionsMadeUp,
                    messagesPacked);
        }

        public Listen withoutTcp() {
            return withAddress("", 0);
        }

        public Listen withPlaintextBeyondLoopback(boolean allowed) {
            return new Listen(address, port, socket, socketGroup, allowed, lostSubscriptionsMadeUp, messagesPacked);
        }

        public Listen withLostSubscriptionsMadeUp(boolean on) {
            return new Listen(address, port, socket, socketGroup, plaintextBeyondLoopback, on, messagesPacked);
        }

        public Listen withMessagesPacked(boolean on) {
            return new Listen(address, port, socket, socketGroup, plaintextBeyondLoopback, lostSubscriptionsMadeUp, on);
        }

        public Listen withSocket(Path path, Optional<String> group) {
            return new Listen(
                    address,
                    port,
                    Optional.of(path),
                    group,
                    plaintextBeyondLoopback,
                    lostSubscriptionsMadeUp,
                    messagesPacked);
        }
    }

    /**
     * Bounds on what a peer can make us hold.
     *
     * @param frameBytes body of one message in; more is answered with an error and the connection is closed
     * @param headers number of headers in a STOMP frame
     * @param headerBytes command and headers of a STOMP frame
     * @param jsonDepth nesting of objects and arrays
     * @param batchSize requests in one JSON-RPC batch
     * @param pendingRequests begun and not answered on one connection; the excess is answered with code 59
     * @param connections over both sockets; the excess is closed at once
     * @param subscriptions of one connection
     * @param outputBytes waiting to be read by one peer; more closes its connection
     * @param outputHighWaterBytes waiting output at which nothing more is read from that peer; reading goes on at half
     * @param totalBytes messages being received, requests being served and output, over all connections
     */
    public record Limits(
            int frameBytes,
            int headers,
            int headerBytes,
            int jsonDepth,
            int batchSize,
            int pendingRequests,
            int connections,
            int subscriptions,
            long outputBytes,
            long outputHighWaterBytes,
            long totalBytes) {

        public Limits {
            require(
                    Map.of(
                            "frameBytes", (long) frameBytes,
                            "headers", (long) headers,
                            "headerBytes", (long) headerBytes,
                            "jsonDepth", (long) jsonDepth,
                            "batchSize", (long) batchSize,
                            "pendingRequests", (long) pendingRequests,
                            "connections", (long) connections,
                            "subscriptions", (long) subscriptions),
                    1,
                    1 << 30);
            require(
                    Map.of(
                            "outputBytes", outputBytes,
                            "outputHighWaterBytes", outputHighWaterBytes,
                            "totalBytes", totalBytes),
                    1,
                    Long.MAX_VALUE);
        }

        public static Limits defaults() {
            return new Limits(16 << 20, 64, 16 << 10, 64, 1024, 1024, 256, 64, 16 << 20, 4 << 20, 64 << 20);
        }

        public Limits withFrameBytes(int value) {
            return new Limits(
                    value,
                    headers,
                    headerBytes,
                    jsonDepth,
                    batchSize,
                    pendingRequests,
                    connections,
                    subscriptions,
                    outputBytes,
                    outputHighWaterBytes,
                    totalBytes);
        }

        public Limits withConnections(int value) {
            return new Limits(
                    frameBytes,
                    headers,
                    headerBytes,
                    jsonDepth,
                    batchSize,
                    pendingRequests,
                    value,
                    subscriptions,
                    outputBytes,
                    outputHighWaterBytes,
                    totalBytes);
        }

        public Limits withOutput(long bytes, long highWaterBytes, long total) {
            return new Limits(
                    frameBytes,
                    headers,
                    headerBytes,
                    jsonDepth,
                    batchSize,
                    pendingRequests,
                    connections,
                    subscriptions,
                    bytes,
                    highWaterBytes,
                    total);
        }
    }

    /**
     * Times.
     *
     * @param detect from accept until the protocol is known; later the connection is closed
     * @param frame from the first byte of a message until its last
     * @param stalledOutput output waiting and not one byte taken by the peer for so long: closed
     * @param request from a request until its answer; later it is answered with code 16, whatever its handler does
     * @param lostSubscription how long after CONNECT an engine-like connection may still subscribe to events before it is
     *     taken for one that lost that frame
     * @param heartBeatFloor least interval told to a client that sends no heart-beats itself; ours come at three quarters
     */
    public record Timing(
            Duration detect,
            Duration frame,
            Duration stalledOutput,
            Duration request,
            Duration lostSubscription,
            Duration heartBeatFloor) {

        public Timing {
            require(
                    Map.of(
                            "detect", detect.toMillis(),
                            "frame", frame.toMillis(),
                            "stalledOutput", stalledOutput.toMillis(),
                            "request", request.toMillis(),
                            "lostSubscription", lostSubscription.toMillis(),
                            "heartBeatFloor", heartBeatFloor.toMillis()),
                    1,
                    Duration.ofDays(1).toMillis());
        }

        public static Timing defaults() {
            return new Timing(
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(60),
                    Duration.ofMinutes(15),
                    Duration.ofMillis(500),
                    Duration.ofSeconds(20));
        }

        public Timing withDetect(Duration value) {
            return new Timing(value, frame, stalledOutput, request, lostSubscription, heartBeatFloor);
        }

        public Timing withFrame(Duration value) {
            return new Timing(detect, value, stalledOutput, request, lostSubscription, heartBeatFloor);
        }

        public Timing withStalledOutput(Duration value) {
            return new Timing(detect, frame, value, request, lostSubscription, heartBeatFloor);
        }

        public Timing withRequest(Duration value) {
            return new Timing(detect, frame, stalledOutput, value, lostSubscription, heartBeatFloor);
        }

        public Timing withHeartBeatFloor(Duration value) {
            return new Timing(detect, frame, stalledOutput, request, lostSubscription, value);
        }
    }

    private static void require(Map<String, Long> values, long min, long max) {
        List<String> problems = new ArrayList<>();
        values.forEach((name, value) -> {
            if (value < min || value > max) {
                problems.add(name + " must be from " + min + " to " + max + ", got " + value);
            }
        });
        if (!problems.isEmpty()) {
            problems.sort(null);
            throw new IllegalArgumentException(String.join("; ", problems));
        }
    }
}
