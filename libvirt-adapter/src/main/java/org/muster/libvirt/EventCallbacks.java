package org.muster.libvirt;

import com.sun.jna.Callback;
import com.sun.jna.Pointer;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * libvirt's event callbacks in our words. Holds a strong reference to each, so it must live for as long as libvirt may
 * call: as long as the hypervisor.
 *
 * <p>Called on {@code libvirt-events}; hands over and returns. Source: virConnectDomainEventID and its callback types.
 */
final class EventCallbacks {
    private static final Logger LOG = LoggerFactory.getLogger(EventCallbacks.class);
    private static final int LIFECYCLE_STOPPED = 5; // virDomainEventType
    private static final int LIFECYCLE_SHUTDOWN = 6;
    private static final List<ShutoffReason> STOPPED = List.of( // virDomainEventStoppedDetailType
            ShutoffReason.SHUTDOWN,
            ShutoffReason.DESTROYED,
            ShutoffReason.CRASHED,
            ShutoffReason.MIGRATED,
            ShutoffReason.SAVED,
            ShutoffReason.FAILED,
            ShutoffReason.FROM_SNAPSHOT);
    private static final int SHUTDOWN_BY_HOST = 2; // virDomainEventShutdownDetailType
    private static final int CONSOLE_CONNECT = 0; // virDomainEventGraphicsPhase; 1, initialised, comes after it
    private static final int CONSOLE_DISCONNECT = 2;
    private static final int DISK_PAUSES = 1; // virDomainEventIOErrorAction
    private static final int AGENT_CONNECTED = 1; // virConnectDomainEventAgentLifecycleState
    private static final int ADDRESS_NODE = 8; // struct {int family; char *node; char *service}
    private static final int ADDRESS_SERVICE = 16;
    private static final List<String> WATCHDOG_ACTIONS =
            List.of("none", "Pause", "Reset", "Poweroff", "Shutdown", "Debug", "Inject-nmi");
    private static final List<DomainEvent> LIFECYCLE = List.of(
            DomainEvent.DEFINED,
            DomainEvent.UNDEFINED,
            DomainEvent.STARTED,
            DomainEvent.SUSPENDED,
            DomainEvent.RESUMED,
            DomainEvent.STOPPED,
            DomainEvent.SHUTDOWN,
            DomainEvent.PMSUSPENDED,
            DomainEvent.CRASHED);

    /** virConnectDomainEventCallback. */
    interface Lifecycle extends Callback {
        int callback(Pointer conn, Pointer domain, int event, int detail, Pointer opaque);
    }

    /** virConnectDomainEventGenericCallback. */
    interface Plain extends Callback {
        void callback(Pointer conn, Pointer domain, Pointer opaque);
    }

    /** virConnectDomainEventRTCChangeCallback and virConnectDomainEventBalloonChangeCallback. */
    interface Clock extends Callback {
        void callback(Pointer conn, Pointer domain, long utcOffset, Pointer opaque);
    }

    /** virConnectDomainEventWatchdogCallback. */
    interface Numbered extends Callback {
        void callback(Pointer conn, Pointer domain, int number, Pointer opaque);
    }

    /** virConnectDomainEventIOErrorReasonCallback. */
    interface IoError extends Callback {
        void callback(
                Pointer conn, Pointer domain, String path, String alias, int action, String reason, Pointer opaque);
    }

    /** virConnectDomainEventGraphicsCallback. */
    interface Graphics extends Callback {
        void callback(
                Pointer conn,
                Pointer domain,
                int phase,
                Pointer local,
                Pointer remote,
                String authScheme,
                Pointer subject,
                Pointer opaque);
    }

    /** virConnectDomainEventAgentLifecycleCallback. */
    interface Agent extends Callback {
        void callback(Pointer conn, Pointer domain, int state, int reason, Pointer opaque);
    }

    /** virConnectDomainEventDeviceRemovedCallback and virConnectDomainEventDeviceAddedCallback. */
    interface Device extends Callback {
        void callback(Pointer conn, Pointer domain, Pointer alias, Pointer opaque);
    }

    /** virConnectDomainEventTrayChangeCallback. */
    interface Tray extends Callback {
        void callback(Pointer conn, Pointer domain, Pointer alias, int reason, Pointer opaque);
    }

    /** virConnectDomainEventTunableCallback. */
    interface Tunable extends Callback {
        void callback(Pointer conn, Pointer domain, Pointer params, int count, Pointer opaque);
    }

    /** virConnectDomainEventMetadataChangeCallback. */
    interface Metadata extends Callback {
        void callback(Pointer conn, Pointer domain, int type, Pointer namespace, Pointer opaque);
    }

    private final BiConsumer<UUID, DomainEvent> lifecycle;
    private final BiConsumer<UUID, GuestEvent> guest;
    private final Lifecycle onLifecycle = this::lifecycle;
    private final Plain onReboot = (conn, domain, opaque) -> tell(domain, new GuestEvent.Rebooted());
    private final Clock onClock = (conn, domain, offset, opaque) -> tell(domain, new GuestEvent.ClockSet(offset));
    private final Clock onBalloon = (conn, domain, kib, opaque) -> changed(domain);
    private final Numbered onWatchdog =
            (conn, domain, action, opaque) -> tell(domain, new GuestEvent.WatchdogFired(watchdog(action)));
    private final IoError onIoError = (conn, domain, path, alias, action, reason, opaque) ->
            tell(domain, new GuestEvent.DiskFailed(text(alias), text(path), text(reason), action == DISK_PAUSES));
    private final Graphics onGraphics = this::graphics;
    private final Agent onAgent = (conn, domain, state, reason, opaque) ->
            tell(domain, new GuestEvent.AgentChanged(state == AGENT_CONNECTED));
    private final Device onDevice = (conn, domain, alias, opaque) -> changed(domain);
    private final Tray onTray = (conn, domain, alias, reason, opaque) -> changed(domain);
    private final Tunable onTunable = (conn, domain, params, count, opaque) -> changed(domain);
    private final Metadata onMetadata = (conn, domain, type, namespace, opaque) -> changed(domain);

    EventCallbacks(BiConsumer<UUID, DomainEvent> lifecycle, BiConsumer<UUID, GuestEvent> guest) {
        this.lifecycle = lifecycle;
        this.guest = guest;
    }

    /**
     * Registers all of them on a connection that is new and makes no other calls.
     *
     * @param running false for a driver without running guests: it has life-cycle events alone
     */
    void register(LibvirtConnection connection, boolean running) throws HypervisorException {
        register(connection, 0, onLifecycle);
        if (!running) {
            return;
        }
        register(connection, 1, onReboot);
        register(connection, 2, onClock);
        register(connection, 3, onWatchdog);
        register(connection, 5, onGraphics);
        register(connection, 6, onIoError);
        register(connection, 18, onAgent);
        register(connection, 10, onTray);
        register(connection, 13, onBalloon);
        register(connection, 15, onDevice);
        register(connection, 19, onDevice);
        register(connection, 17, onTunable);
        register(connection, 23, onMetadata);
    }

    private static void register(LibvirtConnection connection, int id, Callback callback) throws HypervisorException {
        int number =
                LibvirtNative.virConnectDomainEventRegisterAny(connection.pointer(), null, id, callback, null, null);
        if (number < 0) {
            throw LibvirtErrors.last("virConnectDomainEventRegisterAny", "", connection);
        }
        connection.registered(() -> LibvirtNative.virConnectDomainEventDeregisterAny(connection.pointer(), number));
    }

    private int lifecycle(Pointer conn, Pointer domain, int event, int detail, Pointer opaque) {
        UUID id = id(domain);
        if (id == null) {
            return 0;
        }
        if (event == LIFECYCLE_SHUTDOWN) {
            guest.accept(id, new GuestEvent.ShuttingDown(detail == SHUTDOWN_BY_HOST));
        } else if (event == LIFECYCLE_STOPPED) {
            boolean known = detail >= 0 && detail < STOPPED.size();
            guest.accept(id, new GuestEvent.Ended(known ? STOPPED.get(detail) : ShutoffReason.UNKNOWN));
        }
        lifecycle.accept(id, event >= 0 && event < LIFECYCLE.size() ? LIFECYCLE.get(event) : DomainEvent.UNKNOWN);
        return 0;
    }

    private void graphics(
            Pointer conn,
            Pointer domain,
            int phase,
            Pointer local,
            Pointer remote,
            String authScheme,
            Pointer subject,
            Pointer opaque) {
        if (remote == null) {
            return;
        }
        String address = text(remote.getPointer(ADDRESS_NODE));
        String service = text(remote.getPointer(ADDRESS_SERVICE));
        if (phase == CONSOLE_CONNECT) {
            tell(domain, new GuestEvent.ConsoleConnected(address, service));
        } else if (phase == CONSOLE_DISCONNECT) {
            tell(domain, new GuestEvent.ConsoleDisconnected(address, service));
        }
    }

    private void changed(Pointer domain) {
        tell(domain, new GuestEvent.ConfigurationChanged());
    }

    private void tell(Pointer domain, GuestEvent event) {
        UUID id = id(domain);
        if (id != null) {
            guest.accept(id, event);
        }
    }

    private static UUID id(Pointer domain) {
        byte[] uuid = new byte[LibvirtNative.UUID_LENGTH];
        if (domain == null || LibvirtNative.virDomainGetUUID(domain, uuid) < 0) { // local data, no call
            LOG.warn("an event without a readable domain");
            return null;
        }
        return StatsDecoder.uuid(uuid);
    }

    private static String watchdog(int action) {
        return action >= 0 && action < WATCHDOG_ACTIONS.size()
                ? WATCHDOG_ACTIONS.get(action)
                : String.format(Locale.ROOT, "%d", action);
    }

    private static String text(Pointer pointer) {
        return pointer == null ? "" : pointer.getString(0, "UTF-8");
    }

    private static String text(String text) {
        return text == null ? "" : text;
    }
}
