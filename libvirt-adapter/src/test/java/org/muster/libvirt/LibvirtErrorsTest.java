package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.libvirt.Error.ErrorNumber;
import org.muster.libvirt.HypervisorException.Kind;

class LibvirtErrorsTest {
    private static final int NO_ERRNO = 0;
    private static final int EMFILE = 24;

    @ParameterizedTest
    @CsvSource({
        "VIR_ERR_NO_DOMAIN, NO_SUCH_DOMAIN",
        "VIR_ERR_DOM_EXIST, ALREADY_EXISTS",
        "VIR_ERR_XML_ERROR, INVALID_SPEC",
        "VIR_ERR_XML_DETAIL, INVALID_SPEC",
        "VIR_ERR_CONFIG_UNSUPPORTED, INVALID_SPEC",
        "VIR_ERR_INVALID_ARG, INVALID_SPEC",
        "VIR_ERR_OPERATION_INVALID, WRONG_STATE",
        "VIR_ERR_OPERATION_TIMEOUT, BUSY",
        "VIR_ERR_RESOURCE_BUSY, BUSY",
        "VIR_ERR_ACCESS_DENIED, DENIED",
        "VIR_ERR_NO_SUPPORT, UNSUPPORTED",
        "VIR_ERR_INTERNAL_ERROR, FAILED",
        "VIR_ERR_SYSTEM_ERROR, FAILED",
        "VIR_ERR_NO_MEMORY, EXHAUSTED"
    })
    void eachNumberMeansOneThing(ErrorNumber number, Kind kind) {
        int fromQemu = 10;
        assertThat(LibvirtErrors.kind(number.ordinal(), NO_ERRNO, fromQemu, () -> true))
                .isEqualTo(kind);
    }

    @ParameterizedTest
    @CsvSource({
        "11, EXHAUSTED", // EAGAIN: a fork that found no room for another process
        "12, EXHAUSTED", // ENOMEM
        "23, EXHAUSTED", // ENFILE
        "24, EXHAUSTED", // EMFILE
        "2, FAILED", // ENOENT: a disk that is not there
        "13, FAILED", // EACCES
        "110, FAILED", // ETIMEDOUT: a disk on a dead NFS server that is mounted soft
    })
    void anErrorOfTheSystemIsTheHostsIfItIsOutOfSomething(int errno, Kind kind) {
        int fromQemu = 10;
        int system = ErrorNumber.VIR_ERR_SYSTEM_ERROR.ordinal();
        assertThat(LibvirtErrors.kind(system, errno, fromQemu, () -> true)).isEqualTo(kind);
    }

    @ParameterizedTest
    @CsvSource({
        "VIR_ERR_INTERNAL_ERROR",
        "VIR_ERR_SYSTEM_ERROR",
        "VIR_ERR_RPC",
        "VIR_ERR_NO_CONNECT",
        "VIR_ERR_INVALID_CONN"
    })
    void anyErrorOfOurOwnLinkIsALostLink(ErrorNumber number) {
        int fromRpc = 7;
        assertThat(LibvirtErrors.kind(number.ordinal(), EMFILE, fromRpc, () -> false))
                .isEqualTo(Kind.DISCONNECTED);
        assertThat(LibvirtErrors.kind(number.ordinal(), EMFILE, fromRpc, () -> true))
                .as("libvirtd's link to another daemon, or a message that is too long")
                .isEqualTo(Kind.FAILED);
    }
}
