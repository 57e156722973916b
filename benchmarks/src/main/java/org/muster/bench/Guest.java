package org.muster.bench;

import java.nio.file.Path;
import java.util.UUID;

/**
 * A guest to be started.
 *
 * @param xml on one line
 */
record Guest(UUID id, String name, String xml) {
    /** The same, run by another program. */
    Guest runBy(Path emulator) {
        return new Guest(id, name, xml.replace("<devices>", "<devices><emulator>" + emulator + "</emulator>"));
    }
}
