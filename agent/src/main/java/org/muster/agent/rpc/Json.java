package org.muster.agent.rpc;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.POJONode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads and writes JSON within bounds.
 *
 * <p>Beyond the depth, the tokens of one message are bounded: a tree takes tens of bytes for a token of two. Decimal
 * numbers keep their digits. Thread-safe.
 */
final class Json {

    private static final int MAX_TOKENS =
            400_000; // of four messages read side by side, trees of 30 MB each; a bulk of 10,000 has 200,000
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

    /**
     * The ids of requests that are numbers, exactly as they stand in a message that was parsed before: a tree makes
     * {@code 1E+5} of {@code 1e5}, and 0 of {@code -0}.
     *
     * <p>Shape: one for each request, in order; null where the id is no number.
     */
    List<JsonNode> numberIds(byte[] text) {
        List<JsonNode> ids = new ArrayList<>();
        try (JsonParser parser = mapper.createParser(text)) {
            if (parser.nextToken() == JsonToken.START_ARRAY) {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    ids.add(numberId(parser));
                }
            } else {
                ids.add(numberId(parser));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // cannot be: it was parsed before
        }
        return ids;
    }

    private static JsonNode numberId(JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return null;
        }
        JsonNode id = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            boolean isId = parser.currentName().equals("id");
            if (parser.nextToken().isNumeric() && isId) {
                id = new POJONode(new RawValue(parser.getText()));
            }
            parser.skipChildren();
        }
        return id;
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
