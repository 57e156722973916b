package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;

/**
 * The members of a create that say it is to go on from a saved state, which this agent cannot restore. A guest that is started from
 * nothing instead would be another guest, so they are refused. Stateless.
 */
final class SavedState {
    static final String RULE = "must be absent: this agent cannot restore a saved state, so nothing was started";

    private static final List<Param> MEMBERS = List.of(
            Param.optional("restore", WireType.any(), "refused: a saved memory"),
            Param.optional("memoryDumpVolume", WireType.any(), "refused: a saved memory"),
            Param.optional("memoryConfVolume", WireType.any(), "refused: a saved memory"),
            Param.optional("_X_tpmdata", WireType.any(), "refused: a saved TPM"),
            Param.optional("_X_nvramdata", WireType.any(), "refused: saved UEFI variables"));

    private SavedState() {}

    /** An object with these members beside its own, for the API's description. */
    static WireType beside(Param... own) {
        return WireType.object(
                Stream.concat(Arrays.stream(own), MEMBERS.stream()).toArray(Param[]::new));
    }

    /** Those that are there and not empty; never their values, which may be secrets. */
    static List<String> in(JsonNode node) {
        return MEMBERS.stream()
                .map(Param::name)
                .filter(name -> node.has(name) && !empty(node.get(name)))
                .toList();
    }

    private static boolean empty(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || (value.isTextual() && value.textValue().isEmpty())
                || (value.isContainerNode() && value.isEmpty());
    }
}
