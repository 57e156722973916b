package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.muster.agent.profile.ProfileRefusedException;
import org.muster.agent.profile.Profiler;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;

/** Recordings of what the agent does. */
public final class ProfileVerbs {
    private static final int UNEXPECTED = 16;
    private static final int BUSY = 59;
    private static final int INVALID_PARAMETER = 91;
    private static final int MOST_SECONDS = 600;
    private static final int MOST_DATA = 1 << 20;
    private static final WireType NAME = WireType.text(1, 64);
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Profiler profiler;

    public ProfileVerbs(Profiler profiler) {
        this.profiler = profiler;
    }

    public List<Verb> verbs() {
        return List.of(profile(), readProfile());
    }

    private Verb profile() {
        WireType made = WireType.object(
                Param.required("name", NAME, "to read it by; the last three are kept"),
                Param.required("bytes", WireType.integer(0, Long.MAX_VALUE), "its size"));
        return Verb.named(
                        "Host.profile",
                        "Records what the agent does, with the JVM's flight recorder, and answers when that is done.")
                .access(Access.ADMIN)
                .required("seconds", WireType.integer(1, MOST_SECONDS), "how long")
                .returns(made, "a file in the state directory")
                .error(BUSY, "a recording is being made")
                .error(UNEXPECTED, "the JVM or the disk cannot")
                .worker(call -> profiler.record(Duration.ofSeconds(call.integer("seconds", 1)))
                        .handle(outcome(profile ->
                                JSON.objectNode().put("name", profile.name()).put("bytes", profile.bytes()))));
    }

    private Verb readProfile() {
        WireType part = WireType.object(
                Param.required("data", WireType.text(MOST_DATA), "base64; empty at the end"),
                Param.required("next", WireType.integer(0, Long.MAX_VALUE), "the offset after it"));
        return Verb.named("Host.readProfile", "Reads a part of a recording.")
                .access(Access.ADMIN)
                .required("name", NAME, "as Host.profile answered")
                .optional("offset", WireType.integer(0, Long.MAX_VALUE), "from where; default 0")
                .returns(part, "as much as fits")
                .error(INVALID_PARAMETER, "there is no such recording")
                .error(BUSY, "others are being read")
                .error(UNEXPECTED, "it cannot be read")
                .largeResult()
                .worker(call -> {
                    long offset = call.integer("offset", 0);
                    CompletionStage<byte[]> read = profiler.read(call.text("name"), offset);
                    return read.handle(outcome(bytes -> JSON.objectNode()
                            .put("data", Base64.getEncoder().encodeToString(bytes))
                            .put("next", offset + bytes.length)));
                });
    }

    private static <T> BiFunction<T, Throwable, JsonNode> outcome(Function<T, JsonNode> result) {
        return (value, e) -> {
            if (e == null) {
                return result.apply(value);
            }
            Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
            if (cause instanceof ProfileRefusedException refused) {
                throw new RpcException(code(refused.reason()), refused.getMessage());
            }
            throw new CompletionException(cause);
        };
    }

    private static int code(ProfileRefusedException.Reason reason) {
        return switch (reason) {
            case BUSY -> BUSY;
            case UNKNOWN -> INVALID_PARAMETER;
            case FAILED -> UNEXPECTED;
        };
    }
}
