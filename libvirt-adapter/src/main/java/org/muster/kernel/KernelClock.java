package org.muster.kernel;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.Optional;

/** Whether somebody keeps the host's clock right, by the kernel's word: adjtimex(2). Stateless; never blocks. */
public final class KernelClock {
    private static final int STRUCT_BYTES = 256; // struct timex has 208 on 64 bits
    private static final int ERROR = 5; // TIME_ERROR: nobody has said for a while that it is right

    private KernelClock() {}

    /** Empty where the kernel may not be asked. */
    public static Optional<Boolean> synchronised() {
        try {
            try (Memory timex = new Memory(STRUCT_BYTES)) {
                timex.clear(); // modes = 0: nothing is changed
                int state = LibC.adjtimex(timex);
                return state < 0 ? Optional.empty() : Optional.of(state != ERROR);
            }
        } catch (LinkageError e) {
            return Optional.empty(); // no such function in this C library
        }
    }

    private static final class LibC {
        static {
            Native.register(LibC.class, "c");
        }

        private LibC() {}

        static native int adjtimex(Pointer timex);
    }
}
