package org.muster.client;

import java.time.Duration;
import java.util.Optional;

/**
 * How patient a connection is.
 *
 * @param connectTimeout until the agent has answered CONNECT
 * @param callTimeout for each call that names no limit of its own
 * @param heartBeat what we offer to send and ask to receive; a peer silent for twice the agreed interval is dead. Never
 *     zero: a client that sends heart-beats is how the agent knows that it need not pace its answers
 * @param tls needed for {@code tls://} addresses, and for no others
 */
public record ConnectOptions(
        Duration connectTimeout, Duration callTimeout, Duration heartBeat, Optional<ClientTls> tls) {
    private static final Duration LONGEST = Duration.ofDays(1);

    public ConnectOptions {
        check("connectTimeout", connectTimeout);
        check("callTimeout", callTimeout);
        check("heartBeat", heartBeat);
    }

    /** 10 s to connect, 60 s a call, heart-beats of 10 s both ways. */
    public static ConnectOptions defaults() {
        return new ConnectOptions(
                Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(10), Optional.empty());
    }

    public ConnectOptions withConnectTimeout(Duration timeout) {
        return new ConnectOptions(timeout, callTimeout, heartBeat, tls);
    }

    public ConnectOptions withCallTimeout(Duration timeout) {
        return new ConnectOptions(connectTimeout, timeout, heartBeat, tls);
    }

    public ConnectOptions withHeartBeat(Duration interval) {
        return new ConnectOptions(connectTimeout, callTimeout, interval, tls);
    }

    public ConnectOptions withTls(ClientTls identity) {
        return new ConnectOptions(connectTimeout, callTimeout, heartBeat, Optional.of(identity));
    }

    static void check(String name, Duration value) {
        if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + " must be 1 ms to 24 h, got " + value);
        }
    }
}
