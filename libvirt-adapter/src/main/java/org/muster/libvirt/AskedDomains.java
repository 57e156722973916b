package org.muster.libvirt;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.List;
import java.util.UUID;

/**
 * The domains that a bulk call is made for, as libvirt wants them, and which of them a record of its answer is about.
 *
 * <p>Confined to one call.
 */
final class AskedDomains implements AutoCloseable {
    private final Memory list;
    private final UUID[] ids;
    private final long[] names; // each a C string of libvirt's, as long as the domain's handle lives
    private int count;

    private AskedDomains(int most) {
        this.list = new Memory((long) (most + 1) * Native.POINTER_SIZE);
        this.ids = new UUID[most];
        this.names = new long[most];
    }

    /** Those that libvirtd has. */
    static AskedDomains of(LibvirtConnection connection, List<UUID> ids) throws HypervisorException {
        AskedDomains asked = new AskedDomains(ids.size());
        try {
            for (UUID id : ids) {
                asked.add(connection, id);
            }
            asked.list.setPointer((long) asked.count * Native.POINTER_SIZE, null);
            return asked;
        } catch (HypervisorException e) {
            asked.close();
            throw e;
        }
    }

    private void add(LibvirtConnection connection, UUID id) throws HypervisorException {
        LibvirtConnection.Handle handle = connection.handle(id);
        if (handle == null) {
            HypervisorException e = LibvirtErrors.last("virDomainLookupByUUID", id.toString(), connection);
            if (e.kind() != HypervisorException.Kind.NO_SUCH_DOMAIN) {
                throw e;
            }
            return;
        }
        list.setPointer((long) count * Native.POINTER_SIZE, handle.domain());
        names[count] = handle.name();
        ids[count++] = id;
    }

    boolean isEmpty() {
        return count == 0;
    }

    Pointer list() {
        return list;
    }

    /**
     * Which domains an answer's records are about.
     *
     * <p>libvirtd answers in the order in which it was asked, and leaves out what is gone. So when nothing was left out
     * the records are those of the domains in turn; their names, which no two domains have, are compared to be sure. This is
     * done because libvirt writes the UUID as text, for a log that nobody keeps, each time it is asked for it: with a
     * hundred guests a tenth of what a call costs us.
     *
     * @param records how many there are
     */
    StatsDecoder.Names namesOf(int records) {
        return records == count ? this::of : (handle, position) -> null;
    }

    private UUID of(long handle, int position) {
        // Both are texts in handles that are still open: the record's until its list is freed, the other one's, which
        // the
        // connection keeps, until the call is over (LibvirtConnection.drop).
        long name = LibvirtNative.virDomainGetName(handle);
        boolean same = name != 0 && names[position] != 0 && LibC.strcmp(name, names[position]) == 0;
        return same ? ids[position] : null;
    }

    @Override
    public void close() {
        list.close();
    }

    private static final class LibC {
        static {
            Native.register(LibC.class, "c");
        }

        private LibC() {}

        static native int strcmp(long one, long other);
    }
}
