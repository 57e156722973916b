package org.muster.agent.lifecycle;

import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears signals. The JDK's only way is sun.misc.Signal, which every JDK has but javac warns of in a way that cannot be
 * switched off for one file; so it is called by name.
 */
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);
    private static final int TERMINATED = 143; // 128 + SIGTERM: ended before it had stopped

    private Signals() {}

    /** Runs {@code action} on a thread of the JVM at every SIGHUP. */
    static void onHangUp(Runnable action) {
        try {
            handle("HUP", action);
        } catch (ReflectiveOperationException e) {
            LOG.warn("SIGHUP does not reload the configuration on this JVM: {}", e.toString());
        }
    }

    /** SIGTERM ends the process as something that was asked for and went well: with 0, and as ever by way of the shutdown hooks. */
    static void stopAtTermination() {
        try {
            handle("TERM", () -> System.exit(0));
        } catch (ReflectiveOperationException e) {
            LOG.debug("SIGTERM ends with {} on this JVM: {}", TERMINATED, e.toString());
        }
    }

    /**
     * From now on SIGTERM and SIGINT end the process at once: who asks twice does not want to wait for what stopping waits for. To
     * be called when stopping has begun.
     */
    static void endAtTheNext() {
        for (String name : new String[] {"TERM", "INT"}) {
            try {
                handle(name, () -> Runtime.getRuntime().halt(TERMINATED));
            } catch (ReflectiveOperationException e) {
                LOG.debug("a second SIG{} ends nothing on this JVM: {}", name, e.toString());
            }
        }
    }

    private static void handle(String name, Runnable action) throws ReflectiveOperationException {
        Class<?> signal = Class.forName("sun.misc.Signal");
        Class<?> handler = Class.forName("sun.misc.SignalHandler");
        Object proxy = Proxy.newProxyInstance(
                Signals.class.getClassLoader(), new Class<?>[] {handler}, (self, method, args) -> {
                    switch (method.getName()) {
                        case "handle" -> action.run();
                        case "equals" -> {
                            return self == args[0];
                        }
                        case "hashCode" -> {
                            return System.identityHashCode(self);
                        }
                        default -> {
                            return "handler of SIG" + name;
                        }
                    }
                    return null;
                });
        Object unused = signal.getMethod("handle", signal, handler)
                .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
    }
}
