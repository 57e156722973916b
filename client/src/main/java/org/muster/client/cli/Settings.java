package org.muster.client.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The template's own keys, given as {@code --set key=value}; a value may hold the VM's own name, index and id. Immutable. */
final class Settings {
    private static final Pattern KEY = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]*");
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([^}]*)}");
    private static final Set<String> OURS = Set.of("name", "index", "vmId");

    private final Map<String, String> values;

    private Settings(Map<String, String> values) {
        this.values = values;
    }

    /** Errors: CommandFailure naming the setting and the rule it breaks. */
    static Settings parse(List<String> settings) throws CommandFailure {
        Map<String, String> values = new LinkedHashMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            String key = equals < 0 ? setting : setting.substring(0, equals);
            if (equals < 0 || !KEY.matcher(key).matches()) {
                throw CommandFailure.usage(
                        "--set must be KEY=VALUE, KEY of letters, digits, _ . -, got '" + setting + "'");
            }
            if (OURS.contains(key)) {
                throw CommandFailure.usage("--set must not set '" + key + "': it comes from --name and --start-index");
            }
            if (values.put(key, setting.substring(equals + 1)) != null) {
                throw CommandFailure.usage("--set must set each key once, got '" + key + "' twice");
            }
            checkReferences(setting);
        }
        return new Settings(values);
    }

    private static void checkReferences(String setting) throws CommandFailure {
        Matcher reference = REFERENCE.matcher(setting);
        while (reference.find()) {
            if (!OURS.contains(reference.group(1))) {
                throw CommandFailure.usage("--set values may hold ${name}, ${index} and ${vmId}, got "
                        + reference.group() + " in '" + setting + "'");
            }
        }
    }

    /** Keys and values for one VM. */
    Map<String, String> forVm(String name, long index, String vmId) {
        Map<String, String> filled = new LinkedHashMap<>();
        values.forEach((key, value) -> filled.put(key, fill(value, name, index, vmId)));
        return filled;
    }

    // In one pass: a name that looks like a reference is not filled in again.
    private static String fill(String value, String name, long index, String vmId) {
        return REFERENCE
                .matcher(value)
                .replaceAll(reference -> Matcher.quoteReplacement(
                        switch (reference.group(1)) {
                            case "name" -> name;
                            case "index" -> Long.toString(index);
                            default -> vmId;
                        }));
    }
}
