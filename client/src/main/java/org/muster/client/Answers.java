package org.muster.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Waiting for the answers of calls that were sent earlier. */
public final class Answers {
    private Answers() {}

    /**
     * The result of a call of {@link MusterConnection}, or what it failed with.
     *
     * <p>Blocks until the call's time-out at most: the connection itself ends every call by then.
     */
    public static JsonNode await(CompletableFuture<JsonNode> call) throws RpcError, IOException, InterruptedException {
        try {
            return call.get();
        } catch (ExecutionException e) {
            Throwable cause = unwrapped(e.getCause());
            if (cause instanceof RpcError error) {
                throw error;
            }
            if (cause instanceof IOException failure) {
                throw failure;
            }
            if (cause instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IOException("a call failed: " + cause, cause);
        }
    }

    /** What a call failed with, without the wrapping that chained futures add. */
    public static Throwable unwrapped(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
