package org.muster.agent.rpc;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Reads and writes JSON within bounds.
 *
 * <p>Beyond the depth, the tokens of one message are bounded: a tree takes tens of bytes for a token of two. Decimal
 * numbers keep their digits, so that an id goes back as it came. Thread-safe.
 */
final class Json {

    private static final int MAX_TOKENS = 1_000_000;
    private static final int MAX_NUMBER_CHARS = 100;
    private static final int MAX_NAME_CHARS = 4096;
    private static final int MAX_REASON_CHARS = 200;

    private final ObjectMapper mapper;

    Json(RpcConfig.Limits limits) {
        StreamReadConstraints constraints = StreamReadConstraints.builder()
                .maxNestingDepth(limits.jsonDepth())
                .maxStringLength(limits.frameBytes())
                .maxNumberLength(MAX_NUMBER_CHARS)
                .maxNameLength(MAX_NAME_CHARS)
                .maxTokenCount(MAX_TOKENS)
                .build();
        JsonFactory factory = JsonFactory.builder()
                .streamReadConstraints(constraints)
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES) // names of a peer's choice must not stay for ever
                .build();
        mapper = JsonMapper.builder(factory)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                .build();
    }

    /** Errors: {@link RpcException} with {@code PARSE_ERROR} that says what is wrong and where. */
    JsonNode parse(byte[] text) {
        try {
            JsonNode tree = mapper.readTree(text);
            if (tree == null || tree.isMissingNode()) {
                throw new RpcException(RpcException.PARSE_ERROR, "Parse error: the message is empty");
            }
            return tree;
        } catch (JsonProcessingException e) {
            throw new RpcException(RpcException.PARSE_ERROR, "Parse error: " + reason(e));
        } catch (IOException e) {
            throw new RpcException(
                    RpcException.PARSE_ERROR, "Parse error: " + Clip.text(e.getMessage(), MAX_REASON_CHARS));
        }
    }

    /** Errors: {@link UncheckedIOException} if the tree holds an object that cannot be written. */
    byte[] write(JsonNode tree) {
        try {
            return mapper.writeValueAsBytes(tree);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String reason(JsonProcessingException e) {
        JsonLocation at = e.getLocation();
        String place = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
        return Clip.text(e.getOriginalMessage(), MAX_REASON_CHARS) + place;
    }
}
