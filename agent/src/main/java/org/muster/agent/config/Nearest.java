package org.muster.agent.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** What somebody perhaps meant who wrote a name that does not exist. Stateless. */
final class Nearest {
    private static final int MOST_EDITS = 3; // more than this is another word
    private static final int MOST_NAMES = 3;
    private static final int LEAST_FOR_A_KEY = 4; // letters

    private Nearest() {}

    /** Such as {@code " (did you mean sampling.interval?)"}; empty when nothing is near. */
    static String key(String key, Collection<String> known) {
        return hint(keys(key, known));
    }

    /** Those that were perhaps meant. */
    static List<String> keys(String key, Collection<String> known) {
        List<String> near = nearest(key, known);
        return near.isEmpty() ? inAnotherSection(key, known) : near;
    }

    static String section(String name, Collection<String> sections) {
        return hint(nearest(name, sections));
    }

    private static String hint(List<String> names) {
        return names.isEmpty() ? "" : " (did you mean " + String.join(" or ", names) + "?)";
    }

    private static List<String> nearest(String name, Collection<String> known) {
        int best = Math.min(MOST_EDITS, Math.max(1, name.length() / 3)) + 1;
        List<String> near = new ArrayList<>();
        for (String candidate : known) {
            int distance = distance(name, candidate);
            if (distance < best) {
                best = distance;
                near.clear();
                near.add(candidate);
            }
        }
        return near;
    }

    /** The right word under the wrong section, or under none. */
    private static List<String> inAnotherSection(String key, Collection<String> known) {
        String word = key.substring(key.lastIndexOf('.') + 1);
        if (word.length() < LEAST_FOR_A_KEY) {
            return List.of();
        }
        List<String> near = known.stream()
                .filter(candidate -> distance(word, candidate.substring(candidate.lastIndexOf('.') + 1)) <= 1)
                .toList();
        return near.size() <= MOST_NAMES ? near : List.of();
    }

    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
