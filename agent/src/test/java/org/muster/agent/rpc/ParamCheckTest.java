package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ParamCheckTest {

    private static final String ID = "6695eb01-f6a4-8304-79aa-97f2502e193f";

    private static final List<Param> DECLARED = List.of(
            Param.required("vmID", WireType.uuid(), ""),
            Param.optional("count", WireType.integer(1, 100), ""),
            Param.optional("ratio", WireType.number(0, 1.5), ""),
            Param.optional("force", WireType.bool(), ""),
            Param.optional("mode", WireType.oneOf("HA", "NORMAL"), ""),
            Param.optional("name", WireType.pattern(8, "[a-z]+"), ""),
            Param.optional(
                    "vms", WireType.array(WireType.object(Param.required("cpu", WireType.integer(1, 9), "")), 3), ""),
            Param.optional("values", WireType.map(WireType.text(1, 4)), ""));

    private final Json json = new Json(RpcConfig.Limits.defaults());

    @Test
    void takesWhatIsDeclaredAndCountsTheRest() {
        ParamCheck.Checked checked = check("{'vmID':'" + ID + "','count':3,'foo':1,'bar':{}}");

        assertThat(checked.params().properties()).hasSize(2);
        assertThat(checked.unknown().count()).isEqualTo(2);
    }

    @Test
    void countsAndNamesWhatNobodyDeclaredInsideOfObjectsToo() {
        List<Param> declared = List.of(
                Param.required(
                        "vmParams",
                        WireType.object(
                                Param.optional("xml", WireType.text(9), ""),
                                Param.optional("extra", WireType.map(WireType.object()), "")),
                        ""),
                Param.optional(
                        "vms",
                        WireType.array(WireType.unchecked(WireType.object(Param.optional("a", WireType.any(), ""))), 3),
                        ""));

        Undeclared unknown = ParamCheck.check(
                        declared,
                        parse("{'vmParams':{'xml':'x','foo':1,'extra':{'k':{'deep':2}}},"
                                + "'vms':[{'a':{'anything':1}},{'b':1},5],'bar':0}"))
                .unknown();

        assertThat(unknown.count()).isEqualTo(4);
        assertThat(unknown).hasToString("vmParams.foo, vmParams.extra.k.deep, vms[1].b, bar");
        assertThat(ParamCheck.check(declared, parse("[{'foo':1},[{'b':2}],3,4]"))
                        .unknown()
                        .count())
                .isEqualTo(4);
    }

    @Test
    void namesTheFirstTenThatNobodyDeclaredAndCountsTheRest() {
        StringBuilder many = new StringBuilder("{'vmID':'" + ID + "'");
        for (int i = 0; i < 500; i++) {
            many.append(",'u").append(i).append("':0");
        }

        Undeclared unknown = check(many + "}").unknown();

        assertThat(unknown.count()).isEqualTo(500);
        assertThat(unknown.toString()).startsWith("u0, u1, ").endsWith(", u9 and 490 more");
    }

    @Test
    void positionsFollowTheDeclaration() {
        ParamCheck.Checked checked = check("['" + ID + "',5,null,true]");

        assertThat(checked.params().get("count").intValue()).isEqualTo(5);
        assertThat(checked.params().get("force").booleanValue()).isTrue();
        assertThat(checked.params().has("ratio")).isFalse();
    }

    @Test
    void anOptionalNullIsAbsentAndARequiredOneIsWrong() {
        assertThat(check("{'vmID':'" + ID + "','count':null}").params().has("count"))
                .isFalse();
        assertProblems("{'vmID':null}", "vmID must be a UUID, got null");
    }

    @Test
    void namesEverythingThatIsWrongAtOnce() {
        assertProblems(
                "{'count':0,'ratio':2,'force':'true','mode':'LOW','name':'UPPER','vms':[{'cpu':1},{'cpu':10},{}],"
                        + "'values':{'k':''}}",
                "vmID is required and must be a UUID, got nothing",
                "count must be an integer from 1 to 100, got 0",
                "ratio must be a number from 0.0 to 1.5, got 2",
                "force must be true or false, got \"true\"",
                "mode must be one of HA, NORMAL, got \"LOW\"",
                "name must be text of at most 8 characters that matches [a-z]+, got \"UPPER\"",
                "vms[1].cpu must be an integer from 1 to 9, got 10",
                "vms[2].cpu is required and must be an integer from 1 to 9, got nothing",
                "values.k must be text of 1 to 4 characters, got \"\"");
    }

    @Test
    void integersAreNotRounded() {
        assertProblems("{'vmID':'" + ID + "','count':1.5}", "count must be an integer from 1 to 100, got 1.5");
        assertProblems(
                "{'vmID':'" + ID + "','count':99999999999999999999}",
                "count must be an integer from 1 to 100, got 99999999999999999999");
    }

    @Test
    void longValuesAreClipped() {
        assertThatThrownBy(() -> check("{'vmID':'" + "x".repeat(100_000) + "'}"))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300).contains("100000 characters"));
    }

    @Test
    void tooLongAnArrayIsOneProblem() {
        assertProblems(
                "{'vmID':'" + ID + "','vms':[1,2,3,4]}", "vms must be an array of 0 to 3 elements, got an array of 4");
    }

    @Test
    void aHundredProblemsAreNotAllTold() {
        List<Param> wide = List.of(Param.required("a", WireType.array(WireType.bool(), 1000), ""));
        JsonNode sent = json.parse(("{\"a\":[" + "1,".repeat(200) + "1]}").getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> ParamCheck.check(wide, sent))
                .isInstanceOfSatisfying(
                        RpcException.class,
                        e -> assertThat(e.data().orElseThrow().get("problems")).hasSize(50));
    }

    @Test
    void uncheckedIsLetThrough() {
        List<Param> declared = List.of(Param.required("a", WireType.unchecked(WireType.bool()), ""));

        assertThat(ParamCheck.check(declared, parse("{'a':5}"))
                        .params()
                        .get("a")
                        .intValue())
                .isEqualTo(5);
    }

    @Test
    void paramsMustBeStructured() {
        assertProblems("5", "params must be an object or an array, got 5");
    }

    private void assertProblems(String sent, String... messages) {
        assertThatThrownBy(() -> check(sent)).isInstanceOfSatisfying(RpcException.class, e -> {
            assertThat(e.code()).isEqualTo(RpcException.INVALID_PARAMS);
            assertThat(e.getMessage()).startsWith("Invalid params: ").contains(messages);
        });
    }

    private ParamCheck.Checked check(String sent) {
        return ParamCheck.check(DECLARED, parse(sent));
    }

    private JsonNode parse(String text) {
        return json.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
