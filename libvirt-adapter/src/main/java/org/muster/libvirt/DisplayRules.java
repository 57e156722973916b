package org.muster.libvirt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.muster.libvirt.DomainXml.Problem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.w3c.dom.Element;

/**
 * Which consoles of the engine's VMs may be opened on this host: a VNC console that anybody on the network could use is refused.
 *
 * @param vncSasl QEMU's VNC servers ask for names and passwords by SASL
 * @param fips the kernel runs in FIPS mode, where VNC's own passwords do not work
 */
public record DisplayRules(boolean vncSasl, boolean fips) {
    private static final Logger LOG = LoggerFactory.getLogger(DisplayRules.class);
    private static final Pattern WITH_SASL = Pattern.compile("\\s*vnc_sasl\\s*=\\s*1\\s*(#.*)?");
    private static final Set<String> KINDS = Set.of("vnc", "spice", "egl-headless");
    private static final Set<String> LOCAL = Set.of("127.0.0.1", "::1", "localhost");

    /** Reads /etc/libvirt/qemu.conf and the kernel's FIPS switch; what cannot be read counts as off. */
    public static DisplayRules ofHost() {
        boolean sasl = read(Path.of("/etc/libvirt/qemu.conf"))
                .lines()
                .anyMatch(line -> WITH_SASL.matcher(line).matches());
        return new DisplayRules(
                sasl, read(Path.of("/proc/sys/crypto/fips_enabled")).trim().equals("1"));
    }

    private static String read(Path file) {
        try {
            return Files.isReadable(file) ? Files.readString(file, StandardCharsets.UTF_8) : "";
        } catch (IOException e) {
            LOG.warn("cannot read {}: {}", file, e.toString());
            return "";
        }
    }

    /** What is wrong with the domain's consoles; empty if nothing. */
    public List<Problem> problems(DomainXml xml) {
        List<Problem> problems = new ArrayList<>();
        Element domain = xml.document().getDocumentElement();
        Xml.child(domain, "devices").ifPresent(devices -> {
            for (Element graphics : Xml.children(devices, "graphics")) {
                judge(graphics, problems);
            }
        });
        return problems;
    }

    private void judge(Element graphics, List<Problem> problems) {
        String kind = graphics.getAttribute("type");
        String field = "xml/domain/devices/graphics(" + kind + ")";
        if (!KINDS.contains(kind)) {
            problems.add(new Problem(field + "/@type", "must be vnc, spice or egl-headless", kind));
        } else if (kind.equals("vnc") && !vncSasl && !local(graphics)) {
            if (fips) {
                problems.add(new Problem(
                        field,
                        "needs vnc_sasl = 1 in qemu.conf on a host in FIPS mode, or to listen on this host only",
                        ""));
            } else if (graphics.getAttribute("passwdValidTo").isEmpty()) {
                problems.add(new Problem(
                        field + "/@passwdValidTo",
                        "needs a time, or vnc_sasl = 1 in qemu.conf, or to listen on this host only",
                        ""));
            }
        }
    }

    /** True if the XML itself says that nobody from elsewhere can connect; libvirt's default is not relied on. */
    private static boolean local(Element graphics) {
        List<Element> listens = Xml.children(graphics, "listen");
        if (listens.isEmpty()) {
            return LOCAL.contains(graphics.getAttribute("listen")) || graphics.hasAttribute("socket");
        }
        return listens.stream()
                .allMatch(listen -> LOCAL.contains(listen.getAttribute("address"))
                        || Set.of("socket", "none").contains(listen.getAttribute("type")));
    }
}
