import org.libvirt.Connect;

/** The least that a JVM program needs to talk to libvirt: one connection, opened. The floor of the agent's start. */
final class BareConnection {
    private BareConnection() {}

    public static void main(String[] args) throws Exception {
        new Connect(args[0]).getLibVersion();
        Runtime.getRuntime().halt(0); // the end of the JVM is not measured
    }
}
