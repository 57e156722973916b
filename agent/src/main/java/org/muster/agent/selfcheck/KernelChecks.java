package org.muster.agent.selfcheck;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;

/** What guests need of the kernel: virtualization, huge pages, limits, a clock that is right. Reads files only. */
record KernelChecks(HostTree host, Supplier<Optional<Boolean>> synchronisation) {
    private static final long FILES_WANTED = 4096;
    private static final double NEARLY_ALL = 0.8;
    private static final int INOTIFY_WANTED = 128;

    List<Finding> kvm() {
        boolean capable = host.lines("proc/cpuinfo").stream()
                        .anyMatch(line -> line.matches("(flags|Features)\\s*:.*\\b(vmx|svm)\\b.*"))
                || !host.text("proc/cpuinfo").orElse("").contains("flags"); // other machines have no such flag
        if (host.exists("dev/kvm")) {
            return List.of(kvmOf(Emulator.of(host)));
        }
        String lost = "there is no /dev/kvm: guests of type kvm do not start, emulated ones are slow";
        return List.of(
                capable
                        ? Finding.warning(
                                lost, "modprobe kvm_intel (or kvm_amd), and look in dmesg why it was not loaded")
                        : Finding.warning(
                                lost + "; the CPU offers no virtualization",
                                "switch VT-x or AMD-V on in the firmware; of a virtual machine: nested virtualization of its host"));
    }

    private Finding kvmOf(Optional<Account> emulator) {
        if (emulator.isEmpty()) {
            return Finding.ok("/dev/kvm is there (who QEMU runs as is not known)");
        }
        Path device = host.path("dev/kvm");
        return emulator.get()
                .objection(device, Account.Right.READ)
                .or(() -> emulator.get().objection(device, Account.Right.WRITE))
                .map(
                        why -> Finding.warning(
                                why + ": guests of type kvm do not start",
                                "chgrp kvm /dev/kvm && chmod 0660 /dev/kvm; udev does it with the module (udevadm trigger /dev/kvm)"))
                .orElseGet(() -> Finding.ok(
                        "/dev/kvm is there, and for user " + emulator.get().name()));
    }

    List<Finding> hugePages() {
        List<Finding> found = new ArrayList<>();
        StringBuilder all = new StringBuilder();
        for (String size : host.names("sys/kernel/mm/hugepages")) {
            String folder = "sys/kernel/mm/hugepages/" + size + "/";
            long count = host.number(folder + "nr_hugepages").orElse(0);
            if (count > 0) {
                all.append(all.isEmpty() ? "" : "; ")
                        .append(count)
                        .append(" of ")
                        .append(size.replace("hugepages-", ""))
                        .append(", free ")
                        .append(host.number(folder + "free_hugepages").orElse(0));
            }
        }
        boolean mounted = host.lines("proc/mounts").stream().anyMatch(line -> line.contains(" hugetlbfs "));
        if (!all.isEmpty() && !mounted) {
            found.add(Finding.problem(
                    all + ", but no hugetlbfs is mounted: guests cannot use them",
                    "systemctl start dev-hugepages.mount; then restart libvirtd (guests run on)"));
        }
        return found.isEmpty() ? List.of(Finding.ok(all.isEmpty() ? "none set aside" : all.toString())) : found;
    }

    List<Finding> limits() {
        List<Finding> found = new ArrayList<>();
        long files = host.lines("proc/self/limits").stream()
                .filter(line -> line.startsWith("Max open files"))
                .map(line -> line.split("\\s{2,}")[2])
                .map(hard -> hard.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(hard))
                .findFirst()
                .orElse(Long.MAX_VALUE);
        if (files < FILES_WANTED) {
            found.add(Finding.warning(
                    "a process may open " + files + " files here",
                    "the unit sets LimitNOFILE=65536; elsewhere: ulimit -n 65536"));
        }
        String[] opened =
                host.text("proc/sys/fs/file-nr").orElse("0 0 " + Long.MAX_VALUE).split("\\s+");
        nearly(
                found,
                "open files of the whole host (fs.file-max)",
                number(opened[0]),
                number(opened[2]),
                "sysctl fs.file-max");
        OptionalLong aio = host.number("proc/sys/fs/aio-max-nr");
        if (aio.isPresent()) {
            nearly(
                    found,
                    "asynchronous requests to disks (fs.aio-max-nr); QEMU with io='native' then does not start",
                    host.number("proc/sys/fs/aio-nr").orElse(0),
                    aio.getAsLong(),
                    "sysctl fs.aio-max-nr=1048576");
        }
        host.number("proc/sys/fs/inotify/max_user_instances").ifPresent(instances -> {
            if (instances < INOTIFY_WANTED) {
                found.add(Finding.warning(
                        "fs.inotify.max_user_instances = " + instances, "sysctl fs.inotify.max_user_instances=512"));
            }
        });
        long processes =
                host.names("proc").stream().filter(name -> name.matches("\\d+")).count();
        nearly(
                found,
                "processes (kernel.pid_max)",
                processes,
                host.number("proc/sys/kernel/pid_max").orElse(Long.MAX_VALUE),
                "sysctl kernel.pid_max=4194304");
        return found.isEmpty()
                ? List.of(Finding.ok("open files, requests to disks, inotify, processes: enough"))
                : found;
    }

    private static long number(String text) {
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : Long.MAX_VALUE; // 2^63 and more: no limit
    }

    private static void nearly(List<Finding> found, String what, long used, long most, String advice) {
        if (used > NEARLY_ALL * most) {
            found.add(Finding.warning(used + " of " + most + " " + what, advice));
        }
    }

    List<Finding> clock() {
        Optional<Boolean> synchronised = synchronisation.get();
        if (synchronised.isEmpty()) {
            return List.of(Finding.warning(
                    "the kernel does not tell whether the clock is synchronised", "timedatectl, or chronyc tracking"));
        }
        return List.of(
                synchronised.get()
                        ? Finding.ok("synchronised")
                        : Finding.warning(
                                "nobody keeps the host's clock right: certificates are judged by it, and the engine compares times",
                                "systemctl enable --now chrony (or systemd-timesyncd), and see that it reaches a server"));
    }

    /** journald drops what comes faster than it is told to take. */
    List<Finding> journald() {
        Optional<String> burst = journaldFiles().stream()
                .flatMap(file -> host.lines(file).stream())
                .filter(line -> line.matches("\\s*RateLimitBurst\\s*=\\s*\\d{1,9}\\s*"))
                .map(line -> line.replaceAll("\\D", ""))
                .reduce((first, last) -> last);
        if (burst.isPresent() && Integer.parseInt(burst.get()) > 0 && Integer.parseInt(burst.get()) < 1000) {
            return List.of(
                    Finding.warning(
                            "journald takes " + burst.get()
                                    + " lines in its interval: in the middle of a bulk create it drops the rest",
                            "RateLimitBurst=10000 below [Journal] in /etc/systemd/journald.conf.d/muster.conf; then systemctl restart systemd-journald"));
        }
        return List.of(Finding.ok(
                burst.map(lines -> "takes bursts of " + lines + " lines").orElse("as it comes")));
    }

    /** In the order that they count in: drop-ins by name, of two with one name the later folder's. */
    private List<String> journaldFiles() {
        Map<String, String> dropIns = new TreeMap<>();
        for (String folder : List.of("usr/lib/systemd", "run/systemd", "etc/systemd")) {
            String extra = folder + "/journald.conf.d";
            host.names(extra).stream()
                    .filter(name -> name.endsWith(".conf"))
                    .forEach(name -> dropIns.put(name, extra + "/" + name));
        }
        List<String> files = new ArrayList<>(List.of("etc/systemd/journald.conf"));
        files.addAll(dropIns.values());
        return files;
    }
}
