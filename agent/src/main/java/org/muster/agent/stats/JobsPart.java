package org.muster.agent.stats;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.upkeep.Merge;
import org.muster.libvirt.BlockJob;

/**
 * A guest's block jobs. The engine takes a job that is not listed any more for finished, so one that another agent noted is
 * listed until QEMU says that it has none; where the notes cannot be read nothing is said, and the engine leaves its own
 * list as it is. Source: engine-contract 5.3. Stateless.
 */
final class JobsPart {
    private static final BlockJob NOT_ASKED_YET = new BlockJob(0, 0, 0);

    private JobsPart() {}

    /** @param seen what QEMU says, by disk; empty if it has not been asked yet */
    static void write(ObjectNode stats, Vm vm, Optional<Map<String, BlockJob>> seen) {
        Optional<List<Merge>> noted = vm.live()
                .map(LiveXml::details)
                .flatMap(details -> details.notes().jobs())
                .flatMap(Merge::all);
        noted.ifPresent(merges -> {
            ObjectNode jobs = stats.putObject("vmJobs");
            for (Merge merge : merges) {
                if (seen.isEmpty()) {
                    write(jobs, merge, NOT_ASKED_YET);
                } else if (seen.get().containsKey(merge.drive())) {
                    write(jobs, merge, seen.get().get(merge.drive()));
                }
            }
        });
    }

    private static void write(ObjectNode jobs, Merge merge, BlockJob job) {
        jobs.putObject(merge.id())
                .put("id", merge.id())
                .put("jobType", "block")
                .put("blockJobType", "commit")
                .put("drive", merge.drive())
                .put("imgUUID", merge.imageId())
                .put("bandwidth", (int) Math.min(Integer.MAX_VALUE, job.bandwidthMib()))
                .put("cur", Long.toString(job.current()))
                .put("end", Long.toString(job.end()));
    }
}
