package org.muster.libvirt;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;

/**
 * The libvirt functions that libvirt-java lacks, mapped directly. Source: libvirt-domain.h, libvirt-event.h, virterror.h.
 *
 * <p>Every function may block as libvirtd does. An error is left in libvirt's thread-local slot, which the caller reads
 * on the same thread.
 */
final class LibvirtNative {
    /** VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT. */
    static final int STATS_NOWAIT = 1 << 29;

    static final int UUID_LENGTH = 16;

    static {
        Native.register(LibvirtNative.class, "virt");
    }

    private LibvirtNative() {}

    static native int virConnectGetAllDomainStats(Pointer conn, int stats, PointerByReference records, int flags);

    static native int virDomainListGetStats(Pointer domains, int stats, PointerByReference records, int flags);

    static native void virDomainStatsRecordListFree(Pointer records);

    static native int virDomainGetUUID(Pointer domain, byte[] uuid);

    static native String virDomainGetName(Pointer domain);

    /** As the handle has it, without a call: -1 of a domain that was not active when the handle was made. */
    static native int virDomainGetID(Pointer domain);

    /** The text itself, which lives as long as the domain's handle. */
    static native long virDomainGetName(long domain);

    static native Pointer virDomainLookupByUUID(Pointer conn, byte[] uuid);

    static native int virDomainFree(Pointer domain);

    /** Fills {@code struct {int state; unsigned details; unsigned long long stateTime}}; never blocks on the monitor. */
    static native int virDomainGetControlInfo(Pointer domain, Pointer info, int flags);

    /** Fills {@code struct {unsigned char state; unsigned long maxMem, memory; unsigned short vcpus; unsigned long long cpuTime}}. */
    static native int virDomainGetInfo(Pointer domain, Pointer info);

    /** Fills an array of virTypedParameter; without one it tells how many there are, of a CPU or of all; no monitor. */
    static native int virDomainGetCPUStats(
            Pointer domain, Pointer params, int nparams, int startCpu, int ncpus, int flags);

    static native int virDomainGetState(Pointer domain, IntByReference state, IntByReference reason, int flags);

    /** Fills {@code unsigned long long capacity, allocation, physical}; asks the monitor. */
    static native int virDomainGetBlockInfo(Pointer domain, String disk, Pointer info, int flags);

    /**
     * Fills {@code struct {int type; unsigned long bandwidth; unsigned long long cur, end}}; 0 if there is no job. Asks the
     * monitor.
     */
    static native int virDomainGetBlockJobInfo(Pointer domain, String disk, Pointer info, int flags);

    /** 1 if the connection's socket is open, 0 if not, -1 on an error; no message to libvirtd. Resets the thread's last error. */
    static native int virConnectIsAlive(Pointer conn);

    static native int virConnectGetLibVersion(Pointer conn, Pointer version);

    /** The caller frees the text with {@code Native.free}. */
    static native Pointer virConnectGetDomainCapabilities(
            Pointer conn, String emulator, String arch, String machine, String virtType, int flags);

    /** The caller frees the text with {@code Native.free}. */
    static native Pointer virConnectGetSysinfo(Pointer conn, int flags);

    /** Fills an array of handles; the caller frees each, and the array with {@code Native.free}. */
    static native int virConnectListAllNodeDevices(Pointer conn, PointerByReference devices, int flags);

    /** The caller frees the text with {@code Native.free}. */
    static native Pointer virNodeDeviceGetXMLDesc(Pointer device, int flags);

    static native int virNodeDeviceFree(Pointer device);

    static native int virConnectNodeDeviceEventRegisterAny(
            Pointer conn, Pointer device, int event, Callback callback, Pointer opaque, Pointer freeCallback);

    static native int virConnectNodeDeviceEventDeregisterAny(Pointer conn, int callback);

    static native int virConnectNetworkEventDeregisterAny(Pointer conn, int callback);

    static native int virConnectDomainEventDeregisterAny(Pointer conn, int callback);

    static native int virConnectNetworkEventRegisterAny(
            Pointer conn, Pointer network, int event, Callback callback, Pointer opaque, Pointer freeCallback);

    /** Takes an array of {@code struct {char field[80]; int type; union {unsigned ui; …} value;}}. */
    static native int virNodeSetMemoryParameters(Pointer conn, Pointer params, int count, int flags);

    /** One turn of the event loop; waits for something to happen. */
    static native int virEventRunDefaultImpl();

    static native int virEventAddTimeout(int millis, Callback callback, Pointer opaque, Pointer freeCallback);

    static native int virConnectDomainEventRegisterAny(
            Pointer conn, Pointer domain, int event, Callback callback, Pointer opaque, Pointer freeCallback);

    /** Fills an array of virTypedParameter; asks the guest's agent, and waits for it as long as its time-out says. */
    static native int virDomainGetGuestInfo(
            Pointer domain, int types, PointerByReference params, IntByReference count, int flags);

    /** Takes texts in UTF-8 that end with a zero byte. */
    static native int virDomainSetMetadata(
            Pointer domain, int type, byte[] metadata, byte[] key, byte[] uri, int flags);

    static native int virDomainResume(Pointer domain);

    /** How long the guest's agent may take for an answer from now on, in seconds; -1: libvirt's own. */
    static native int virDomainAgentSetResponseTimeout(Pointer domain, int seconds, int flags);

    static native void virTypedParamsFree(Pointer params, int count);

    static native int virGetLastErrorCode();

    static native int virGetLastErrorDomain();

    static native String virGetLastErrorMessage();
}
