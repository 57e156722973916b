package org.muster.agent.selfcheck;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.muster.agent.config.MusterConfig;

/** Whether our ports are free, or ours, and stay so: who listens there, /proc/net/tcp tells. */
record PortCheck(MusterConfig config, Account account, HostTree host) {
    private static final String LISTENING = "0A";
    private static final int UID_FIELD = 7;

    List<Finding> find() {
        boolean runs = agentRuns(config.listen().socket());
        List<Finding> found = new ArrayList<>();
        judge("listen.port", config.listen().port(), runs, true, found);
        reservation(config.listen().port()).ifPresent(found::add);
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

    /** An outgoing connection of another program that is given the port keeps us from listening there. */
    private Optional<Finding> reservation(int port) {
        String[] range =
                host.text("proc/sys/net/ipv4/ip_local_port_range").orElse("").split("\\s+");
        if (range.length != 2 || port < Integer.parseInt(range[0]) || port > Integer.parseInt(range[1])) {
            return Optional.empty(); // never given away, or this kernel says nothing
        }
        String reserved = host.text("proc/sys/net/ipv4/ip_local_reserved_ports").orElse("");
        for (String part : reserved.isEmpty() ? new String[0] : reserved.split(",")) {
            String[] ends = part.split("-");
            if (port >= Integer.parseInt(ends[0]) && port <= Integer.parseInt(ends[ends.length - 1])) {
                return Optional.empty();
            }
        }
        return Optional.of(Finding.warning(
                "listen.port " + port + " is not reserved: an outgoing connection of another program may take it",
                "sysctl -w net.ipv4.ip_local_reserved_ports=" + (reserved.isEmpty() ? "" : reserved + ",") + port
                        + ", and the same in the last file below /etc/sysctl.d that sets it"));
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
