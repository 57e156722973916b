package org.muster.agent.simulation;

import java.util.regex.Pattern;

/** A pattern of names: {@code *} stands for any text, {@code ?} for any character. Immutable. */
record Names(String glob) {
    boolean matches(String name) {
        return regex().matcher(name).matches();
    }

    /** For many names: compiled once. */
    Pattern regex() {
        StringBuilder regex = new StringBuilder();
        for (String part : glob.split("(?<=[*?])|(?=[*?])", -1)) {
            regex.append(
                    switch (part) {
                        case "*" -> ".*";
                        case "?" -> ".";
                        default -> Pattern.quote(part);
                    });
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }
}
