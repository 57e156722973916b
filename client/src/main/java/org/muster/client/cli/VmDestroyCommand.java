package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.muster.client.Answers;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "destroy",
        description = {
            "Powers VMs off hard, all at once, and makes the agent forget them.",
            "If one is unknown or ambiguous, nothing is destroyed; if one fails, the others are destroyed all the same."
        })
final class VmDestroyCommand implements Callable<Integer> {
    private static final int AT_ONCE = 1000; // the agent takes 1024 verbs of one connection at a time

    @ParentCommand
    private VmCommand vm;

    @Parameters(arity = "1..*", paramLabel = "NAME|ID", description = "Names, ids, or beginnings of ids.")
    private List<String> wanted;

    private final ArrayNode entries = Json.array();
    private int exitCode = ExitCode.OK;

    @Override
    public Integer call() throws Exception {
        try (MusterConnection connection = vm.muster().connect()) {
            List<Vm> vms = VmNames.resolve(connection, wanted);
            for (int from = 0; from < vms.size(); from += AT_ONCE) {
                destroy(connection, vms.subList(from, Math.min(vms.size(), from + AT_ONCE)));
            }
        }
        if (vm.muster().json()) {
            vm.muster().printJson(entries);
        }
        return exitCode;
    }

    private void destroy(MusterConnection connection, List<Vm> vms) throws InterruptedException {
        Map<Vm, CompletableFuture<JsonNode>> calls = new LinkedHashMap<>();
        for (Vm each : vms) {
            calls.put(each, connection.call("VM.destroy", Json.object().put("vmID", each.id())));
        }
        for (Map.Entry<Vm, CompletableFuture<JsonNode>> call : calls.entrySet()) {
            report(call.getKey(), call.getValue());
        }
    }

    private void report(Vm destroyed, CompletableFuture<JsonNode> call) throws InterruptedException {
        ObjectNode entry = entries.addObject().put("vmId", destroyed.id()).put("name", destroyed.name());
        try {
            Answers.await(call);
            entry.put("destroyed", true);
            if (!vm.muster().json()) {
                vm.muster().print("destroyed " + destroyed.label());
            }
        } catch (RpcError | IOException e) {
            entry.put("destroyed", false).set("error", error(e));
            vm.muster().console().problem("not destroyed: " + destroyed.label() + ": " + e.getMessage());
            // What is worse for the user to miss wins: a lost connection, a time-out, a refusal.
            int code = Failure.of(e).exitCode();
            exitCode = worse(exitCode, code);
        }
    }

    private static ObjectNode error(Exception e) {
        ObjectNode error = Json.object();
        if (e instanceof RpcError refused) {
            return error.put("code", refused.code()).put("message", refused.reason());
        }
        return error.putNull("code").put("message", e.getMessage());
    }

    private static int worse(int first, int second) {
        List<Integer> rising =
                new ArrayList<>(List.of(ExitCode.OK, ExitCode.REFUSED, ExitCode.TIMED_OUT, ExitCode.UNREACHABLE));
        return rising.indexOf(first) >= rising.indexOf(second) ? first : second;
    }
}
