package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.muster.client.Json;

class ProblemsTest {
    @Test
    void whatTheReasonSaysIsNotSaidTwice() throws Exception {
        JsonNode two = Json.parse(
                "[{\"field\":\"disk\",\"rule\":\"is not there\",\"value\":\"/a\"},{\"field\":\"mac\",\"rule\":\"is taken\"}]");
        assertThat(Problems.beside("disk: is not there, got /a", two)).isEqualTo("; mac: is taken");
        assertThat(Problems.beside("no", two)).isEqualTo("; disk: is not there, got /a; mac: is taken");
    }
}
