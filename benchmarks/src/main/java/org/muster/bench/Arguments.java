package org.muster.bench;

import java.util.List;

/**
 * The command line: {@code NAME [--rounds N]}.
 *
 * @param rounds how often each side is measured
 */
record Arguments(String name, int rounds) {
    /** Six is the fewest whose interval covers 95 %; fewer are for trying things out. */
    private static final int DEFAULT_ROUNDS = 6;

    private static final int MOST_ROUNDS = 1000;

    static String usage() {
        return "usage: bench NAME [--rounds N]\n  NAME: " + String.join(", ", Catalogue.names()) + "\n  N: 1 to "
                + MOST_ROUNDS + ", default " + DEFAULT_ROUNDS + "; less than 5 is only for trying";
    }

    /** Errors: IllegalArgumentException, naming what is wrong. */
    static Arguments parse(List<String> words) {
        if (words.isEmpty()) {
            throw new IllegalArgumentException("a benchmark must be named");
        }
        String name = words.get(0);
        if (Catalogue.named(name).isEmpty()) {
            throw new IllegalArgumentException(
                    "NAME must be one of " + String.join(", ", Catalogue.names()) + ", got '" + name + "'");
        }
        if (words.size() == 1) {
            return new Arguments(name, DEFAULT_ROUNDS);
        }
        if (!words.get(1).equals("--rounds") || words.size() != 3) {
            throw new IllegalArgumentException("after NAME only --rounds N may follow, got '"
                    + String.join(" ", words.subList(1, words.size())) + "'");
        }
        return new Arguments(name, rounds(words.get(2)));
    }

    private static int rounds(String word) {
        if (word.matches("[1-9]\\d{0,3}") && Integer.parseInt(word) <= MOST_ROUNDS) {
            return Integer.parseInt(word);
        }
        throw new IllegalArgumentException(
                "--rounds must be a number from 1 to " + MOST_ROUNDS + ", got '" + word + "'");
    }
}
