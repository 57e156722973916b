package org.muster.agent.create;

/** How many creates may run at once, before the guard over libvirtd's workers has its say: create.concurrency. */
public sealed interface Concurrency {
    /** The least and the most that may be asked for. */
    int LEAST = 1;

    int MOST = 1024;

    /** The word for {@link Auto}. */
    String AUTO = "auto";

    /** The word for {@link Unlimited}. */
    String UNLIMITED = "unlimited";

    /**
     * Reads "auto", "unlimited" or a number.
     *
     * @throws IllegalArgumentException for anything else
     */
    static Concurrency of(String text) {
        return switch (text) {
            case AUTO -> new Auto();
            case UNLIMITED -> new Unlimited();
            default -> new Fixed(Integer.parseInt(text));
        };
    }

    /** As many as the machine seems to serve well. */
    record Auto() implements Concurrency {
        @Override
        public String toString() {
            return AUTO;
        }
    }

    /** So many and no more. */
    record Fixed(int limit) implements Concurrency {
        public Fixed {
            if (limit < LEAST || limit > MOST) {
                throw new IllegalArgumentException(
                        "create.concurrency must be from " + LEAST + " to " + MOST + ", got " + limit);
            }
        }

        @Override
        public String toString() {
            return Integer.toString(limit);
        }
    }

    /** As many as the guard over libvirtd's workers lets. */
    record Unlimited() implements Concurrency {
        @Override
        public String toString() {
            return UNLIMITED;
        }
    }
}
