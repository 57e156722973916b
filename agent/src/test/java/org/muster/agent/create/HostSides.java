package org.muster.agent.create;

import java.nio.file.Path;
import org.muster.agent.payload.PayloadImages;
import org.muster.libvirt.DisplayRules;
import org.muster.libvirt.HostParts;

/** A host for tests: it has names, a folder for images, and no SASL. */
public final class HostSides {
    private HostSides() {}

    public static HostSide in(Path directory) {
        return in(directory, () -> Room.UNKNOWN, DiskProbe.BLIND);
    }

    static HostSide in(Path directory, Room.Source room, DiskProbe disks) {
        return new HostSide(
                () -> new HostParts.Facts("Test Linux", "12", "11111111-2222-3333-4444-555555555555"),
                new PayloadImages(directory.resolve("payload")),
                new DisplayRules(false, false),
                room,
                disks);
    }
}
