package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.muster.bench.AgeWatch.Age;
import org.muster.bench.AgeWatch.Tier;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

final class AgePictureTest {
    @Test
    void everySituationAndTierHasAPanelWithItsCurves() throws Exception {
        List<Age> ages = new ArrayList<>();
        for (int second = 0; second < 100; second++) {
            for (Tier tier : Tier.values()) {
                ages.add(new Age(second, tier, second % tier.interval(), false));
                ages.add(new Age(second, tier, second, true));
            }
        }
        String svg = AgePicture.of(
                List.of(new AgePicture.Panel("alone", ages, 1.5), new AgePicture.Panel("disk", ages, 1.5)));
        Document picture =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
        NodeList curves = picture.getElementsByTagName("polyline");
        assertThat(curves.getLength()).isEqualTo(2 * 2 * 4);
        String oldestFrozen =
                curves.item(1).getAttributes().getNamedItem("points").getTextContent();
        assertThat(oldestFrozen.split(" ")).hasSize(100);
        assertThat(svg).contains("disk, block tier");
    }

    @Test
    void whatWasNotSeenLeavesAnEmptyPanel() {
        assertThat(AgePicture.of(List.of(new AgePicture.Panel("alone", List.of(), 1.5))))
                .contains("alone, short tier");
    }
}
