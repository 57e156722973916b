package org.muster.libvirt;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.w3c.dom.Text;

/**
 * A digest of a domain's devices and of the guest's names of its disks: it changes when they do, is the same in every life of the agent, and leaves out what
 * libvirt notes there about the run under way and the engine does not read: whether a channel is open, ptys, socket
 * paths made from the domain's number, console ports and tickets, names that libvirt gave to devices.
 */
final class DevicesHash {
    private static final int DIGEST_BYTES = 16;
    private static final Set<String> CHARACTER_DEVICES = Set.of("console", "serial", "channel", "parallel");
    private static final Pattern DOMAINS_OWN = Pattern.compile(".*/domain-\\d+-.*");
    private static final String USERS_ALIAS = "ua-"; // the engine's, by which it knows its devices
    private static final char END = '\0'; // of whatever stands before it; no XML has it
    private static final Set<String> OF_CONSOLES =
            Set.of("port", "tlsPort", "websocket", "passwd", "passwdValidTo", "connected");

    private DevicesHash() {}

    /**
     * The digest.
     *
     * @param devices null for a domain without
     * @param guestNames what the guest calls its disks: the engine reads them when it is told that the devices changed
     */
    static String of(Element devices, Map<String, String> guestNames) {
        StringBuilder text = new StringBuilder(2048);
        if (devices != null) {
            append(devices, "", text);
        }
        new TreeMap<>(guestNames)
                .forEach((disk, name) ->
                        text.append(disk).append(END).append(name).append(END));
        return digest(text.toString());
    }

    /** Not as XML: a start asks for the digests of all guests at once, and an XML writer takes as long as all the reading. */
    private static void append(Element element, String parent, StringBuilder text) {
        String name = element.getTagName();
        text.append(name).append(END);
        NamedNodeMap attributes = element.getAttributes(); // in the order of their names, whatever the document's
        for (int i = 0; i < attributes.getLength(); i++) {
            Node attribute = attributes.item(i);
            String key = attribute.getNodeName();
            String value = attribute.getNodeValue();
            if (!ofThisRun(parent, name, key, value)) {
                text.append(key).append(END).append(value).append(END);
            }
        }
        text.append(END);
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child) {
                if (!libvirtsAlias(child)) {
                    append(child, name, text);
                }
            } else if (node instanceof Text characters && !characters.getData().isBlank()) {
                text.append(characters.getData()).append(END);
            }
        }
        text.append(END);
    }

    /** Some of them a libvirtd that was restarted does not have any more. */
    private static boolean libvirtsAlias(Element element) {
        return element.getTagName().equals("alias")
                && !element.getAttribute("name").startsWith(USERS_ALIAS);
    }

    private static boolean ofThisRun(String parent, String element, String key, String value) {
        return switch (element) {
            case "graphics" -> OF_CONSOLES.contains(key);
            case "console" -> key.equals("tty");
            case "target" -> key.equals("state") && parent.equals("channel");
            case "source" ->
                key.equals("index") // numbers of QEMU's block nodes
                        || (key.equals("path") && CHARACTER_DEVICES.contains(parent) && ofThisRun(value));
            default -> false;
        };
    }

    private static boolean ofThisRun(String path) {
        return path.startsWith("/dev/pts/") || DOMAINS_OWN.matcher(path).matches();
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
