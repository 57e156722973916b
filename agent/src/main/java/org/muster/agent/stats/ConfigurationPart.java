package org.muster.agent.stats;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Run;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.libvirt.DomainDetails;

/**
 * What is told of a VM whether or not it is sampled: what the table, its XML and libvirt's events say. Changes only by an
 * event. Source: engine-contract 5.2, 5.3. Stateless.
 */
final class ConfigurationPart {
    private static final Set<String> CONSOLE_TYPES = Set.of("vnc", "spice"); // the engine knows no other

    private ConfigurationPart() {}

    static void write(ObjectNode stats, Vm vm) {
        stats.put("vmName", vm.name());
        if (vm.external()) {
            stats.put("external", true);
        }
        if (vm.status() == VmStatus.DOWN) {
            exit(stats, vm);
        } else {
            guest(stats, vm);
        }
        timeOffset(vm).ifPresent(offset -> stats.put("timeOffset", Long.toString(offset)));
    }

    private static void exit(ObjectNode stats, Vm vm) {
        vm.exit().ifPresent(exit -> {
            stats.put("exitCode", exit.error() ? 1 : 0);
            stats.put("exitReason", exit.reason());
            stats.put("exitMessage", exit.message());
        });
    }

    private static void guest(ObjectNode stats, Vm vm) {
        stats.put("vmType", "kvm");
        stats.put("clientIp", clientIp(vm.run().clients()));
        if (vm.status() == VmStatus.PAUSED) {
            stats.put("pauseCode", vm.run().pauseCode().name());
            ioError(stats, vm);
        }
        vm.run()
                .watchdog()
                .ifPresent(fired -> stats.putObject("watchdogEvent")
                        .put("time", fired.atSeconds())
                        .put("action", fired.action()));
        vm.live().map(LiveXml::details).ifPresent(details -> {
            stats.put("kvmEnable", Boolean.toString(details.kvm()));
            stats.put("acpiEnable", Boolean.toString(details.acpi()));
            stats.put("hash", details.hash());
            consoles(stats, details);
            limits(stats, details);
        });
    }

    private static String clientIp(List<Run.Client> clients) {
        return clients.isEmpty() ? "" : clients.get(clients.size() - 1).address();
    }

    private static void ioError(ObjectNode stats, Vm vm) {
        vm.run().diskFailure().ifPresent(failure -> {
            String name = vm.live().map(LiveXml::details).map(DomainDetails::disks).orElse(List.of()).stream()
                    .filter(disk -> disk.alias().equals(failure.alias()))
                    .map(DomainDetails.Disk::target)
                    .findFirst()
                    .orElse("");
            stats.putObject("ioerror")
                    .put("alias", failure.alias())
                    .put("name", name)
                    .put("path", failure.path());
        });
    }

    /** What the guest set its clock to in this run, else what it started with. */
    private static OptionalLong timeOffset(Vm vm) {
        OptionalLong told = vm.run().timeOffsetSeconds();
        Optional<LiveXml> live = vm.live();
        return told.isPresent() || live.isEmpty() ? told : live.get().details().timeOffsetSeconds();
    }

    private static void consoles(ObjectNode stats, DomainDetails details) {
        ArrayNode displays = JsonNodeFactory.instance.arrayNode();
        for (DomainDetails.Console console : details.consoles()) {
            if (CONSOLE_TYPES.contains(console.type())) {
                displays.addObject()
                        .put("type", console.type())
                        .put("port", console.port())
                        .put("tlsPort", console.tlsPort())
                        .put("ipAddress", address(console.listen()));
            }
        }
        if (!displays.isEmpty()) {
            stats.set("displayInfo", displays);
        }
    }

    /** Where a console listens on every address, the engine puts the host's name for an address that begins with 0. */
    private static String address(String listen) {
        return listen.isEmpty() || listen.equals("::") ? "0" : listen;
    }

    private static void limits(ObjectNode stats, DomainDetails details) {
        details.cpuQuotaMicros().ifPresent(quota -> stats.put("vcpuQuota", Long.toString(quota)));
        details.cpuPeriodMicros().ifPresent(period -> stats.put("vcpuPeriod", period));
        if (!details.vcpuLimitPercent().isEmpty()) {
            stats.put("vcpuUserLimit", details.vcpuLimitPercent());
        }
        ArrayNode tunes = JsonNodeFactory.instance.arrayNode();
        for (DomainDetails.Disk disk : details.disks()) {
            if (!disk.ioTune().isEmpty()) {
                ObjectNode limits = tunes.addObject()
                        .put("name", disk.target())
                        .put("path", disk.path())
                        .putObject("ioTune");
                disk.ioTune().forEach(limits::put);
            }
        }
        if (!tunes.isEmpty()) {
            stats.set("ioTune", tunes);
        }
    }
}
