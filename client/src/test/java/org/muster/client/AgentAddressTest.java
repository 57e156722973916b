package org.muster.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AgentAddressTest {
    @Test
    void readsTcpAndUnix() {
        assertThat(AgentAddress.parse("tcp://host.example:1234"))
                .isEqualTo(new AgentAddress.Tcp("host.example", 1234))
                .hasToString("tcp://host.example:1234");
        assertThat(AgentAddress.parse("tcp://[::1]:1234"))
                .isEqualTo(new AgentAddress.Tcp("::1", 1234))
                .hasToString("tcp://[::1]:1234");
        assertThat(AgentAddress.parse("tcp://h/")).isEqualTo(new AgentAddress.Tcp("h", 54321));
        assertThat(AgentAddress.parse("unix:/run/x.sock"))
                .isEqualTo(new AgentAddress.Unix(Path.of("/run/x.sock")))
                .hasToString("unix:/run/x.sock");
        assertThat(AgentAddress.parse("unix:///run/x.sock")).hasToString("unix:/run/x.sock");
    }

    @Test
    void readsTls() {
        assertThat(AgentAddress.parse("tls://host")).isEqualTo(new AgentAddress.Tls("host", 54321));
        assertThat(AgentAddress.parse("tls://[::1]:7")).hasToString("tls://[::1]:7");
    }

    @Test
    void everyBadUrlIsRefusedWithItsRule() {
        Map.of(
                        "tls://host:0", "port must be 1 to 65535, got 0",
                        "http://host", "must be tls://HOST:PORT, tcp://HOST:PORT or unix:PATH",
                        "tcp://host:0", "port must be 1 to 65535, got 0",
                        "tcp://host:70000", "port must be 1 to 65535, got 70000",
                        "tcp://", "must be tcp://HOST:PORT",
                        "tcp://::1:5", "must be tcp://HOST:PORT",
                        "tcp://host:1/path", "and nothing else",
                        "unix:", "must name a socket file",
                        "unix:\0", "is no file name")
                .forEach((url, rule) -> assertThatThrownBy(() -> AgentAddress.parse(url))
                        .as(url)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("url '" + url + "'")
                        .hasMessageContaining(rule));
    }
}
