package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/**
 * Which VM is meant: by its full id, else by its exact name, else by the beginning of its id; the first of these that fits anything
 * must fit exactly one.
 */
final class VmNames {
    private static final String UUID_PATTERN = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
    private static final int CANDIDATES_SHOWN = 5;

    private VmNames() {}

    static boolean isId(String text) {
        return text.matches(UUID_PATTERN);
    }

    /** The VMs meant, asking the agent only when one is not given by its full id; each once, in the order given. */
    static List<Vm> resolve(MusterConnection connection, List<String> wanted)
            throws CommandFailure, RpcError, IOException, InterruptedException {
        boolean allIds = wanted.stream().allMatch(VmNames::isId);
        List<Vm> known = allIds ? List.of() : Vm.all(connection);
        List<Vm> meant = new ArrayList<>();
        for (String name : wanted) {
            Vm vm = isId(name)
                    ? unnamed(name, known)
                    : find(name, known, connection.address().toString());
            if (meant.stream().noneMatch(other -> other.id().equals(vm.id()))) {
                meant.add(vm);
            }
        }
        return meant;
    }

    // A full id is never refused here: whether there is such a VM is the agent's to say.
    private static Vm unnamed(String id, List<Vm> known) {
        String lower = id.toLowerCase(Locale.ROOT);
        JsonNode none = Json.object();
        return known.stream()
                .filter(vm -> vm.id().equals(lower))
                .findFirst()
                .orElseGet(() -> new Vm(lower, "", "unknown", none));
    }

    /** Decides alone, from what is known. Errors: CommandFailure, naming the candidates when there are several. */
    static Vm find(String wanted, List<Vm> known, String where) throws CommandFailure {
        List<Vm> fitting = fitting(known, vm -> vm.name().equals(wanted));
        if (fitting.isEmpty() && !wanted.isEmpty()) {
            String prefix = wanted.toLowerCase(Locale.ROOT);
            fitting = fitting(known, vm -> vm.id().startsWith(prefix));
        }
        if (fitting.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.REFUSED, "no VM at " + where + " has the name or id '" + wanted + "': see muster vm list");
        }
        if (fitting.size() > 1) {
            throw CommandFailure.usage("'" + wanted + "' is ambiguous, give more of the id: " + candidates(fitting));
        }
        return fitting.get(0);
    }

    private static List<Vm> fitting(List<Vm> known, Predicate<Vm> condition) {
        return known.stream().filter(condition).toList();
    }

    private static String candidates(List<Vm> vms) {
        String shown = vms.stream().limit(CANDIDATES_SHOWN).map(Vm::label).collect(Collectors.joining(", "));
        int more = vms.size() - CANDIDATES_SHOWN;
        return more <= 0 ? shown : shown + " and " + more + " more";
    }
}
