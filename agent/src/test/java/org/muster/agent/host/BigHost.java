package org.muster.agent.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.muster.libvirt.HostFacts;
import org.muster.netlink.Address;
import org.muster.netlink.DefaultRoute;
import org.muster.netlink.Link;
import org.muster.netlink.NetworkDump;

/**
 * A host with 128 CPUs in 4 cells, huge pages of two sizes, and a bond of two nics with VLANs and bridges on it: as files, as
 * libvirt's word and as rtnetlink's.
 */
final class BigHost {
    static final int CPUS = 128;
    static final int CELLS = 4;
    static final int PER_CELL = CPUS / CELLS;
    static final long CELL_KIB = 128L << 20;

    private static final int UP = 0x11043;

    private BigHost() {}

    static FakeTree write(FakeTree tree) {
        cpus(tree, 0);
        memory(tree);
        network(tree);
        return tree.file("proc/loadavg", "0.08 0.10 0.09 1/999 4711")
                .file("proc/sys/kernel/osrelease", "5.14.0-427.el9.x86_64")
                .file("proc/sys/kernel/numa_balancing", "1")
                .file("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda1 intel_iommu=on")
                .file("proc/sys/crypto/fips_enabled", "1")
                .file("proc/cpuinfo", "processor\t: 0", "model name\t: Fake Xeon", "flags\t\t: fpu vme vmx", "")
                .file("sys/devices/system/cpu/online", "0-126")
                .file("sys/kernel/kexec_crash_loaded", "1")
                .file("sys/module/kvm_intel/parameters/nested", "Y")
                .file("sys/fs/selinux/enforce", "1")
                .directory("sys/class/mem/random")
                .directory("sys/class/mem/urandom")
                .file("sys/class/misc/hw_random/rng_current", "tpm-rng-0")
                .directory("sys/class/iommu/dmar0")
                .directory("tmp")
                .directory("var/log")
                .directory("run")
                .file("sys/class/fc_host/host3/port_name", "0x10000090fa000001")
                .file("sys/class/fc_host/host3/node_name", "0x20000090fa000001")
                .file("sys/class/scsi_host/host3/modelname", "LPe16000")
                .file("etc/iscsi/initiatorname.iscsi", "# made by hand", "InitiatorName=iqn.1994-05.com.example:h1")
                .file("etc/libvirt/qemu.conf", "# vnc_tls = 0", "vnc_tls = 1")
                .file("etc/resolv.conf", "search example.com", "nameserver 10.0.0.53", "nameserver fd00::53")
                .file(
                        "etc/os-release",
                        "NAME=\"Fake Linux\"",
                        "ID=fake",
                        "VERSION_ID=\"9.4\"",
                        "PRETTY_NAME='Fake Linux 9'");
    }

    /** @param round the host is half busy in each: every round each CPU works 30 ticks in user, 20 in kernel, 50 in none */
    static FakeTree cpus(FakeTree tree, int round) {
        List<String> lines = new ArrayList<>();
        long rounds = round + 100L; // it ran before
        lines.add(ticks("cpu ", CPUS * rounds));
        for (int cpu = 0; cpu < CPUS; cpu++) {
            lines.add(ticks("cpu" + cpu, rounds));
        }
        lines.add("ctxt 12345");
        lines.add("btime 1700000000");
        return tree.file("proc/stat", lines.toArray(String[]::new));
    }

    /** user 25, nice 5, system 12, idle 45, iowait 5, irq 3, softirq 4, steal 1, guest 20 (contained in user) */
    private static String ticks(String name, long n) {
        return name + " " + 25 * n + " " + 5 * n + " " + 12 * n + " " + 45 * n + " " + 5 * n + " " + 3 * n + " " + 4 * n
                + " " + n + " " + 20 * n + " 0";
    }

    private static void memory(FakeTree tree) {
        tree.file(
                "proc/meminfo",
                "MemTotal:       " + CELLS * CELL_KIB + " kB",
                "MemFree:        " + 100 * 1024 * 1024 + " kB",
                "MemAvailable:   " + 200 * 1024 * 1024 + " kB",
                "Buffers:        1024 kB",
                "Cached:         2048 kB",
                "SwapTotal:      4194304 kB",
                "SwapFree:       4193280 kB",
                "AnonHugePages:  2097152 kB",
                "HugePages_Total:     512");
        tree.pageBytes(4096)
                .file("sys/kernel/mm/ksm/run", "1")
                .file("sys/kernel/mm/ksm/pages_to_scan", "100")
                .file("sys/kernel/mm/ksm/pages_sharing", "262144")
                .file("sys/kernel/mm/ksm/merge_across_nodes", "1")
                .file("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never");
        pages(tree, "sys/kernel/mm/hugepages/hugepages-2048kB", 512, 300, 100);
        pages(tree, "sys/kernel/mm/hugepages/hugepages-1048576kB", 8, 8, 0);
        for (int cell = 0; cell < CELLS; cell++) {
            String folder = "sys/devices/system/node/node" + cell;
            tree.file(folder + "/cpulist", cell * PER_CELL + "-" + (cell * PER_CELL + PER_CELL - 1))
                    .file(
                            folder + "/meminfo",
                            "Node " + cell + " MemTotal:       " + CELL_KIB + " kB",
                            "Node " + cell + " MemFree:        " + CELL_KIB / 4 + " kB");
            pages(tree, folder + "/hugepages/hugepages-2048kB", 128, 75, 0);
            pages(tree, folder + "/hugepages/hugepages-1048576kB", 2, 2, 0);
        }
    }

    private static void pages(FakeTree tree, String folder, int all, int free, int reserved) {
        tree.file(folder + "/nr_hugepages", "" + all)
                .file(folder + "/free_hugepages", "" + free)
                .file(folder + "/resv_hugepages", "" + reserved);
    }

    private static void network(FakeTree tree) {
        String net = "sys/class/net/";
        tree.file(net + "eno1/speed", "25000")
                .file(net + "eno2/speed", "25000")
                .file(net + "eno3/speed", "-1")
                .file(net + "eno1/bonding_slave/ad_aggregator_id", "1")
                .file(net + "eno2/bonding_slave/perm_hwaddr", "02:00:00:00:00:02")
                .file(net + "eno2/bonding_slave/ad_aggregator_id", "")
                .file(net + "eno3/addr_assign_type", "0")
                .file(net + "bond0/speed", "50000")
                .file(net + "bond0/bonding/mode", "802.3ad 4")
                .file(net + "bond0/bonding/miimon", "100")
                .file(net + "bond0/bonding/xmit_hash_policy", "layer2+3 2")
                .file(net + "bond0/bonding/lacp_rate", "slow 0")
                .file(net + "bond0/bonding/ad_partner_mac", "aa:bb:cc:dd:ee:ff")
                .file(net + "bond0/bonding/ad_aggregator", "1")
                .file(net + "bond0/bonding/active_slave", "")
                .file(net + "bond0.100/speed", "50000")
                .file(net + "ovirtmgmt/bridge/stp_state", "0")
                .file(net + "ovirtmgmt/bridge/forward_delay", "0")
                .file(net + "ovirtmgmt/bridge/gc_timer", "17");
        String conf = "proc/sys/net/ipv6/conf/ovirtmgmt/";
        tree.file(conf + "accept_ra", "1")
                .file(conf + "forwarding", "0")
                .file(conf + "disable_ipv6", "0")
                .file(conf + "autoconf", "1");
        tree.file(
                "proc/net/dev",
                "Inter-|   Receive                                                |  Transmit",
                " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls ca",
                "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0",
                "  eno1: 18446744073709551615 10 1 2 0 0 0 0 3000000000 20 3 4 0 0 0 0",
                "  eno2:7 10 0 0 0 0 0 0 8 20 0 0 0 0 0 0",
                " vnet0: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0",
                "ovirtmgmt: 100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0");
    }

    private static Link link(int index, String name, int flags, int master, int parent, String kind, int vlan) {
        String mac = String.format("02:00:00:00:00:%02x", index);
        return new Link(index, name, Link.ETHERNET, flags, 6, 1500, mac, "", master, parent, kind, vlan);
    }

    /** ovirtmgmt on eno1+eno2 (bond0), "red" on its VLAN 100, eno3 alone and down, a guest on ovirtmgmt, containers. */
    static NetworkDump dump() {
        return new NetworkDump(
                List.of(
                        new Link(1, "lo", 772, 0x49, 0, 65536, "00:00:00:00:00:00", "", 0, 0, "", -1),
                        new Link(2, "eno1", 1, UP, 6, 1500, "02:00:00:00:00:05", "02:00:00:00:00:01", 5, 0, "", -1),
                        new Link(3, "eno2", 1, UP, 6, 1500, "02:00:00:00:00:05", "", 5, 0, "", -1),
                        link(4, "eno3", 0x1003, 0, 0, "", -1),
                        link(5, "bond0", UP, 7, 0, "bond", -1),
                        link(6, "bond0.100", UP, 8, 5, "vlan", 100),
                        link(7, "ovirtmgmt", UP, 0, 0, "bridge", -1),
                        link(8, "red", UP, 0, 0, "bridge", -1),
                        link(9, "vnet0", UP, 7, 0, "tun", -1),
                        link(10, "veth4711", UP, 0, 99, "veth", -1),
                        link(11, "veth_lab", UP, 0, 99, "veth", -1),
                        link(12, "orphan.7", UP, 0, 10, "vlan", 7),
                        link(14, "red.5", UP, 0, 8, "vlan", 5),
                        new Link(13, "sit0", 776, 0x80, 0, 1480, "", "", 0, 0, "sit", -1)),
                List.of(
                        new Address(7, false, "10.1.2.3", 22, 0, 0x80 | 1, -1), // the second one of its network
                        new Address(7, false, "10.1.2.2", 22, 0, 0, -1),
                        new Address(7, true, "fd00::2", 64, 0, 0, 2),
                        new Address(7, true, "fe80::2", 64, 253, 0x80, -1),
                        new Address(8, true, "fd01::2", 128, 0, 0, 0)),
                List.of(
                        new DefaultRoute(7, false, "10.1.0.99", 777, 0),
                        new DefaultRoute(7, false, "10.1.0.254", 254, 500),
                        new DefaultRoute(7, false, "10.1.0.1", 254, 100),
                        new DefaultRoute(8, true, "fe80::1", 900, 1024)));
    }

    static HostFacts facts() {
        List<HostFacts.Cell> cells =
                IntStream.range(0, CELLS).mapToObj(BigHost::cell).toList();
        return new HostFacts(
                10_010_000,
                9_001_000,
                "big.example.com",
                "11111111-2222-3333-4444-555555555555",
                "x86_64",
                "Haswell",
                "Intel",
                List.of("vmx", "pdpe1gb"),
                List.of("md-clear"),
                List.of("Nehalem", "Haswell-noTSX"),
                2100,
                OptionalLong.of(2_100_000_000L),
                Optional.of(true),
                CPUS - 1,
                CELLS,
                1,
                16,
                2,
                CELLS * CELL_KIB,
                List.of("pc-q35-rhel9.6.0", "q35"),
                true,
                cells,
                Map.of("manufacturer", "Fake Inc.", "product", "Big", "serial", "S-1", "uuid", "U-1", "family", "F"));
    }

    private static HostFacts.Cell cell(int cell) {
        List<HostFacts.Cpu> cpus = IntStream.range(cell * PER_CELL, (cell + 1) * PER_CELL)
                .mapToObj(cpu -> cpu == CPUS - 1
                        ? new HostFacts.Cpu(cpu, -1, -1, -1) // offline
                        : new HostFacts.Cpu(cpu, cell / 2, -1, cell % 2 * 16 + cpu % 16))
                .toList();
        Map<Integer, Integer> distances = IntStream.range(0, CELLS)
                .boxed()
                .collect(Collectors.toMap(other -> other, other -> other == cell ? 10 : 21, (a, b) -> a, TreeMap::new));
        return new HostFacts.Cell(cell, CELL_KIB, cpus, Map.of(4L, 1L << 24, 2048L, 128L, 1_048_576L, 2L), distances);
    }
}
