package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * One verb, declared once: dispatch, checking of parameters and the API description all come from here.
 *
 * <pre>{@code
 * Verb.named("VM.destroy", "Powers a VM off and forgets it.")
 *     .access(Access.OPERATE)
 *     .required("vmID", WireType.uuid(), "the VM")
 *     .optional("gracefulAttempts", WireType.integer(0, 100), "tries before it is killed; default 1")
 *     .returnsTrue()
 *     .error(1, "there is no such VM")
 *     .worker(destroys::handle);
 * }</pre>
 *
 * <p>Immutable.
 */
public final class Verb {

    /** Where a handler runs. */
    public enum Execution {
        /** On the thread that read the message: what takes no time at all. Whoever reads must also beat hearts. */
        INLINE,
        /** On a thread for what is answered from memory: at once, never waits; its result is encoded there too. */
        MEMORY,
        /** On a worker: may compute, must not wait either; the stage it returns may complete much later. */
        WORKER
    }

    /** What a verb does. Thread-safe: calls run side by side. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Starts the call and returns its outcome to come.
         *
         * <p>Shape: the result; null or JSON's null stands for "no value" and reaches the wire as {@code true}. The
         * tree must not be changed any more once the stage is complete. Blocks: never. Errors: {@link RpcException}
         * reaches the caller as it is, thrown or as the stage's failure; anything else as an internal error with a
         * reference to the log.
         */
        CompletionStage<JsonNode> handle(Call call);
    }

    /**
     * What a verb answers.
     *
     * @param description one sentence for the API description
     */
    public record Result(WireType type, String description) {}

    /**
     * An error that a verb may answer of its own.
     *
     * @param meaning what it says to the caller
     */
    public record ErrorCode(int code, String meaning) {}

    private final String name;
    private final String summary;
    private final Access access;
    private final List<Param> params;
    private final Result result;
    private final List<ErrorCode> errors;
    private final boolean largeResult;
    private final boolean sharedResult;
    private final boolean always;
    private final Execution execution;
    private final Function<JsonNode, String> auditText; // of a result, for the audit; null if its outcome says it all
    private final Handler handler;

    private Verb(Builder builder, Execution execution, Handler handler) {
        name = builder.name;
        summary = builder.summary;
        access = builder.access;
        params = List.copyOf(builder.params);
        result = builder.result;
        errors = List.copyOf(builder.errors);
        largeResult = builder.largeResult;
        sharedResult = builder.sharedResult;
        always = builder.always;
        auditText = builder.auditText;
        this.execution = execution;
        this.handler = Objects.requireNonNull(handler, name);
    }

    /** Begins a declaration; without more it takes nothing, needs {@link Access#OPERATE} and answers true. */
    public static Builder named(String name, String summary) {
        return new Builder(name, summary);
    }

    public String name() {
        return name;
    }

    public String summary() {
        return summary;
    }

    public Access access() {
        return access;
    }

    /** In the order that positional parameters are taken in. */
    public List<Param> params() {
        return params;
    }

    public Result result() {
        return result;
    }

    public List<ErrorCode> errors() {
        return errors;
    }

    public Execution execution() {
        return execution;
    }

    /** Tells whether it answers while the table of VMs is not complete; all others answer 99 then. */
    public boolean always() {
        return always;
    }

    /** Tells whether the result is worth encoding away from whatever thread brings it. */
    public boolean largeResult() {
        return largeResult;
    }

    /** Tells whether one result may serve everybody who asked without parameters before it was begun. */
    public boolean sharedResult() {
        return sharedResult;
    }

    /** What came of a call, in a few words for the audit; empty where that there was no error says it all. */
    Optional<String> summarize(JsonNode answer) {
        return Optional.ofNullable(auditText).map(text -> text.apply(answer));
    }

    Handler handler() {
        return handler;
    }

    /** A declaration under way; ends with {@link #inline}, {@link #memory} or {@link #worker}. */
    public static final class Builder {
        private final String name;
        private final String summary;
        private final List<Param> params = new ArrayList<>();
        private final List<ErrorCode> errors = new ArrayList<>();
        private final Set<String> names = new HashSet<>();
        private Access access = Access.OPERATE;
        private Result result = new Result(WireType.bool(), "true");
        private boolean largeResult;
        private boolean sharedResult;
        private boolean always;
        private Function<JsonNode, String> auditText;

        private Builder(String name, String summary) {
            this.name = name;
            this.summary = summary;
            if (name.isBlank()) {
                throw new IllegalArgumentException("a verb needs a name: " + summary);
            }
        }

        public Builder access(Access needed) {
            access = needed;
            return this;
        }

        public Builder required(String param, WireType type, String description) {
            return param(Param.required(param, type, description));
        }

        public Builder optional(String param, WireType type, String description) {
            return param(Param.optional(param, type, description));
        }

        /** Errors: {@link IllegalArgumentException} for a name that is declared already. */
        public Builder param(Param param) {
            if (!names.add(param.name())) {
                throw new IllegalArgumentException(name + " declares " + param.name() + " twice");
            }
            params.add(param);
            return this;
        }

        public Builder returns(WireType type, String description) {
            result = new Result(type, description);
            return this;
        }

        public Builder returnsTrue() {
            return returns(WireType.bool(), "true");
        }

        public Builder error(int code, String meaning) {
            errors.add(new ErrorCode(code, meaning));
            return this;
        }

        /** Says that without parameters it answers the same to everybody; {@link #memory} only. */
        public Builder sharedResult() {
            sharedResult = true;
            return this;
        }

        /** Says that results may be large (100 KiB and more). */
        public Builder largeResult() {
            largeResult = true;
            return this;
        }

        /** Has the audit tell of a result what {@code text} makes of it: that some items failed is no error of the call. */
        public Builder audited(Function<JsonNode, String> text) {
            auditText = text;
            return this;
        }

        /** It says nothing about VMs, so it answers even before the table of VMs is complete. */
        public Builder always() {
            always = true;
            return this;
        }

        public Verb inline(Handler handler) {
            return new Verb(this, Execution.INLINE, handler);
        }

        public Verb memory(Handler handler) {
            return new Verb(this, Execution.MEMORY, handler);
        }

        public Verb worker(Handler handler) {
            return new Verb(this, Execution.WORKER, handler);
        }
    }
}
