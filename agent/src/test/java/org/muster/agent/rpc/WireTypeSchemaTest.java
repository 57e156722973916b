package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the API description says of a value is what is checked: each type, against values of every kind. */
class WireTypeSchemaTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonSchemaFactory DRAFT_7 = JsonSchemaFactory.getInstance(VersionFlag.V7);

    private static final List<WireType> TYPES = List.of(
            WireType.any(),
            WireType.bool(),
            WireType.integer(0, 10),
            WireType.integer(Long.MIN_VALUE, Long.MAX_VALUE),
            WireType.integerOr(1, 10, "a", "ax"),
            WireType.number(-1.5, 2.5),
            WireType.text(3),
            WireType.text(2, 4),
            WireType.pattern(8, "[a-c]+|x"),
            WireType.oneOf("a", "b"),
            WireType.uuid(),
            WireType.array(WireType.integer(0, 2), 1, 2),
            WireType.map(WireType.bool()),
            WireType.object(
                    Param.required("a", WireType.bool(), "one"), Param.optional("b", WireType.text(1), "another")));

    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "0",
            "10",
            "11",
            "-1",
            "1.5",
            "2.5",
            "2.6",
            "9223372036854775807",
            "\"\"",
            "\"a\"",
            "\"x\"",
            "\"ax\"",
            "\"abc\"",
            "\"abcabcabc\"",
            "\"abcd\"",
            "\"6695eb01-f6a4-8304-79aa-97f2502e193f\"",
            "\"6695eb01f6a4830479aa97f2502e193f\"",
            "[]",
            "[0]",
            "[0,1,2]",
            "[3]",
            "[true]",
            "{}",
            "{\"a\":true}",
            "{\"a\":1}",
            "{\"a\":true,\"b\":\"x\"}",
            "{\"a\":true,\"b\":\"xy\"}",
            "{\"a\":true,\"c\":false}");

    @Test
    void theSchemaTakesWhatTheCheckTakes() throws IOException {
        for (WireType type : TYPES) {
            JsonSchema schema = DRAFT_7.getSchema(type.schema());
            for (String text : VALUES) {
                JsonNode value = JSON.readTree(text);
                Problems problems = new Problems();
                type.check("v", value, problems);
                assertThat(schema.validate(value).isEmpty())
                        .as("%s, %s: %s", type.schema(), text, problems)
                        .isEqualTo(problems.isEmpty());
            }
        }
    }

    @Test
    void aTypeThatIsNotCheckedHereIsStillDescribed() {
        assertThat(WireType.unchecked(WireType.uuid()).schema())
                .isEqualTo(WireType.uuid().schema());
    }
}
