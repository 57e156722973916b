package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.muster.agent.rpc.Envelope.Message;
import org.muster.agent.rpc.Envelope.Request;

class EnvelopeTest {

    private final Envelope envelope = new Envelope(new Json(RpcConfig.Limits.defaults()), 3);

    @Test
    void readsARequest() {
        Request request = only("{\"jsonrpc\":\"2.0\",\"method\":\"Host.ping\",\"params\":{\"a\":1},\"id\":\"x\"}");

        assertThat(request.problem()).isNull();
        assertThat(request.method()).isEqualTo("Host.ping");
        assertThat(request.params().get("a").intValue()).isEqualTo(1);
        assertThat(request.isNotification()).isFalse();
    }

    @Test
    void aRequestWithoutIdIsANotificationAndOneWithNullIsNot() {
        assertThat(only("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}").isNotification())
                .isTrue();
        assertThat(only("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":null}").isNotification())
                .isFalse();
    }

    @Test
    void idsGoBackAsTheyCame() {
        for (String id : new String[] {
            "\"a-1\"",
            "7",
            "-3",
            "1.50",
            "12345678901234567890123",
            "\"ä\\\"\"",
            "null",
            "1e5",
            "1E5",
            "0.1e-7",
            "-0",
            "-0.0",
            "0",
            "0e0"
        }) {
            Request request = only("{\"jsonrpc\":\"2.0\",\"params\":{\"id\":2.0},\"method\":\"m\",\"id\":" + id
                    + ",\"x\":[{\"id\":-0}]}");

            assertThat(text(envelope.success(request.id(), envelope.result(null))))
                    .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":true}");
            assertThat(text(envelope.error(request.id(), new RpcException(4, "exists"))))
                    .startsWith("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"error\":{");
        }
    }

    @Test
    void idsOfABatchGoBackAsTheyCame() {
        List<Request> requests = parse("[{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":7},[{\"id\":5e0}],"
                        + "{\"id\":1e5,\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[1,{\"id\":2}]}]")
                .requests();

        assertThat(requests)
                .extracting(request -> text(envelope.success(request.id(), envelope.result(null))))
                .containsExactly(
                        "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":true}",
                        "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":true}",
                        "{\"jsonrpc\":\"2.0\",\"id\":1e5,\"result\":true}");
    }

    @Test
    void nullIsNeverAResult() {
        assertThat(text(envelope.success(NullNode.instance, envelope.result(NullNode.instance))))
                .endsWith("\"result\":true}");
    }

    @Test
    void errorsHaveAnIntegerCodeAndNoResult() {
        assertThat(text(envelope.error(JsonNodeFactory.instance.textNode("i"), new RpcException(4, "exists"))))
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":\"i\",\"error\":{\"code\":4,\"message\":\"exists\"}}");
    }

    @Test
    void aRefusalThatPassesSaysWhenToAskAgain() {
        assertThat(text(envelope.error(
                        JsonNodeFactory.instance.textNode("i"), new RpcException(RpcException.RECOVERING, "soon"))))
                .endsWith("\"error\":{\"code\":99,\"message\":\"soon\",\"data\":{\"retryAfter\":2}}}");
        assertThat(new RpcException(RpcException.BUSY, "full")
                        .data()
                        .orElseThrow()
                        .path("retryAfter")
                        .asInt())
                .isEqualTo(1);
        assertThat(new RpcException(9, "no room").data()).isEmpty();
    }

    @Test
    void whatIsNoRequestIsNamed() {
        assertProblem("{", RpcException.PARSE_ERROR, "line 1");
        assertProblem("", RpcException.PARSE_ERROR, "empty");
        assertProblem("{} x", RpcException.PARSE_ERROR, "Parse error");
        assertProblem("{\"id\":1,\"id\":2}", RpcException.PARSE_ERROR, "id");
        assertProblem("[".repeat(70), RpcException.PARSE_ERROR, "64");
        assertProblem("5", RpcException.INVALID_REQUEST, "must be an object, got 5");
        assertProblem("[]", RpcException.INVALID_REQUEST, "empty batch");
        assertProblem("[1,2,3,4]", RpcException.INVALID_REQUEST, "at most 3 requests, got 4");
        assertProblem(
                "{\"method\":\"m\",\"id\":1}", RpcException.INVALID_REQUEST, "jsonrpc must be \"2.0\", got nothing");
        assertProblem("{\"jsonrpc\":\"1.0\",\"method\":\"m\"}", RpcException.INVALID_REQUEST, "got \"1.0\"");
        assertProblem(
                "{\"jsonrpc\":\"2.0\",\"method\":5,\"id\":1}", RpcException.INVALID_REQUEST, "method must be a string");
        assertProblem("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":{}}", RpcException.INVALID_REQUEST, "id must be");
    }

    @Test
    void anInvalidRequestIsAnsweredToItsIdIfThatCanBeTold() {
        assertThat(only("{\"method\":\"m\",\"id\":\"x\"}").id().textValue()).isEqualTo("x");
        assertThat(only("{\"method\":\"m\"}").id().isNull()).isTrue();
    }

    @Test
    void aBatchOfOneStaysABatchAndKeepsItsInvalidElements() {
        Message one = parse("[{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1}]");
        Message mixed = parse("[1,{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1}]");

        assertThat(one.batch()).isTrue();
        assertThat(one.requests()).hasSize(1);
        assertThat(mixed.requests().get(0).problem().code()).isEqualTo(RpcException.INVALID_REQUEST);
        assertThat(mixed.requests().get(1).problem()).isNull();
    }

    @Test
    void aMessageOfVeryManyTokensIsRefused() {
        assertProblem("[" + "0,".repeat(1_100_000) + "0]", RpcException.PARSE_ERROR, "oken");
    }

    private void assertProblem(String text, int code, String message) {
        Request request = only(text);
        assertThat(request.problem())
                .as(text.length() < 100 ? text : "long text")
                .isNotNull();
        assertThat(request.problem().code()).isEqualTo(code);
        assertThat(request.problem()).hasMessageContaining(message);
        assertThat(request.isNotification()).isFalse();
    }

    private Request only(String text) {
        Message message = parse(text);
        assertThat(message.batch()).isFalse();
        assertThat(message.requests()).hasSize(1);
        return message.requests().get(0);
    }

    private Message parse(String text) {
        return envelope.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(JsonText json) {
        return new String(json.bytes(), StandardCharsets.UTF_8);
    }
}
