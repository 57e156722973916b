package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
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

    @Test
    void ofManyVmsThatFailForOneReasonItIsSaidOnce() {
        List<Launch> lost = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            lost.add(Launch.pending("id-" + i, "web-" + i).refused(1, 9, "no room", Json.array()));
        }
        lost.add(7, Launch.pending("id-x", "db").ended(Launch.Outcome.FAILED, 1, "event", "no disk"));
        assertThat(LaunchWait.describe(lost))
                .containsExactly(
                        "500 VMs (web-0, web-1, web-2 and 497 more) refused: no room (code 9)",
                        "db (id-x) failed: no disk");
        assertThat(LaunchWait.describe(lost.subList(0, 3)))
                .containsExactly(
                        "web-0 (id-0) refused: no room (code 9)",
                        "web-1 (id-1) refused: no room (code 9)",
                        "web-2 (id-2) refused: no room (code 9)");
    }
}
