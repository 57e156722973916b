package org.muster.bench;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * What the agent's JVM tells of itself, read from outside by way of the attach API. Each question opens a connection and closes
 * it again, so that none costs the agent anything while it is being measured.
 */
final class AgentBeans {
    /** Names of the threads that a JVM has from the first question on, also as the kernel cuts them off. */
    private static final Pattern OURS = Pattern.compile("(RMI|JMX) .*|Attach Listener|GC Daemon");

    private AgentBeans() {}

    /** What is asked while the connection is open. */
    interface Question<T> {
        T ask(MBeanServerConnection server) throws IOException, JMException;
    }

    @SuppressWarnings("BanJNDI") // the peer is our own child, reached over the loopback address
    static <T> T ask(long pid, Question<T> question) throws BenchException {
        try {
            VirtualMachine machine = VirtualMachine.attach(Long.toString(pid));
            String url;
            try {
                url = machine.startLocalManagementAgent();
            } finally {
                machine.detach();
            }
            try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(url))) {
                return question.ask(connector.getMBeanServerConnection());
            }
        } catch (IOException | AttachNotSupportedException | JMException e) {
            throw new BenchException("the agent cannot be asked by JMX: " + e, e);
        }
    }

    /** Whether a thread of this name is there because of our questions. */
    static boolean isOurs(String thread) {
        return OURS.matcher(thread).matches();
    }
}
