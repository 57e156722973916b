package org.muster.agent.stats;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.muster.agent.guest.AgentData;
import org.muster.libvirt.GuestReport;

/**
 * What is told of a guest by its own agent, or the defaults of a guest without one, all in the engine's types. Source:
 * engine-contract 5.3, "guest agent part". Stateless.
 */
final class AgentPart {
    private static final String UNKNOWN = "Unknown";
    private static final String WINDOWS = "windows";
    private static final int SECONDS_PER_MINUTE = 60;

    private AgentPart() {}

    static void write(ObjectNode stats, Optional<AgentData> data) {
        GuestReport report = data.map(AgentData::report).orElse(GuestReport.NOTHING);
        users(stats, report);
        stats.put("guestCPUCount", -1);
        stats.putArray("appsList"); // the QEMU guest agent does not know what is installed
        stats.put("guestFQDN", report.hostname().orElse(""));
        report.hostname().ifPresent(name -> stats.put("guestName", name));
        report.os().ifPresent(os -> os(stats, os));
        report.zone()
                .ifPresent(zone -> stats.putObject("guestTimezone")
                        .put("zone", zone.name())
                        .put("offset", zone.offsetSeconds() / SECONDS_PER_MINUTE));
        stats.put("guestIPs", addresses(report.nics().orElse(List.of())));
        report.nics().ifPresent(nics -> nics(stats.putArray("netIfaces"), nics));
        report.fileSystems().ifPresent(all -> usage(stats.putArray("disksUsage"), all));
    }

    private static void users(ObjectNode stats, GuestReport report) {
        if (report.users().isEmpty()) {
            stats.put("username", UNKNOWN);
            stats.put("session", UNKNOWN);
            return;
        }
        List<String> users = report.users().get();
        stats.put("username", users.isEmpty() ? "None" : String.join(", ", users));
        stats.put("session", users.isEmpty() ? "LoggedOff" : "UserLoggedOn");
    }

    private static void os(ObjectNode stats, GuestReport.Os os) {
        String type = type(os);
        stats.put("guestOs", type.equals(WINDOWS) || os.kernel().isEmpty() ? os.prettyName() : os.kernel());
        stats.putObject("guestOsInfo")
                .put("type", type)
                .put("arch", os.machine())
                .put("distribution", os.name())
                .put("version", os.versionId().isEmpty() ? os.version() : os.versionId())
                .put("codename", codename(os.version()))
                .put("kernel", os.kernel());
    }

    /** Agents do not tell it. Linux alone begins a build's name with its number; one without a build is what names itself as Linux's do. */
    private static String type(GuestReport.Os os) {
        if (os.id().equals("mswindows")) {
            return WINDOWS;
        }
        boolean linux = os.kernelVersion().isEmpty()
                ? !os.id().isEmpty()
                : os.kernelVersion().startsWith("#");
        return linux ? "linux" : "other";
    }

    /** os-release has it in brackets after the version, where it has one. */
    private static String codename(String version) {
        int open = version.indexOf('(');
        int close = version.indexOf(')', open + 1);
        return open < 0 || close < 0 ? "" : version.substring(open + 1, close);
    }

    /** Addresses by which somebody else can reach the guest, IPv4 first. */
    private static String addresses(List<GuestReport.Nic> nics) {
        List<String> v4 = new ArrayList<>();
        List<String> v6 = new ArrayList<>();
        for (GuestReport.Nic nic : nics) {
            for (GuestReport.Address address : nic.addresses()) {
                String text = address.address();
                boolean local = text.startsWith("127.") || text.equals("::1") || text.startsWith("fe80:");
                if (!local) {
                    (address.v6() ? v6 : v4).add(text);
                }
            }
        }
        v4.addAll(v6);
        return String.join(" ", v4);
    }

    private static void nics(ArrayNode list, List<GuestReport.Nic> nics) {
        for (GuestReport.Nic nic : nics) {
            ObjectNode node = list.addObject().put("name", nic.name()).put("hw", nic.mac());
            ArrayNode inet = node.putArray("inet");
            ArrayNode inet6 = node.putArray("inet6");
            nic.addresses().forEach(address -> (address.v6() ? inet6 : inet).add(address.address()));
        }
    }

    private static void usage(ArrayNode list, List<GuestReport.FileSystem> all) {
        for (GuestReport.FileSystem fs : all) {
            if (fs.totalBytes().isPresent() && fs.usedBytes().isPresent()) {
                list.addObject()
                        .put("path", fs.path())
                        .put("total", Long.toString(fs.totalBytes().getAsLong()))
                        .put("used", Long.toString(fs.usedBytes().getAsLong()))
                        .put("fs", fs.type());
            }
        }
    }
}
