package org.muster.libvirt;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * A digest of a domain's devices and of the guest's names of its disks: it changes when they do, is the same in every life of the agent, and leaves out what
 * libvirt notes there about the run under way and the engine does not read: whether a channel is open, ptys, socket
 * paths made from the domain's number, console ports and tickets.
 */
final class DevicesHash {
    private static final int DIGEST_BYTES = 16;
    private static final Set<String> CHARACTER_DEVICES = Set.of("console", "serial", "channel", "parallel");
    private static final List<String> OF_CONSOLES =
            List.of("port", "tlsPort", "websocket", "passwd", "passwdValidTo", "connected");

    private DevicesHash() {}

    /**
     * The digest.
     *
     * @param devices null for a domain without
     * @param guestNames what the guest calls its disks: the engine reads them when it is told that the devices changed
     */
    static String of(Element devices, Map<String, String> guestNames) {
        String text = "";
        if (devices != null) {
            Element copy = (Element) devices.cloneNode(true);
            strip(copy);
            text = Xml.write(copy);
        }
        return digest(guestNames.isEmpty() ? text : text + new TreeMap<>(guestNames));
    }

    private static void strip(Element element) {
        String name = element.getTagName();
        String parent =
                ((Element) element.getParentNode()) == null ? "" : ((Element) element.getParentNode()).getTagName();
        if (name.equals("graphics")) {
            OF_CONSOLES.forEach(element::removeAttribute);
        } else if (name.equals("console")) {
            element.removeAttribute("tty");
        } else if (name.equals("target") && parent.equals("channel")) {
            element.removeAttribute("state");
        } else if (name.equals("source")) {
            element.removeAttribute("index"); // numbers of QEMU's block nodes
            if (CHARACTER_DEVICES.contains(parent) && ofThisRun(element.getAttribute("path"))) {
                element.removeAttribute("path");
            }
        }
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child) {
                strip(child);
            }
        }
    }

    private static boolean ofThisRun(String path) {
        return path.startsWith("/dev/pts/") || path.matches(".*/domain-\\d+-.*");
    }

    static String digest(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
