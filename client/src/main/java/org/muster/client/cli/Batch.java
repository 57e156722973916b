package org.muster.client.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.muster.client.Json;

/**
 * One Host.createVms message. Pure: the same values make the same message, so that a batch sent again under its own id is known
 * again by the agent.
 *
 * @param startIndex empty: counting from 0, as the agent does by itself
 * @param requestClass empty: the agent's default; likewise the priority
 * @param requestedAtMillis when the command was given; the agent does not count it as part of the content
 */
record Batch(
        String id,
        String template,
        int count,
        NamePattern names,
        Settings settings,
        Optional<Long> startIndex,
        Optional<String> requestClass,
        Optional<Integer> priority,
        boolean paused,
        long requestedAtMillis) {

    private static final Pattern LAUNCH_PAUSED =
            Pattern.compile("<(?:[\\w.-]+:)?launchPaused(?:\\s[^>]*)?>\\s*(?i:true)\\s*</"); // in the engine's metadata

    /** Whether they are to be paused when they have started, by what was asked or by the template. */
    boolean endsPaused() {
        return paused || LAUNCH_PAUSED.matcher(template).find();
    }

    private long index(int position) {
        return startIndex.orElse(0L) + position;
    }

    /** Made from the batch's id and the position, so the same in every message of this batch. */
    private String vmId(int position) {
        return UUID.nameUUIDFromBytes((id + "/" + position).getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    List<Launch> launches() {
        List<Launch> launches = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            launches.add(Launch.pending(vmId(i), names.name(index(i))));
        }
        return launches;
    }

    ObjectNode params() {
        ObjectNode params = Json.object().put("batchId", id).put("template", template);
        ArrayNode vms = params.putArray("vms");
        for (int i = 0; i < count; i++) {
            vms.add(item(i));
        }
        return params;
    }

    private ObjectNode item(int position) {
        String name = names.name(index(position));
        ObjectNode item = Json.object().put("vmId", vmId(position));
        ObjectNode values = item.putObject("values").put("name", name);
        // The agent refuses a value its template does not use, and knows the index itself unless told otherwise.
        if (startIndex.isPresent() && template.contains("${index}")) {
            values.put("index", Long.toString(index(position)));
        }
        settings.forVm(name, index(position), vmId(position)).forEach(values::put);
        requestClass.ifPresent(value -> item.put("class", value));
        priority.ifPresent(value -> item.put("priority", value));
        if (paused) {
            item.put("launchPaused", true);
        }
        return item.put("requestedAt", requestedAtMillis);
    }
}
