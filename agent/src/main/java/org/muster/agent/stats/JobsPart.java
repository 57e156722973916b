package org.muster.agent.stats;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.libvirt.DomainXml;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A guest's block jobs. The engine takes a job that is not listed any more for finished, so jobs that another agent began are
 * listed for as long as its notes have them; where these cannot be read nothing is said, and the engine leaves its
 * own list as it is. Source: engine-contract 5.3. Stateless.
 */
final class JobsPart {
    private static final Logger LOG = LoggerFactory.getLogger(JobsPart.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private JobsPart() {}

    static void write(ObjectNode stats, Vm vm) {
        vm.live()
                .map(LiveXml::details)
                .flatMap(details -> details.notes().jobs())
                .ifPresent(noted -> {
                    try {
                        ObjectNode jobs = stats.objectNode();
                        if (noted.isEmpty() || addAll(jobs, JSON.readTree(noted))) {
                            stats.set("vmJobs", jobs);
                        }
                    } catch (JsonProcessingException e) {
                        LOG.debug("the block jobs noted for {} cannot be read: {}", vm.id(), e.getMessage());
                    }
                });
    }

    /** False if one of them cannot be told: a list without it would end it. */
    private static boolean addAll(ObjectNode jobs, JsonNode noted) {
        for (JsonNode job : noted) {
            Optional<String> id = uuid(job.path("id"));
            Optional<String> image = uuid(job.path("disk").path("imageID"));
            if (id.isEmpty() || image.isEmpty()) {
                return false;
            }
            jobs.putObject(id.get())
                    .put("id", id.get())
                    .put("jobType", "block")
                    .put("blockJobType", "commit")
                    .put("drive", job.path("drive").asText())
                    .put("imgUUID", image.get())
                    .put("bandwidth", job.path("bandwidth").asInt())
                    .put("cur", "0")
                    .put("end", "0");
        }
        return noted.isObject();
    }

    private static Optional<String> uuid(JsonNode text) {
        return DomainXml.parseUuid(text.asText()).map(Object::toString);
    }
}
