package org.muster.agent.rpc;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializable;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import com.fasterxml.jackson.databind.node.POJONode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A result that is text already: what is large, and asked for all the time, is not worth a tree.
 *
 * <p>Immutable: whoever hands the bytes over does not change them any more.
 */
public final class EncodedJson extends POJONode {
    private static final long serialVersionUID = 1;

    /** @param pieces that follow each other, together one JSON value in UTF-8 */
    public EncodedJson(List<byte[]> pieces) {
        super(new Text(JsonText.of(pieces)));
    }

    JsonText text() {
        return ((Text) getPojo()).text;
    }

    /** Where somebody wants it as part of a tree. */
    private static final class Text extends JsonSerializable.Base {
        private final JsonText text;

        Text(JsonText text) {
            this.text = text;
        }

        @Override
        public void serialize(JsonGenerator json, SerializerProvider context) throws IOException {
            json.writeRawValue(new String(text.bytes(), StandardCharsets.UTF_8));
        }

        @Override
        public void serializeWithType(JsonGenerator json, SerializerProvider context, TypeSerializer type)
                throws IOException {
            serialize(json, context);
        }
    }
}
