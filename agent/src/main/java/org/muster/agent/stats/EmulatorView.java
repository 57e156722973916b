package org.muster.agent.stats;

import java.util.Optional;
import java.util.UUID;

/**
 * What the kernel says of a domain's emulator; empty where it cannot be told. Thread-safe; never blocks.
 */
public interface EmulatorView {
    /** Of a host whose emulators nobody can see. */
    EmulatorView NONE = new EmulatorView() {
        @Override
        public Optional<Boolean> stopped(UUID domain) {
            return Optional.empty();
        }

        @Override
        public Optional<Boolean> standsStill(UUID domain) {
            return Optional.empty();
        }
    };

    /** Whether it was stopped, by a signal or a debugger. */
    Optional<Boolean> stopped(UUID domain);

    /** Whether it was stopped, or waits for a device and for nothing else. */
    Optional<Boolean> standsStill(UUID domain);
}
