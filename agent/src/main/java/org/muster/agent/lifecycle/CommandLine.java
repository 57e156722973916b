package org.muster.agent.lifecycle;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.muster.agent.selfcheck.SelfCheckCommand;

/**
 * What {@code musterd} was told to do.
 *
 * @param config there without {@code simulate}
 * @param quiet with {@code check}: nothing is said of what is right
 */
record CommandLine(Optional<Path> config, Optional<Path> simulate, boolean check, boolean quiet) {
    private static final Set<String> WITH_VALUE = Set.of("--config", "--simulate", "--output");

    /** What is no command line of ours; the message says why. */
    static final class UsageException extends Exception {
        UsageException(String message) {
            super(message);
        }
    }

    /** The words with {@code --name=value} as two of them. */
    static List<String> split(List<String> args) {
        List<String> words = new ArrayList<>();
        boolean value = false;
        for (String arg : args) {
            int equals = arg.indexOf('=');
            if (!value && arg.startsWith("--") && equals > 0 && WITH_VALUE.contains(arg.substring(0, equals))) {
                words.add(arg.substring(0, equals));
                words.add(arg.substring(equals + 1));
            } else {
                words.add(arg);
                value = !value && WITH_VALUE.contains(arg);
            }
        }
        return words;
    }

    /** @param args as {@link #split} gives them */
    static CommandLine parse(List<String> args) throws UsageException {
        Optional<Path> config = Optional.empty();
        Optional<Path> simulate = Optional.empty();
        boolean check = false;
        boolean quiet = false;
        for (Iterator<String> words = args.iterator(); words.hasNext(); ) {
            String word = words.next();
            switch (word) {
                case "--config" -> config = Optional.of(file(word, words, config));
                case "--simulate" -> simulate = Optional.of(file(word, words, simulate));
                case "--check-config" -> check = once(word, check);
                case "--quiet" -> quiet = once(word, quiet);
                default -> throw new UsageException("unknown word: " + word);
            }
        }
        if (simulate.isPresent() && check) {
            throw new UsageException("--simulate and --check-config do not go together");
        }
        if (quiet && !check) {
            throw new UsageException("--quiet goes with --check-config only");
        }
        if (check && config.isEmpty()) {
            config = Optional.of(
                    SelfCheckCommand.USUAL_CONFIG); // looking harms nobody; an agent is told what to run with
        }
        if (simulate.isEmpty() && config.isEmpty()) {
            throw new UsageException("--config FILE is missing");
        }
        return new CommandLine(config, simulate, check, quiet);
    }

    private static boolean once(String option, boolean before) throws UsageException {
        if (before) {
            throw new UsageException(option + " is given twice");
        }
        return true;
    }

    private static Path file(String option, Iterator<String> words, Optional<Path> before) throws UsageException {
        boolean unused = once(option, before.isPresent());
        if (!words.hasNext()) {
            throw new UsageException(option + " wants a file");
        }
        try {
            return Path.of(words.next());
        } catch (InvalidPathException e) {
            throw new UsageException(option + ": no file can have that name: " + e.getMessage());
        }
    }
}
