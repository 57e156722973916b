package org.muster.agent.rpc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Calls verbs as the wire does, parameters checked against their declaration, without a connection. */
public final class VerbCalls {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Principal TESTER = new Principal(Principal.Kind.LOCAL, "tester", Access.ADMIN);

    private final VerbTable verbs;

    public VerbCalls(List<Verb> verbs) {
        this.verbs = VerbTable.of(verbs);
    }

    /** Throws the {@link RpcException} that the caller would see. */
    public JsonNode call(String name, String params) {
        Verb verb = verbs.find(name).orElseThrow(() -> new AssertionError("no verb " + name));
        try {
            Call call = new Call(
                    name,
                    ParamCheck.check(verb.params(), JSON.readTree(params)).params(),
                    TESTER,
                    Optional.empty(),
                    System.nanoTime(),
                    true,
                    Optional.of(InetAddress.getLoopbackAddress()));
            return verb.handler()
                    .handle(call)
                    .toCompletableFuture()
                    .orTimeout(10, TimeUnit.SECONDS)
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RpcException refused) {
                throw refused;
            }
            throw e;
        } catch (JsonProcessingException e) {
            throw new AssertionError("the test's own JSON: " + params, e);
        }
    }
}
