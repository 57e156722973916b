package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmStatus;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainNeeds;
import org.muster.libvirt.DomainXml.Problem;

/**
 * What the accepted VMs that are not up yet will take of the host, and the disks and MAC addresses that VMs have: so that two
 * creates are not promised the same.
 *
 * <p>Memory is reserved until the guest is up, from when on the kernel's own figures count it; disks and addresses until it is
 * Down or gone. The check and the reservation are one step. Hears of every change of the table, which is how everything is given
 * back; what was reserved and not accepted after all is given back by {@link #release}.
 *
 * <p>Thread-safe; never blocks.
 */
final class Ledger implements VmListener {
    // Guests up to this size touch little of it before they are up, or are somebody's test: not refused for want of
    // memory, as long as
    // all of them together are promised no more than this part of what the host has, which its estimate is not good for
    // anyway.
    private static final long SMALL_KIB = 256 * 1024;
    private static final int SMALL_PART = 8;

    private static final String MAC = "mac ";
    private static final String DISK = "disk ";

    /** @param exclusive nobody else may have it */
    private record Claim(String key, boolean exclusive) {}

    /** What one VM has; of its memory 0 once it is up. */
    private static final class Entry {
        private final String name;
        private long memoryKib;
        private Map<Long, Long> hugePagesKib = Map.of();
        private List<Claim> claims = List.of();
        private String seen = ""; // digest of the devices that the claims were made of, if libvirt told

        Entry(String name) {
            this.name = name;
        }

        Entry copy() {
            Entry copy = new Entry(name);
            copy.memoryKib = memoryKib;
            copy.hugePagesKib = hugePagesKib;
            copy.claims = claims;
            copy.seen = seen;
            return copy;
        }

        long smallKib() {
            return memoryKib <= SMALL_KIB ? memoryKib : 0;
        }
    }

    @GuardedBy("this")
    private final Map<UUID, Entry> entries = new HashMap<>();

    @GuardedBy("this")
    private final Map<String, Map<UUID, Boolean>> holders = new HashMap<>(); // by key: who has it, exclusively or not

    @GuardedBy("this")
    private final Map<Long, Long> hugePagesKib = new HashMap<>();

    @GuardedBy("this")
    private long memoryKib;

    @GuardedBy("this")
    private long smallKib; // of that, what small guests are promised

    /** A copy to ask what there would be room for. */
    synchronized Ledger rehearsal() {
        Ledger copy = new Ledger();
        synchronized (copy) { // nobody else has it
            entries.forEach((id, entry) -> copy.entries.put(id, entry.copy()));
            holders.forEach((key, who) -> copy.holders.put(key, new HashMap<>(who)));
            copy.hugePagesKib.putAll(hugePagesKib);
            copy.memoryKib = memoryKib;
            copy.smallKib = smallKib;
        }
        return copy;
    }

    /** What is reserved for those that are not up yet. */
    record Reserved(long memoryKib, Map<Long, Long> hugePagesKib) {}

    synchronized Reserved reserved() {
        return new Reserved(memoryKib, Map.copyOf(hugePagesKib));
    }

    /** Reserves it all if nothing speaks against it, else nothing; answers everything that does. */
    synchronized List<Problem> reserve(UUID id, String name, DomainNeeds needs, Room room) {
        List<Problem> problems = problems(id, needs, room);
        if (problems.isEmpty()) {
            take(id, name, needs, room);
        }
        return problems;
    }

    /** Everything that speaks against it; reserves nothing. */
    synchronized List<Problem> problems(UUID id, DomainNeeds needs, Room room) {
        List<Problem> problems = new ArrayList<>();
        needs.machine()
                .filter(machine -> !room.has(machine))
                .ifPresent(machine -> problems.add(new Problem(
                        "xml/domain/os/type/@machine", "the host's QEMU has no such machine type", machine.type())));
        memoryProblem(needs, room, problems);
        hugePageProblems(needs, room, problems);
        diskProblems(id, needs, problems);
        macProblems(id, needs, problems);
        return problems;
    }

    @GuardedBy("this")
    private void diskProblems(UUID id, DomainNeeds needs, List<Problem> problems) {
        Map<String, Boolean> own = new HashMap<>(); // whether one so far wants it for itself
        for (DomainNeeds.Source disk : needs.disks()) {
            Claim claim = new Claim(disk(disk.path()), !disk.shared());
            Boolean before = own.put(claim.key, claim.exclusive || own.getOrDefault(claim.key, false));
            if (before != null && (before || claim.exclusive)) {
                String rule = "the VM has this disk twice, and not shareable or read-only both times";
                problems.add(new Problem(disk.field(), rule, disk.path()));
            }
            String holder = holder(id, claim);
            if (!holder.isEmpty()) {
                String rule = "the disk of " + holder + ", and not shareable or read-only for both";
                problems.add(new Problem(disk.field(), rule, disk.path()));
            }
        }
    }

    @GuardedBy("this")
    private void macProblems(UUID id, DomainNeeds needs, List<Problem> problems) {
        String field = "xml/domain/devices/interface/mac/@address";
        Map<String, Integer> interfaces = new TreeMap<>();
        needs.macs().forEach(mac -> interfaces.merge(mac, 1, Integer::sum));
        interfaces.forEach((mac, count) -> {
            if (count > 1) {
                problems.add(new Problem(field, count + " interfaces of the VM have this MAC address", mac));
            }
            String holder = holder(id, new Claim(MAC + mac, true));
            if (!holder.isEmpty()) {
                problems.add(new Problem(field, "the MAC address of " + holder, mac));
            }
        });
    }

    /** Takes it for a VM that was accepted before: nobody asks whether there is room. */
    synchronized void restore(UUID id, String name, DomainNeeds needs, Room room) {
        take(id, name, needs, room);
    }

    @GuardedBy("this")
    private void memoryProblem(DomainNeeds needs, Room room, List<Problem> problems) {
        long wanted = needs.memoryKib().orElse(0);
        if (room.memoryKib().isEmpty() || wanted == 0) {
            return;
        }
        long left = room.memoryKib().getAsLong() - memoryKib;
        boolean spared =
                wanted <= SMALL_KIB && smallKib + wanted <= room.memoryKib().getAsLong() / SMALL_PART;
        if (wanted > left && !spared) {
            problems.add(new Problem(
                    "xml/domain/memory",
                    "the host has " + mib(room.memoryKib().getAsLong()) + " MiB to give, " + mib(memoryKib)
                            + " MiB of it promised to VMs that are not up yet",
                    mib(wanted) + " MiB"));
        }
    }

    private static long mib(long kib) {
        return kib / 1024;
    }

    @GuardedBy("this")
    private void hugePageProblems(DomainNeeds needs, Room room, List<Problem> problems) {
        if (!room.hugePagesKnown()) {
            return;
        }
        sized(needs, room).forEach((size, wanted) -> {
            Long free = room.hugePagesKib().get(size);
            long promised = hugePagesKib.getOrDefault(size, 0L);
            if (free == null) {
                problems.add(new Problem(
                        "xml/domain/memoryBacking/hugepages",
                        "the host has no huge pages of that size",
                        size + " KiB"));
            } else if (wanted > free - promised) {
                problems.add(new Problem(
                        "xml/domain/memoryBacking/hugepages",
                        "the host has " + free / size + " free huge pages of " + size + " KiB, " + promised / size
                                + " of them promised to VMs that are not up yet",
                        (wanted + size - 1) / size + " pages"));
            }
        });
    }

    private static Map<Long, Long> sized(DomainNeeds needs, Room room) {
        Map<Long, Long> bySize = new HashMap<>();
        needs.hugePagesKib().forEach((asked, kib) -> bySize.merge(room.pageKib(asked), kib, Long::sum));
        bySize.remove(0L);
        return bySize;
    }

    /** Who has what this one wants and does not share it; empty if nobody. */
    @GuardedBy("this")
    private String holder(UUID id, Claim claim) {
        for (Map.Entry<UUID, Boolean> holder :
                holders.getOrDefault(claim.key, Map.of()).entrySet()) {
            if (!holder.getKey().equals(id) && (claim.exclusive || holder.getValue())) {
                return entries.get(holder.getKey()).name + " (" + holder.getKey() + ")";
            }
        }
        return "";
    }

    @GuardedBy("this")
    private void take(UUID id, String name, DomainNeeds needs, Room room) {
        release(id);
        Entry entry = new Entry(name);
        entries.put(id, entry);
        entry.memoryKib = needs.memoryKib().orElse(0);
        entry.hugePagesKib = sized(needs, room);
        memoryKib += entry.memoryKib;
        smallKib += entry.smallKib();
        entry.hugePagesKib.forEach((size, kib) -> hugePagesKib.merge(size, kib, Long::sum));
        Set<Claim> claims = new LinkedHashSet<>();
        needs.disks().forEach(disk -> claims.add(new Claim(disk(disk.path()), !disk.shared())));
        needs.macs().forEach(mac -> claims.add(new Claim(MAC + mac, true)));
        claim(id, entry, claims);
    }

    private static String disk(String path) {
        boolean normal = !path.contains("//") && !path.contains("/.") && !path.endsWith("/");
        boolean network = path.contains("://") && !path.startsWith("/");
        if (network || (normal && path.startsWith("/"))) { // as nearly all are
            return DISK + path;
        }
        try {
            return DISK + Path.of(path).normalize();
        } catch (InvalidPathException e) {
            return DISK + path; // our locale cannot name it
        }
    }

    @GuardedBy("this")
    private void claim(UUID id, Entry entry, Set<Claim> claims) {
        entry.claims = List.copyOf(claims);
        for (Claim claim : entry.claims) {
            holders.computeIfAbsent(claim.key, key -> new HashMap<>()).merge(id, claim.exclusive, Boolean::logicalOr);
        }
    }

    @GuardedBy("this")
    private void unclaim(UUID id, Entry entry) {
        for (Claim claim : entry.claims) {
            Map<UUID, Boolean> mine = holders.getOrDefault(claim.key, new HashMap<>());
            mine.remove(id);
            if (mine.isEmpty()) {
                holders.remove(claim.key);
            }
        }
        entry.claims = List.of();
    }

    /** Gives everything back. */
    synchronized void release(UUID id) {
        Entry entry = entries.remove(id);
        if (entry != null) {
            releaseMemory(entry);
            unclaim(id, entry);
        }
    }

    @GuardedBy("this")
    private void releaseMemory(Entry entry) {
        memoryKib -= entry.memoryKib;
        smallKib -= entry.smallKib();
        entry.memoryKib = 0;
        entry.hugePagesKib.forEach((size, kib) ->
                hugePagesKib.compute(size, (s, sum) -> sum == null || sum <= kib ? null : Long.valueOf(sum - kib)));
        entry.hugePagesKib = Map.of();
    }

    @Override
    public synchronized void changed(Vm before, Vm after) {
        if (after.status() == VmStatus.DOWN) {
            release(after.id());
        } else if (after.status().running()) {
            Entry entry = entries.computeIfAbsent(after.id(), id -> new Entry(after.name()));
            releaseMemory(entry);
            after.live().map(LiveXml::details).ifPresent(details -> see(after.id(), entry, details));
        }
    }

    /** From now on what libvirt says it has is what it has. */
    @GuardedBy("this")
    private void see(UUID id, Entry entry, DomainDetails details) {
        if (entry.seen.equals(details.hash())) {
            return;
        }
        entry.seen = details.hash();
        Set<Claim> claims = new LinkedHashSet<>();
        for (DomainDetails.Disk disk : details.disks()) {
            String place = disk.network().isEmpty() ? disk.path() : disk.network();
            if (place.startsWith("/") || !disk.network().isEmpty()) {
                claims.add(new Claim(disk(place), !disk.shared()));
            }
        }
        for (DomainDetails.Nic nic : details.nics()) {
            if (!nic.mac().isEmpty()) {
                claims.add(new Claim(MAC + nic.mac().toLowerCase(Locale.ROOT), true));
            }
        }
        unclaim(id, entry);
        claim(id, entry, claims);
    }

    @Override
    public void removed(Vm last) {
        release(last.id());
    }

    /** How many VMs have something. */
    synchronized int size() {
        return entries.size();
    }
}
