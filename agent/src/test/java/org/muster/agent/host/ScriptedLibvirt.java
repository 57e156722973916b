package org.muster.agent.host;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.muster.libvirt.EngineNetwork;
import org.muster.libvirt.HostDevice;
import org.muster.libvirt.HostFacts;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;

/** The part of the port that speaks of the host; can hang and refuse. Nothing else may be asked of it. */
final class ScriptedLibvirt {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final AtomicInteger deviceReadings = new AtomicInteger();
    private final AtomicInteger refusals = new AtomicInteger();
    private final List<Boolean> merges = new CopyOnWriteArrayList<>();
    private volatile boolean hangs; // all volatile: written by the test, read by host-facts
    private volatile boolean refusesMerging;
    private volatile boolean refusesNetworks;
    private volatile Kind refusal = Kind.BUSY;
    private volatile Kind deviceRefusal; // null: they are listed
    private volatile List<HostDevice> devices = List.of();
    private volatile List<EngineNetwork> networks = List.of();

    Hypervisor port() {
        return (Hypervisor) Proxy.newProxyInstance(
                Hypervisor.class.getClassLoader(), new Class<?>[] {Hypervisor.class}, (proxy, method, arguments) -> {
                    try {
                        return ScriptedLibvirt.class
                                .getDeclaredMethod(method.getName(), method.getParameterTypes())
                                .invoke(this, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @SuppressWarnings("UnusedMethod") // called by name
    private boolean connected() {
        return true;
    }

    @SuppressWarnings("UnusedMethod")
    private HostFacts host() throws InterruptedException, HypervisorException {
        entered.countDown();
        if (refusals.getAndDecrement() > 0) {
            throw new HypervisorException(Kind.BUSY, 0, "virConnectGetCapabilities", "", "not now", null);
        }
        if (hangs) {
            released.await();
        }
        return BigHost.facts();
    }

    @SuppressWarnings("UnusedMethod")
    private List<HostDevice> hostDevices() throws HypervisorException {
        deviceReadings.incrementAndGet();
        Kind refused = deviceRefusal;
        if (refused != null) {
            throw new HypervisorException(refused, 0, "virConnectListAllNodeDevices", "", "not now", null);
        }
        return devices;
    }

    @SuppressWarnings("UnusedMethod")
    private List<EngineNetwork> engineNetworks() throws HypervisorException {
        if (refusesNetworks) {
            throw new HypervisorException(refusal, 0, "virConnectListNetworks", "", "not now", null);
        }
        return networks;
    }

    @SuppressWarnings("UnusedMethod")
    private void mergeAcrossCells(boolean merge) throws HypervisorException {
        if (refusesMerging) {
            throw new HypervisorException(Kind.DENIED, 88, "virNodeSetMemoryParameters", "", "not for you", null);
        }
        merges.add(merge);
    }

    /** The next question about the host is refused. */
    void refuseOnce() {
        refusals.set(1);
    }

    void hang() {
        hangs = true;
    }

    void release() {
        released.countDown();
    }

    boolean entered() throws InterruptedException {
        return entered.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    void refuseMerging() {
        refusesMerging = true;
    }

    List<Boolean> mergesAcross() {
        return merges;
    }

    void devices(List<HostDevice> fresh) {
        devices = fresh;
    }

    void networks(List<EngineNetwork> fresh) {
        networks = fresh;
    }

    void refuseNetworks(boolean now, Kind kind) {
        refusal = kind;
        refusesNetworks = now;
    }

    /** @param kind null to list them again */
    void refuseDevices(Kind kind) {
        deviceRefusal = kind;
    }

    int deviceReadings() {
        return deviceReadings.get();
    }
}
