package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.libvirt.Error.ErrorNumber;
import org.muster.libvirt.HypervisorException.Kind;

class LibvirtErrorsTest {
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
        "VIR_ERR_SYSTEM_ERROR, FAILED"
    })
    void eachNumberMeansOneThing(ErrorNumber number, Kind kind) {
        int fromQemu = 10;
        assertThat(LibvirtErrors.kind(number.ordinal(), fromQemu, () -> true)).isEqualTo(kind);
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
        assertThat(LibvirtErrors.kind(number.ordinal(), fromRpc, () -> false)).isEqualTo(Kind.DISCONNECTED);
        assertThat(LibvirtErrors.kind(number.ordinal(), fromRpc, () -> true))
                .as("libvirtd's link to another daemon, or a message that is too long")
                .isEqualTo(Kind.FAILED);
    }
}
