package org.muster.agent.lifecycle;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;

/**
 * The real hypervisor; each call that a create worker or a VM's lane makes of libvirt is a step before it is made and one when it has
 * returned, such as {@code create.start.1.before}: by whom, which, the how many-th of this VM in this life. Whatever the port can do is
 * one, so that none is forgotten.
 */
final class SteppedHypervisor implements InvocationHandler {
    private static final ThreadLocal<UUID> LAST = new ThreadLocal<>(); // whose turn it is on this thread

    private final Hypervisor real;
    private final Steps steps;
    private final Map<String, Integer> counts = new ConcurrentHashMap<>();

    private SteppedHypervisor(Hypervisor real, Steps steps) {
        this.real = real;
        this.steps = steps;
    }

    static Hypervisor over(Hypervisor real, Steps steps) {
        return (Hypervisor) Proxy.newProxyInstance(
                Hypervisor.class.getClassLoader(),
                new Class<?>[] {Hypervisor.class},
                new SteppedHypervisor(real, steps));
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        String thread = Thread.currentThread().getName();
        boolean libvirts = Arrays.asList(method.getExceptionTypes()).contains(HypervisorException.class);
        if (!libvirts || !thread.matches("(create|vm)-\\d+")) {
            return made(method, arguments);
        }
        if (arguments != null && arguments[0] instanceof UUID vm) {
            LAST.set(vm);
        }
        UUID vm = LAST.get();
        String name = thread.substring(0, thread.indexOf('-')) + "." + method.getName();
        String step = name + "." + counts.merge(vm + name, 1, Integer::sum);
        steps.pass(vm, step + ".before");
        try {
            return made(method, arguments);
        } finally {
            steps.pass(vm, step + ".after");
        }
    }

    private Object made(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
