package org.muster.libvirt;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The host's device inventory: reading it, and hearing that it changed. Thread-safe. */
final class HostDevices {
    private static final Logger LOG = LoggerFactory.getLogger(HostDevices.class);
    private static final int EVENT_LIFECYCLE = 0;
    private static final int MOST_COMPLAINTS = 200;
    private static final int LONGEST_START = 120; // of the XML: its name is there

    private final Changed changed; // a strong reference for as long as libvirt may call it
    private final Set<String> complained = ConcurrentHashMap.newKeySet(); // each said once

    HostDevices(Runnable onChange) {
        this.changed = (connection, device, event, detail, opaque) -> onChange.run();
    }

    /** The virConnectNodeDeviceEventLifecycleCallback. */
    interface Changed extends Callback {
        void callback(Pointer connection, Pointer device, int event, int detail, Pointer opaque);
    }

    /** Has {@code onChange} called, on libvirt-events, when a device comes or goes; a driver without events is let be. */
    void watch(LibvirtConnection connection) {
        int id = LibvirtNative.virConnectNodeDeviceEventRegisterAny(
                connection.pointer(), null, EVENT_LIFECYCLE, changed, null, null);
        if (id < 0) {
            LOG.info(
                    "changes of host devices are only seen when the link is new: {}",
                    LibvirtErrors.last("virConnectNodeDeviceEventRegisterAny", "", connection)
                            .getMessage());
            return;
        }
        connection.registered(() -> LibvirtNative.virConnectNodeDeviceEventDeregisterAny(connection.pointer(), id));
    }

    /** Everything in the inventory; a device that goes away meanwhile, or whose XML is none, is left out. */
    List<HostDevice> read(LibvirtConnection connection) throws HypervisorException {
        PointerByReference list = new PointerByReference();
        int count = LibvirtNative.virConnectListAllNodeDevices(connection.pointer(), list, 0);
        if (count < 0) {
            throw LibvirtErrors.last("virConnectListAllNodeDevices", "", connection);
        }
        List<HostDevice> devices = new ArrayList<>(count);
        Pointer[] handles = count == 0 ? new Pointer[0] : list.getValue().getPointerArray(0, count);
        try {
            for (Pointer handle : handles) {
                Pointer xml = LibvirtNative.virNodeDeviceGetXMLDesc(handle, 0);
                if (xml == null) {
                    LOG.debug(
                            "{}",
                            LibvirtErrors.last("virNodeDeviceGetXMLDesc", "", connection)
                                    .getMessage());
                } else {
                    add(takeOver(xml), devices);
                }
            }
        } finally {
            for (Pointer handle : handles) {
                LibvirtNative.virNodeDeviceFree(handle);
            }
            if (list.getValue() != null) {
                Native.free(Pointer.nativeValue(list.getValue()));
            }
        }
        return devices;
    }

    /** One that cannot be read, such as one whose hardware has a name that XML does not allow, must not take the others along. */
    void add(String xml, List<HostDevice> into) {
        try {
            into.add(HostDeviceXml.parse(xml));
        } catch (HypervisorException e) {
            String start =
                    xml.substring(0, Math.min(xml.length(), LONGEST_START)).replaceAll("\\s+", " ");
            if (complained.size() < MOST_COMPLAINTS && complained.add(start)) {
                LOG.warn("a host device is left out, its XML cannot be read: {}: {}", start, e.getMessage());
            }
        }
    }

    /** libvirt allocates the text and leaves it to us. */
    private static String takeOver(Pointer text) {
        try {
            return text.getString(0);
        } finally {
            Native.free(Pointer.nativeValue(text));
        }
    }
}
