package org.muster.agent.selfcheck;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.muster.agent.config.MusterConfig;

/** Whether our ports are free, or ours: who listens there, /proc/net/tcp tells. */
record PortCheck(MusterConfig config, Account account, HostTree host) {
    private static final String LISTENING = "0A";
    private static final int UID_FIELD = 7;

    List<Finding> find() {
        boolean runs = agentRuns(config.listen().socket());
        List<Finding> found = new ArrayList<>();
        judge("listen.port", config.listen().port(), runs, true, found);
        config.metrics().listen().ifPresent(at -> judge("metrics.listen", at.port(), runs, false, found));
        found.add(0, Finding.ok(runs ? "an agent runs" : "no agent runs"));
        return found;
    }

    private void judge(String key, int port, boolean runs, boolean needed, List<Finding> found) {
        OptionalInt holder = port == 0 ? OptionalInt.empty() : holder(port);
        if (holder.isEmpty()) {
            boolean closed = runs && port != 0 && needed && config.tls().enabled();
            found.add(Finding.ok(key + " " + port + (closed ? " is not open (see certificates)" : " is free")));
        } else if (runs && holder.getAsInt() == account.uid()) {
            found.add(Finding.ok(key + " " + port + " is ours"));
        } else {
            String text = key + " " + port + " is taken by a program of user " + holder.getAsInt();
            String advice = "ss -ltnp 'sport = :" + port + "' names it (VDSM has the same port); or set another " + key;
            found.add(
                    needed ? Finding.problem(text, advice) : Finding.warning(text + ": no metrics are served", advice));
        }
    }

    /** The user whose program listens there. */
    private OptionalInt holder(int port) {
        String wanted = ":%04X".formatted(port);
        for (String file : List.of("proc/net/tcp", "proc/net/tcp6")) {
            for (String line : host.lines(file)) {
                String[] fields = line.strip().split("\\s+");
                if (fields.length > UID_FIELD && fields[1].endsWith(wanted) && fields[3].equals(LISTENING)) {
                    return OptionalInt.of(Integer.parseInt(fields[UID_FIELD]));
                }
            }
        }
        return OptionalInt.empty();
    }

    private static boolean agentRuns(Path socket) {
        if (!Files.exists(socket)) {
            return false;
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return false; // left behind by one that is gone, or not for us
        }
    }
}
