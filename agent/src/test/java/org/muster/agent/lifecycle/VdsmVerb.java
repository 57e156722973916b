package org.muster.agent.lifecycle;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A verb that VDSM's schema has for VMs or hosts. Source: engine-contract 4.1 and 4.2.
 *
 * @param reason why it is not here, if it is not
 */
record VdsmVerb(String name, String reason) {

    /** Lines {@code = reason} begin a group; the names below it follow one another. */
    static List<VdsmVerb> all() throws IOException {
        List<VdsmVerb> verbs = new ArrayList<>();
        String reason = "";
        for (String line :
                ApiDescriptionTest.resource("/vdsm-verbs.txt").lines().toList()) {
            if (line.startsWith("=")) {
                reason = line.substring(1).trim();
            } else {
                for (String name : line.split(" ")) {
                    if (!name.isEmpty()) {
                        verbs.add(new VdsmVerb(name, reason));
                    }
                }
            }
        }
        return verbs;
    }
}
