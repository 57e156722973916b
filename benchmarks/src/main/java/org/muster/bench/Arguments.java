package org.muster.bench;

import java.util.List;
import java.util.OptionalDouble;

/**
 * The command line: {@code NAME [--rounds N] [--minutes M] [--guests G] [--model]}.
 *
 * @param rounds how often each side is measured
 * @param guests of monday and of sampling
 * @param model monday on hosts that are formulas
 * @param minutes how long a benchmark that watches for a time does so; empty for its own usual time
 */
record Arguments(String name, int rounds, OptionalDouble minutes, int guests, boolean model) {
    /** Of monday, unless said otherwise. */
    static final int GUESTS = 50;

    /** Of sampling, unless said otherwise. */
    static final int SAMPLED_GUESTS = 100;

    /** Six is the fewest whose interval covers 95 %; fewer are for trying things out. */
    private static final int DEFAULT_ROUNDS = 6;

    private static final int MOST_ROUNDS = 1000;
    private static final double MOST_MINUTES = 10_000;

    static String usage() {
        return "usage: bench NAME [--rounds N] [--minutes M] [--guests G] [--model]\n  NAME: "
                + String.join(", ", Catalogue.names())
                + "\n  N: 1 to " + MOST_ROUNDS + ", default " + DEFAULT_ROUNDS + "; less than 5 is only for trying"
                + "\n  M: for frozen (default 5, each of four times) and soak (30); less is only for trying"
                + "\n  G: 1 to " + MOST_ROUNDS + "; for monday, default " + GUESTS + ", and sampling, default "
                + SAMPLED_GUESTS
                + "\n  --model: monday on hosts that are formulas, in virtual time";
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
        int rounds = DEFAULT_ROUNDS;
        OptionalDouble minutes = OptionalDouble.empty();
        int guests = name.equals("sampling") ? SAMPLED_GUESTS : GUESTS;
        boolean model =
                words.size() > 1 && name.equals("monday") && words.get(1).equals("--model");
        for (int i = model ? 2 : 1; i < words.size(); i += 2) {
            String value = i + 1 < words.size() ? words.get(i + 1) : "";
            switch (words.get(i)) {
                case "--rounds" -> rounds = rounds("--rounds", value);
                case "--guests" -> guests = rounds("--guests", value);
                case "--minutes" -> minutes = OptionalDouble.of(minutes(value));
                default ->
                    throw new IllegalArgumentException(
                            "after NAME only --rounds N, --minutes M and --guests G may follow, got '"
                                    + String.join(" ", words.subList(i, words.size())) + "'");
            }
        }
        return new Arguments(name, rounds, minutes, guests, model);
    }

    private static int rounds(String option, String word) {
        if (word.matches("[1-9]\\d{0,3}") && Integer.parseInt(word) <= MOST_ROUNDS) {
            return Integer.parseInt(word);
        }
        throw new IllegalArgumentException(
                option + " must be a number from 1 to " + MOST_ROUNDS + ", got '" + word + "'");
    }

    private static double minutes(String word) {
        if (word.matches("\\d{1,5}(\\.\\d{1,3})?")
                && Double.parseDouble(word) > 0
                && Double.parseDouble(word) <= MOST_MINUTES) {
            return Double.parseDouble(word);
        }
        throw new IllegalArgumentException(
                "--minutes must be a number above 0 and at most " + MOST_MINUTES + ", got '" + word + "'");
    }
}
