package org.muster.agent.payload;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.muster.libvirt.EngineMetadata.Payload;
import org.muster.libvirt.HostParts.PayloadDisk;

/** Payload disks for tests. */
final class Payloads {
    private Payloads() {}

    /** @param pathsAndTexts a path and its text, in turn */
    static PayloadDisk cdrom(String label, String... pathsAndTexts) {
        return new PayloadDisk("sdc", false, payload(label, pathsAndTexts));
    }

    static PayloadDisk floppy(String label, String... pathsAndTexts) {
        return new PayloadDisk("fda", true, payload(label, pathsAndTexts));
    }

    private static Payload payload(String label, String... pathsAndTexts) {
        List<Payload.File> files = new ArrayList<>();
        for (int i = 0; i < pathsAndTexts.length; i += 2) {
            byte[] text = pathsAndTexts[i + 1].getBytes(StandardCharsets.UTF_8);
            files.add(new Payload.File(pathsAndTexts[i], Base64.getEncoder().encodeToString(text)));
        }
        return new Payload(label, files);
    }
}
