import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Has one thread of the process that it is loaded into stand still, or all of a pool: the one whose name is in the file that is its
 * argument, or those whose names are that and a number, as soon as there is such a file. For the test of the watchdog; in no package.
 */
public final class HangAgent {
    private HangAgent() {}

    /** Called by the JVM, which has -javaagent:JAR=FILE among its options. */
    public static void premain(String file, Instrumentation instrumentation) {
        Thread thread = new Thread(() -> watch(Path.of(file)), "hang-agent");
        thread.setDaemon(true);
        thread.start();
    }

    private static void watch(Path file) {
        try {
            while (!Files.isReadable(file) || !stop(Files.readString(file).strip())) {
                Thread.sleep(100);
            }
        } catch (Exception e) {
            System.err.println("hang-agent: " + e);
        }
    }

    private static boolean stop(String name) {
        boolean found = false;
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().equals(name) || thread.getName().matches(Pattern.quote(name) + "-\\d+")) {
                thread.suspend();
                found = true;
            }
        }
        if (found) {
            System.err.println("hang-agent: " + name + " stands still");
        }
        return found;
    }
}
