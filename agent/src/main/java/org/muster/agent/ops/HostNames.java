package org.muster.agent.ops;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** By which names this machine may be called in a Host header: any address, localhost, and its own name. Immutable. */
final class HostNames {
    private static final Pattern ADDRESS = Pattern.compile("\\[[0-9a-f:.%]+]|\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");
    private static final int SHOWN = 80;

    private final Set<String> own;

    HostNames(String hostName) {
        String name = hostName.strip().toLowerCase(Locale.ROOT);
        own = name.isEmpty() || name.equals("localhost") ? Set.of("localhost") : Set.of("localhost", name);
    }

    /** @param header as sent; a request without one is no browser's */
    boolean isOurs(String header) {
        String host = PORT.matcher(header.toLowerCase(Locale.ROOT)).replaceFirst("");
        return host.isEmpty() || ADDRESS.matcher(host).matches() || own.contains(host);
    }

    static String clip(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
    }
}
