package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class StartTimeTest {
    private static final long MILLIS = 1_700_000_000_250L;

    private static String domain(String metadata) {
        return "<domain><metadata>" + metadata + "</metadata></domain>";
    }

    @Test
    void theTimeIsReadBackFromWhoseverMetadataThereAre() throws Exception {
        for (String namespace : new String[] {"http://ovirt.org/vm/1.0", "urn:muster:vm:1"}) {
            String noted = StartTime.noted(domain("<v:vm xmlns:v='" + namespace + "'/>"), MILLIS);

            assertThat(DomainDetails.parse(noted).startedAtMillis()).isEqualTo(OptionalLong.of(MILLIS));
        }
    }

    @Test
    void aTimeOfAnEarlierStartIsReplaced() throws Exception {
        String once = StartTime.noted(domain("<v:vm xmlns:v='http://ovirt.org/vm/1.0'/>"), 1000);

        String twice = StartTime.noted(once, MILLIS);

        assertThat(twice.split("startTime", -1)).as("one element").hasSize(3);
        assertThat(DomainDetails.parse(twice).startedAtMillis()).isEqualTo(OptionalLong.of(MILLIS));
    }

    @Test
    void aDomainWithoutMetadataIsLeftAsItIs() throws Exception {
        assertThat(StartTime.noted("<domain/>", MILLIS)).isEqualTo("<domain/>");
    }
}
