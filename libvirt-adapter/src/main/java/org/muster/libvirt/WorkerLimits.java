package org.muster.libvirt;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.muster.libvirt.CallGuard.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out how many workers libvirtd has: from its admin interface, else from its configuration file, else libvirtd's
 * defaults are assumed. Source: libvirt-admin.h, virAdmServerGetThreadPoolParameters.
 */
final class WorkerLimits {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerLimits.class);
    private static final Path CONFIG = Path.of("/etc/libvirt/libvirtd.conf");
    private static final Pattern SOCKET = Pattern.compile("[?&]socket=([^&]+)");
    private static final int PARAM_BYTES = 96;
    private static final Workers ASSUMED = new Workers(5, 20, false);

    private WorkerLimits() {}

    /** The functions of libvirt-admin.so.0, which may not be installed. */
    private static final class Admin {
        static {
            Native.register(Admin.class, "libvirt-admin.so.0");
        }

        static native Pointer virAdmConnectOpen(String uri, int flags);

        static native int virAdmConnectClose(Pointer conn);

        static native Pointer virAdmConnectLookupServer(Pointer conn, String name, int flags);

        static native int virAdmServerFree(Pointer server);

        static native int virAdmServerGetThreadPoolParameters(
                Pointer server, PointerByReference params, IntByReference count, int flags);
    }

    /** Blocks as long as libvirtd takes to answer; for {@code libvirt-connect} after the link came up. */
    static Workers find(String uri) {
        if (!uri.startsWith("qemu:")) {
            return ASSUMED;
        }
        Matcher socket = SOCKET.matcher(uri);
        boolean own = socket.find(); // a daemon beside the host's: the host's file says nothing about it
        Workers told = fromAdmin(own ? socket.group(1) : "");
        return told != null ? told : own ? ASSUMED : fromConfig(CONFIG);
    }

    private static Workers fromAdmin(String socket) {
        String adminUri = socket.isEmpty()
                ? "libvirtd:///system"
                : "libvirtd:///system?socket=" + socket.replaceFirst("libvirt-sock$", "libvirt-admin-sock");
        try {
            return ask(adminUri);
        } catch (UnsatisfiedLinkError e) {
            LOG.debug("no libvirt-admin on this host: {}", e.getMessage());
            return null;
        }
    }

    private static Workers ask(String adminUri) {
        Pointer conn = Admin.virAdmConnectOpen(adminUri, 0);
        if (conn == null) {
            return null;
        }
        Pointer server = Admin.virAdmConnectLookupServer(conn, "libvirtd", 0);
        try {
            PointerByReference params = new PointerByReference();
            IntByReference count = new IntByReference();
            if (server == null || Admin.virAdmServerGetThreadPoolParameters(server, params, count, 0) < 0) {
                return null;
            }
            Pointer array = params.getValue();
            int min = -1;
            int max = -1;
            for (int i = 0; i < count.getValue(); i++) {
                String name = array.getString((long) i * PARAM_BYTES);
                int value = array.getInt((long) i * PARAM_BYTES + 88);
                min = name.equals("minWorkers") ? value : min;
                max = name.equals("maxWorkers") ? value : max;
            }
            LibvirtNative.virTypedParamsFree(array, count.getValue());
            return min > 0 && max > 0 ? new Workers(min, max, true) : null;
        } finally {
            if (server != null) {
                Admin.virAdmServerFree(server);
            }
            Admin.virAdmConnectClose(conn);
        }
    }

    static Workers fromConfig(Path file) {
        try {
            String text = Files.readString(file, StandardCharsets.UTF_8);
            return new Workers(setting(text, "min_workers", 5), setting(text, "max_workers", 20), true);
        } catch (IOException e) {
            LOG.debug("cannot read {}: {}", file, e.toString());
            return ASSUMED;
        }
    }

    private static int setting(String text, String key, int fallback) {
        Matcher line =
                Pattern.compile("(?m)^\\s*" + key + "\\s*=\\s*(\\d{1,6})").matcher(text);
        return line.find() ? Integer.parseInt(line.group(1)) : fallback;
    }
}
