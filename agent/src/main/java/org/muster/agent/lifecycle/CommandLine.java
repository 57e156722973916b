package org.muster.agent.lifecycle;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * What {@code musterd} was told to do.
 *
 * @param config there without {@code simulate}
 */
record CommandLine(Optional<Path> config, Optional<Path> simulate, boolean check) {

    /** Empty for what is no command line of ours. */
    static Optional<CommandLine> parse(List<String> args) {
        Optional<Path> config = Optional.empty();
        Optional<Path> simulate = Optional.empty();
        boolean check = false;
        for (Iterator<String> words = args.iterator(); words.hasNext(); ) {
            String word = words.next();
            boolean takesFile = word.equals("--config") || word.equals("--simulate");
            Optional<Path> file = takesFile && words.hasNext() ? path(words.next()) : Optional.empty();
            if (word.equals("--config") && config.isEmpty() && file.isPresent()) {
                config = file;
            } else if (word.equals("--simulate") && simulate.isEmpty() && file.isPresent()) {
                simulate = file;
            } else if (word.equals("--check-config") && !check) {
                check = true;
            } else {
                return Optional.empty();
            }
        }
        boolean makesSense = simulate.isPresent() ? !check : config.isPresent();
        return makesSense ? Optional.of(new CommandLine(config, simulate, check)) : Optional.empty();
    }

    private static Optional<Path> path(String text) {
        try {
            return Optional.of(Path.of(text));
        } catch (InvalidPathException e) {
            return Optional.empty(); // no file can have that name
        }
    }
}
