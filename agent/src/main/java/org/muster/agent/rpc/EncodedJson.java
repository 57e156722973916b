package org.muster.agent.rpc;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializable;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import com.fasterxml.jackson.databind.node.POJONode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A result that is text already: what is large, and asked for all the time, is not worth a tree.
 *
 * <p>Immutable: whoever hands the bytes over does not change them any more.
 */
public final class EncodedJson extends POJONode {
    private static final long serialVersionUID = 1;

    /** @param utf8 one JSON value in UTF-8 */
    public EncodedJson(byte[] utf8) {
        super(new Text(utf8));
    }

    /** The text itself, not to be changed. */
    byte[] utf8() {
        return ((Text) getPojo()).utf8;
    }

    /** Where somebody wants it as part of a tree. */
    private static final class Text extends JsonSerializable.Base {
        private final byte[] utf8;

        Text(byte[] utf8) {
            this.utf8 = utf8;
        }

        @Override
        public void serialize(JsonGenerator json, SerializerProvider context) throws IOException {
            json.writeRawValue(new String(utf8, StandardCharsets.UTF_8));
        }

        @Override
        public void serializeWithType(JsonGenerator json, SerializerProvider context, TypeSerializer type)
                throws IOException {
            serialize(json, context);
        }
    }
}
