package org.muster.client.cli;

import java.util.concurrent.CompletionException;
import org.muster.client.CallTimeoutException;
import org.muster.client.ConnectionLostException;
import org.muster.client.RpcError;
import org.muster.client.UnreachableException;

/**
 * An exception as the user gets it.
 *
 * @param advice what to do, or empty
 */
record Failure(int exitCode, String message, String advice) {
    static Failure of(Throwable thrown) {
        Throwable e = thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (e instanceof CommandFailure failure) {
            return new Failure(failure.exitCode(), failure.getMessage(), "");
        }
        if (e instanceof RpcError) {
            return new Failure(ExitCode.REFUSED, "the agent refused: " + e.getMessage(), "");
        }
        if (e instanceof UnreachableException unreachable) {
            return new Failure(ExitCode.UNREACHABLE, e.getMessage(), adviceFor(unreachable.kind()));
        }
        if (e instanceof ConnectionLostException) {
            return new Failure(
                    ExitCode.UNREACHABLE,
                    e.getMessage(),
                    "whether the agent did what was asked is not known: look with muster vm list");
        }
        if (e instanceof CallTimeoutException) {
            return new Failure(
                    ExitCode.TIMED_OUT, e.getMessage(), "the agent may still do it; for more patience: --timeout S");
        }
        return new Failure(ExitCode.BUG, "mistake in muster: " + e, "for its stack trace: --debug");
    }

    private static String adviceFor(UnreachableException.Kind kind) {
        return switch (kind) {
            case NOTHING_THERE -> "is musterd running? for another place: --url, or $MUSTER_URL";
            case NOT_ALLOWED -> "the socket is for root and the group muster: is this user a member?";
            case NO_HANDSHAKE ->
                "is that the agent's port, with TLS for tls:// and without for tcp://? see --url, --ca, --cert and --key";
        };
    }
}
