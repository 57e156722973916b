package org.muster.agent.selfcheck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether libvirtd lets the agent in, and keeps it: by its socket's mode, its configuration and polkit's rules. The connection that
 * was made tells nothing of it when root made it.
 *
 * @param server libvirtd, or virtqemud; empty for a hypervisor without a daemon
 */
record LibvirtAccess(String uri, String server, HostTree host, Account account) {
    private static final Pattern OWN_SOCKET = Pattern.compile("[?&]socket=([^&]+)");
    private static final String ACTION = "org.libvirt.unix.manage"; // what polkit is asked about
    private static final int OTHERS_WRITE = 2;
    private static final long USUAL = 5; // libvirtd's default of each of the three numbers
    private static final long PATIENCE_WANTED = 15; // s; a host that swaps is silent for some

    List<Finding> find() {
        if (server.isEmpty()) {
            return List.of();
        }
        List<Finding> found = new ArrayList<>();
        Optional<String> login = setting("auth_unix_rw").filter("sasl"::equals);
        if (login.isPresent()) {
            found.add(Finding.problem(
                    server + " wants a name and a password of the agent (auth_unix_rw = \"sasl\"), which has none",
                    "set auth_unix_rw = \"polkit\" or \"none\" in " + config() + " and restart " + server));
        } else if (!account.us() && !account.root()) {
            letsIn(found);
        }
        patience().ifPresent(found::add);
        return found;
    }

    private void letsIn(List<Finding> found) {
        Path socket = socket();
        if (!Files.exists(socket)) {
            return; // the connection went elsewhere
        }
        Optional<String> objection = account.objection(socket, Account.Right.WRITE);
        if (objection.isPresent()) {
            found.add(Finding.problem(
                    objection.get() + ": " + server + " does not let the agent in",
                    "SocketMode=0660 and SocketGroup=libvirt in a drop-in of " + server + ".socket (systemctl edit), or"
                            + " unix_sock_group = \"libvirt\" and unix_sock_rw_perms = \"0770\" in " + config()));
        } else if (openToAll(socket) && !setting("auth_unix_rw").equals(Optional.of("none")) && !ruled()) {
            found.add(Finding.warning(
                    "polkit decides who may use " + socket + ", and no rule of it names " + ACTION
                            + ": the agent is refused, unless libvirt was built without polkit",
                    "a rule in /etc/polkit-1/rules.d that answers YES to " + ACTION
                            + " for group libvirt; to try it: runuser -u " + account.name() + " -- virsh -c " + uri
                            + " version"));
        }
    }

    private Path socket() {
        Matcher own = OWN_SOCKET.matcher(uri);
        return own.find()
                ? Path.of(own.group(1))
                : host.path("run/libvirt/" + (server.equals("virtqemud") ? "virtqemud-sock" : "libvirt-sock"));
    }

    private static boolean openToAll(Path socket) {
        try {
            return ((int) Files.getAttribute(socket, "unix:mode") & OTHERS_WRITE) != 0;
        } catch (IOException e) {
            return false; // gone meanwhile
        }
    }

    private boolean ruled() {
        for (String folder :
                List.of("etc/polkit-1/rules.d", "usr/share/polkit-1/rules.d", "usr/local/share/polkit-1/rules.d")) {
            for (String name : host.names(folder)) {
                if (host.text(folder + "/" + name).orElse("").contains(ACTION)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** A daemon that is told to give clients up soon takes an agent that is out of CPU for dead. */
    private Optional<Finding> patience() {
        long interval = setting("keepalive_interval").map(LibvirtAccess::number).orElse(USUAL);
        long count = setting("keepalive_count").map(LibvirtAccess::number).orElse(USUAL);
        long requests =
                setting("max_client_requests").map(LibvirtAccess::number).orElse(USUAL);
        if (interval > 0 && interval * (count + 1) < PATIENCE_WANTED) {
            return Optional.of(Finding.warning(
                    server + " closes connections that are silent for " + interval * (count + 1)
                            + " s (keepalive_interval, keepalive_count)",
                    "leave both unset in " + config() + " and restart " + server));
        }
        if (interval <= 0) {
            return Optional.of(Finding.warning(
                    server + " never looks whether its clients live (keepalive_interval = " + interval
                            + ", as VDSM sets it): calls of one that is gone stay in its pool",
                    "take it out of " + config() + " and restart " + server + " (guests run on)"));
        }
        if (requests != USUAL) {
            return Optional.of(Finding.ok(server + ": max_client_requests = " + requests
                    + " (a connection of the agent's has one call at most)"));
        }
        return Optional.empty();
    }

    private static long number(String text) {
        return text.matches("-?\\d{1,9}") ? Long.parseLong(text) : 0;
    }

    private String config() {
        return "/etc/libvirt/" + server + ".conf";
    }

    /** Of a daemon beside the host's the host's file says nothing. */
    private Optional<String> setting(String name) {
        if (OWN_SOCKET.matcher(uri).find()) {
            return Optional.empty();
        }
        Pattern line = Pattern.compile("\\s*" + name + "\\s*=\\s*\"?([^\"#\\s]+)\"?\\s*(#.*)?");
        return host.lines(config()).stream()
                .map(line::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1))
                .reduce((first, last) -> last);
    }
}
