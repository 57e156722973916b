package org.muster.agent.upkeep;

import java.util.Set;
import org.muster.libvirt.DomainXml.HostNotes;

/** Something to be done for one guest. */
sealed interface Chore {
    /** Its metadata are to say this. */
    record Note(HostNotes notes) implements Chore {}

    /** It is to be let go on, to see whether its disk works again. */
    record Resume() implements Chore {}

    /** The jobs of these disks are to be looked at. */
    record LookAtJobs(Set<String> disks) implements Chore {
        public LookAtJobs {
            disks = Set.copyOf(disks);
        }
    }

    /** It has been paused for too long and is to be ended. */
    record End() implements Chore {}
}
