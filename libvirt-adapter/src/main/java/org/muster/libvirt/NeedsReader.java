package org.muster.libvirt;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.w3c.dom.Element;

/** Reads {@link DomainNeeds} of one domain. Confined to one thread; used once. */
final class NeedsReader {
    private static final long KIB = 1024;
    private static final long SMALL_PAGE_KIB = 4; // as libvirt lets one name it: no huge page
    private static final int MAC_LENGTH = 17; // with two digits everywhere, as nearly all have
    private static final Pattern ONE_DIGIT = Pattern.compile("(?<![^:])[0-9a-f](?![^:])");

    /** What an interface is called that stands in for another one, or has such a stand-in. */
    static final String TEAMING = "teaming";

    private final Element domain;
    private final EngineMetadata metadata;

    NeedsReader(Element domain, EngineMetadata metadata) {
        this.domain = domain;
        this.metadata = metadata;
    }

    DomainNeeds read() {
        OptionalLong memory = kib("memory");
        Map<Long, Long> huge = memory.isPresent() ? hugePages(memory.getAsLong()) : Map.of();
        OptionalLong ordinary = huge.isEmpty() ? ordinary(memory) : OptionalLong.of(0);
        return new DomainNeeds(ordinary, huge, disks(), macs(), machine());
    }

    private OptionalLong ordinary(OptionalLong memory) {
        if (metadata.minGuaranteedMemoryMib().isPresent()) {
            return OptionalLong.of(metadata.minGuaranteedMemoryMib().getAsLong() * KIB);
        }
        OptionalLong atStart = kib("currentMemory");
        return atStart.isPresent() ? atStart : memory;
    }

    private OptionalLong kib(String element) {
        return Xml.child(domain, element)
                .map(found -> kib(found.getTextContent(), found.getAttribute("unit")))
                .orElse(OptionalLong.empty());
    }

    /** libvirt's scaled integers, rounded up; its default unit is the KiB. */
    static OptionalLong kib(String amount, String unit) {
        String digits = amount.trim();
        if (!digits.matches("\\d{1,15}")) {
            return OptionalLong.empty();
        }
        long bytes = switch (unit.trim().toLowerCase(Locale.ROOT)) {
            case "b", "byte", "bytes" -> 1;
            case "", "k", "kib" -> KIB;
            case "kb" -> 1000;
            case "m", "mib" -> KIB * KIB;
            case "mb" -> 1000 * 1000;
            case "g", "gib" -> KIB * KIB * KIB;
            case "gb" -> 1000L * 1000 * 1000;
            case "t", "tib" -> KIB * KIB * KIB * KIB;
            case "tb" -> 1000L * 1000 * 1000 * 1000;
            default -> 0;
        };
        long value = Long.parseLong(digits);
        if (bytes == 0 || value > Long.MAX_VALUE / bytes - KIB) {
            return OptionalLong.empty();
        }
        return OptionalLong.of((value * bytes + KIB - 1) / KIB);
    }

    private Map<Long, Long> hugePages(long memoryKib) {
        Optional<Element> huge = Xml.child(domain, "memoryBacking").flatMap(backing -> Xml.child(backing, "hugepages"));
        if (huge.isEmpty()) {
            return Map.of();
        }
        Map<Long, Long> bySize = new HashMap<>();
        long named = 0;
        long rest = -1; // the size for what no page names: -1 if there is none
        List<Element> pages = Xml.children(huge.get(), "page");
        for (Element page : pages) {
            OptionalLong size = kib(page.getAttribute("size"), page.getAttribute("unit"));
            if (size.isEmpty()) {
                return Map.of();
            }
            if (page.getAttribute("nodeset").isEmpty()) {
                rest = size.getAsLong();
                continue;
            }
            OptionalLong cells = cells(page.getAttribute("nodeset"));
            if (cells.isEmpty()) {
                return Map.of();
            }
            named += cells.getAsLong();
            bySize.merge(size.getAsLong(), cells.getAsLong(), Long::sum);
        }
        rest = pages.isEmpty() ? DomainNeeds.DEFAULT_PAGES : rest;
        if (rest >= 0 && memoryKib > named) {
            bySize.merge(rest, memoryKib - named, Long::sum);
        }
        bySize.remove(SMALL_PAGE_KIB);
        return bySize;
    }

    /** The memory of the guest's cells of that set, such as {@code 0-2,^1}; empty if it cannot be told. */
    private OptionalLong cells(String nodeset) {
        Set<Integer> wanted = new HashSet<>();
        for (String part : nodeset.trim().split(",", -1)) {
            if (!part.matches("\\^?\\d{1,4}|\\d{1,4}-\\d{1,4}")) {
                return OptionalLong.empty();
            }
            if (part.startsWith("^")) {
                wanted.remove(Integer.parseInt(part.substring(1)));
                continue;
            }
            String[] ends = part.split("-", -1);
            for (int i = Integer.parseInt(ends[0]); i <= Integer.parseInt(ends[ends.length - 1]); i++) {
                wanted.add(i);
            }
        }
        long sum = 0;
        List<Element> cells = Xml.child(domain, "cpu")
                .flatMap(cpu -> Xml.child(cpu, "numa"))
                .map(numa -> Xml.children(numa, "cell"))
                .orElse(List.of());
        for (int i = 0; i < cells.size(); i++) {
            int id = Math.max(i, Xml.number(cells.get(i), "id"));
            OptionalLong memory =
                    kib(cells.get(i).getAttribute("memory"), cells.get(i).getAttribute("unit"));
            if (wanted.contains(id)) {
                if (memory.isEmpty()) {
                    return OptionalLong.empty();
                }
                sum += memory.getAsLong();
            }
        }
        return sum == 0 ? OptionalLong.empty() : OptionalLong.of(sum);
    }

    private List<Element> devices(String name) {
        return Xml.child(domain, "devices")
                .map(devices -> Xml.children(devices, name))
                .orElse(List.of());
    }

    private Optional<DomainNeeds.Machine> machine() {
        if (!devices("emulator").isEmpty()) {
            return Optional.empty();
        }
        return Xml.child(domain, "os")
                .flatMap(os -> Xml.child(os, "type"))
                .filter(type -> !type.getAttribute("machine").isEmpty())
                .map(type -> new DomainNeeds.Machine(type.getAttribute("arch"), type.getAttribute("machine")));
    }

    private List<DomainNeeds.Source> disks() {
        List<DomainNeeds.Source> disks = new ArrayList<>();
        for (Element disk : devices("disk")) {
            String network = NetworkDisk.of(disk);
            if (!network.isEmpty()) {
                disks.add(new DomainNeeds.Source(field(disk) + "/source", network, shared(disk), false));
                continue;
            }
            Optional<Element> source = Xml.child(disk, "source");
            String type = disk.getAttribute("type");
            String attribute = type.equals("block") ? "dev" : "file";
            String path = source.map(found -> found.getAttribute(attribute)).orElse("");
            if (!path.isEmpty() && !HostParts.isPlaceholder(path) && (type.equals("file") || type.equals("block"))) {
                boolean optional = source.get().getAttribute("startupPolicy").equals("optional");
                disks.add(new DomainNeeds.Source(field(disk) + "/source/@" + attribute, path, shared(disk), optional));
            }
        }
        return disks;
    }

    private static String field(Element disk) {
        String target = Xml.child(disk, "target")
                .map(found -> found.getAttribute("dev"))
                .orElse("");
        return "xml/domain/devices/disk(" + target + ")";
    }

    /** True if another guest may have the same disk: what is only read, and what its owner says may be shared. */
    static boolean shared(Element disk) {
        boolean sharesBacking = Xml.child(disk, "transient")
                .filter(found -> found.getAttribute("shareBacking").equals("yes"))
                .isPresent();
        return disk.getAttribute("device").equals("cdrom")
                || Xml.child(disk, "readonly").isPresent()
                || Xml.child(disk, "shareable").isPresent()
                || sharesBacking;
    }

    private List<String> macs() {
        List<String> macs = new ArrayList<>();
        List<String> standIns = new ArrayList<>();
        for (Element nic : devices("interface")) {
            boolean standIn = Xml.child(nic, TEAMING)
                    .filter(team -> team.getAttribute("type").equals("transient"))
                    .isPresent();
            Xml.child(nic, "mac")
                    .map(mac -> mac(mac.getAttribute("address")))
                    .filter(address -> !address.isEmpty())
                    .ifPresent((standIn ? standIns : macs)::add);
        }
        standIns.removeAll(macs); // they must have their partners' address
        macs.addAll(standIns);
        return macs;
    }

    /** As libvirt writes it, which also takes one digit for two. */
    static String mac(String text) {
        if (text.contains("${")) {
            return text; // a key's case counts
        }
        String address = text.trim().toLowerCase(Locale.ROOT);
        return address.length() == MAC_LENGTH
                ? address
                : ONE_DIGIT.matcher(address).replaceAll("0$0");
    }
}
