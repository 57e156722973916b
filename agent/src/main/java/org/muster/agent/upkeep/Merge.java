package org.muster.agent.upkeep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.muster.libvirt.DomainXml;

/**
 * A merge of snapshots that another agent began and noted in the metadata.
 *
 * @param id the engine's
 * @param drive such as sda
 * @param imageId the engine's image that it merges
 * @param bandwidthMib as asked for
 */
public record Merge(String id, String drive, String imageId, int bandwidthMib) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Those that were noted; empty if the notes cannot be read in full.
     *
     * @param noted JSON text, empty for none
     */
    public static Optional<List<Merge>> all(String noted) {
        if (noted.isEmpty()) {
            return Optional.of(List.of());
        }
        try {
            JsonNode jobs = JSON.readTree(noted);
            List<Merge> merges = new ArrayList<>();
            for (JsonNode job : jobs) {
                merge(job).ifPresent(merges::add);
            }
            return jobs.isObject() && merges.size() == jobs.size() ? Optional.of(merges) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty(); // whoever wrote that is asked for nothing
        }
    }

    private static Optional<Merge> merge(JsonNode job) {
        Optional<String> id = uuid(job.path("id"));
        Optional<String> image = uuid(job.path("disk").path("imageID"));
        String drive = job.path("drive").asText();
        return id.isEmpty() || image.isEmpty() || drive.isEmpty()
                ? Optional.empty()
                : Optional.of(new Merge(
                        id.get(), drive, image.get(), job.path("bandwidth").asInt()));
    }

    private static Optional<String> uuid(JsonNode text) {
        return DomainXml.parseUuid(text.asText()).map(Object::toString);
    }
}
