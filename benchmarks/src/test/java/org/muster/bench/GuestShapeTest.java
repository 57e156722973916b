package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.UUID;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

final class GuestShapeTest {
    private static final UUID ID = UUID.fromString("6695eb01-f6a4-8304-79aa-97f2502e193f");

    private static Document document(GuestShape shape) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(
                        shape.guest(ID, "bench-1", "/tmp/d.raw").xml())));
    }

    @Test
    void theXmlIsOneLineSinceTheFloorReadsOneAGuest() {
        for (GuestShape shape : GuestShape.values()) {
            assertThat(shape.guest(ID, "bench-1", "/tmp/d.raw").xml()).doesNotContain("\n");
        }
    }

    @Test
    void aRunningGuestHasItsDiskAndANic() throws Exception {
        Document document = document(GuestShape.RUNNING);
        assertThat(document.getElementsByTagName("uuid").item(0).getTextContent())
                .isEqualTo(ID.toString());
        assertThat(document.getElementsByTagName("source")
                        .item(0)
                        .getAttributes()
                        .getNamedItem("file")
                        .getNodeValue())
                .isEqualTo("/tmp/d.raw");
        assertThat(document.getElementsByTagName("interface").getLength()).isEqualTo(1);
    }

    @Test
    void aPausedGuestIsBare() throws Exception {
        Document document = document(GuestShape.PAUSED);
        assertThat(document.getElementsByTagName("disk").getLength()).isZero();
        assertThat(document.getElementsByTagName("interface").getLength()).isZero();
    }
}
