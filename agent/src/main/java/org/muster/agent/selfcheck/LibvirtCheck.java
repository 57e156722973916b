package org.muster.agent.selfcheck;

import java.util.ArrayList;
import java.util.List;
import org.muster.agent.config.MusterConfig;
import org.muster.libvirt.CallGuard.Workers;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.LibvirtLook;

/** Whether libvirtd answers, is new enough, and has workers enough. */
record LibvirtCheck(MusterConfig.Libvirt libvirt, Source source, HostTree host, Account account) {
    private static final int OLDEST = 6000; // major × 1000 + minor
    private static final int CLIENTS_WANTED = 200; // ours at most, with room for others

    /** Looks at the daemon behind a URI; may never answer. */
    @FunctionalInterface
    interface Source {
        LibvirtLook at(String uri) throws HypervisorException;
    }

    List<Finding> find() {
        LibvirtLook look;
        try {
            look = source.at(libvirt.uri());
        } catch (HypervisorException e) {
            return List.of(Finding.problem(libvirt.uri() + ": " + e.getMessage(), unreachable(e)));
        } catch (LinkageError e) {
            return List.of(Finding.problem(
                    "libvirt's library cannot be loaded: " + e.getMessage(),
                    "install libvirt0 (Debian, Ubuntu) or libvirt-libs (EL, Fedora), 6.0 or newer"));
        }
        List<Finding> found = new ArrayList<>();
        found.add(Finding.ok(look.hypervisor() + " through libvirt " + look.libvirt()));
        if (look.libvirtNumber() < OLDEST) {
            found.add(Finding.problem("libvirt " + look.libvirt() + " is too old", "6.0 is the oldest that works"));
        }
        if (!look.kvm() && libvirt.uri().startsWith("qemu:")) {
            found.add(Finding.warning(
                    "libvirtd offers no KVM guests, only emulated ones", "see the check kvm; then restart libvirtd"));
        }
        workers(look, found);
        clients(look, found);
        found.addAll(new LibvirtAccess(libvirt.uri(), look.server(), host, account).find());
        if (accessDriver(look)) {
            found.add(Finding.warning(
                    "libvirtd asks polkit about every single call (access_drivers)",
                    "leave access_drivers unset in " + look.configFile().orElse("libvirtd.conf")
                            + ", or expect lists and statistics of many guests to take seconds"));
        }
        if (libvirt.uri().equals("qemu:///system") && !host.exists("run/libvirt/virtlogd-sock")) {
            found.add(Finding.warning(
                    "virtlogd's socket is not there: guests do not start where libvirt logs through it",
                    "systemctl enable --now virtlogd.socket"));
        }
        return found;
    }

    private String unreachable(HypervisorException e) {
        String group = account.root() || account.groups().contains("libvirt")
                ? ""
                : "; user " + account.name() + " is not in group libvirt: usermod -aG libvirt " + account.name();
        return switch (e.kind()) {
            case DENIED -> "libvirtd refuses us" + group;
            default ->
                "systemctl enable --now libvirtd.socket (or virtqemud.socket where there is one); then virsh -c "
                        + libvirt.uri() + " version" + group;
        };
    }

    private void workers(LibvirtLook look, List<Finding> found) {
        if (look.server().isEmpty()) {
            return;
        }
        Workers workers = look.workers();
        String known = workers.known() ? "" : " (assumed: we may not ask it)";
        if (workers.min() < workers.wantedMin()) {
            found.add(Finding.warning(
                    look.server() + ": min_workers = " + workers.min() + ", max_workers = " + workers.max() + known
                            + ": with a few guests that hang it serves nobody any more",
                    libvirt.tuneWorkers()
                            ? "libvirt.tune-workers is set, but needs root and the program virt-admin; else set min_workers"
                            : "set min_workers = " + workers.wantedMin() + " in "
                                    + look.configFile().orElseThrow()
                                    + " and restart it (guests run on), or at once: virt-admin -c " + look.server()
                                    + ":///system server-threadpool-set " + look.server() + " --min-workers "
                                    + workers.wantedMin()));
        } else {
            found.add(Finding.ok(
                    look.server() + ": min_workers = " + workers.min() + ", max_workers = " + workers.max()));
        }
    }

    private static void clients(LibvirtLook look, List<Finding> found) {
        if (look.maxClients().isEmpty()) {
            return;
        }
        int room = look.maxClients().getAsInt() - look.clients().orElse(0);
        if (room < CLIENTS_WANTED) {
            found.add(Finding.warning(
                    look.server() + " takes " + look.maxClients().getAsInt() + " connections and has "
                            + look.clients().orElse(0) + ": Muster may need up to " + CLIENTS_WANTED,
                    "set max_clients = 5000 in " + look.configFile().orElseThrow()));
        }
    }

    private boolean accessDriver(LibvirtLook look) {
        return look.configFile().stream()
                .flatMap(file -> host.lines(file).stream())
                .anyMatch(line -> line.matches("\\s*access_drivers\\s*=.*polkit.*"));
    }
}
