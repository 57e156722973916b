package org.muster.agent.selfcheck;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Whether the agent's user and groups are there, and the place of its local socket. */
record AccountCheck(Account account, HostTree host, Path socket) {

    List<Finding> find() {
        List<Finding> found = new ArrayList<>();
        boolean agents = account.name().equals(Account.AGENT);
        if (!agents && !account.root()) {
            found.add(Finding.warning(
                    "this check runs as " + account.name() + ": what it says of access is about that user",
                    "run it as root, or as the agent's user: sudo -u " + Account.AGENT + " musterd self-check"));
        } else if (!agents) {
            found.add(Finding.warning(
                    "there is no user " + Account.AGENT + ": what is said of access is about root",
                    "install the package, or systemd-sysusers"));
        }
        if (!account.root() && !account.groups().contains("libvirt")) {
            found.add(Finding.problem(
                    "user " + account.name() + " is not in group libvirt, so libvirtd does not let it in",
                    "usermod -aG libvirt " + account.name() + "; then restart the agent"));
        }
        if (host.lines("etc/group").stream().noneMatch(line -> line.startsWith("muster:"))) {
            found.add(Finding.warning(
                    "there is no group muster: only root and the agent's user may use the local socket",
                    "groupadd --system muster"));
        }
        Path folder = socket.getParent();
        if (Files.exists(folder)) {
            account.objection(folder, Account.Right.WRITE)
                    .ifPresent(why -> found.add(Finding.problem(
                            why + ": the local socket cannot be made", "chown " + account.name() + " " + folder)));
        } else if (!folder.equals(Path.of("/run/muster"))) { // which the unit makes
            found.add(Finding.problem(
                    "the folder of listen.socket, " + folder + ", is not there",
                    "install -d -o " + account.name() + " " + folder));
        }
        return found.isEmpty()
                ? List.of(Finding.ok(account.name() + ", groups "
                        + String.join(", ", account.groups().stream().sorted().toList())))
                : found;
    }
}
