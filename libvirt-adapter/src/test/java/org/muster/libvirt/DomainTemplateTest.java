package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainXml.Problem;

class DomainTemplateTest {
    private static final String XML =
            "<domain><name>${name}</name><disk file='/d/${name}-${index}.raw'/><x><![CDATA[${own}]]></x></domain>";

    @Test
    void keysInTextAttributesAndCdataAreFilledIn() throws Exception {
        DomainTemplate template = DomainTemplate.parse(XML);
        assertThat(template.keys()).containsExactlyInAnyOrder("name", "index", "own");
        String filled =
                template.fill(Map.of("name", "a", "index", "3", "own", "z")).toString();
        assertThat(filled).contains("<name>a</name>").contains("/d/a-3.raw").contains("z");
    }

    @Test
    void valuesCannotBreakOutOfTheirPlace() throws Exception {
        DomainTemplate template = DomainTemplate.parse(XML);
        String evil = "a</name><name>b'\" $1 \\ ${own} &amp;";
        DomainXml filled =
                DomainXml.parse(template.fill(Map.of("name", evil, "index", "]]>", "own", "]]><name>c</name>"))
                        .toString());
        assertThat(filled.name()).isEqualTo(evil);
    }

    @Test
    void fillingDoesNotChangeTheTemplate() throws Exception {
        DomainTemplate template = DomainTemplate.parse("<domain><name>${name}</name></domain>");
        template.fill(Map.of("name", "a"));
        assertThat(template.fill(Map.of("name", "b")).name()).isEqualTo("b");
    }

    @Test
    void missingAndUnusedKeysAreToldAllAtOnce() throws Exception {
        DomainTemplate template = DomainTemplate.parse(XML);
        assertThat(template.problems(Map.of("name", "a", "typo", "1", "vmId", "x"), Set.of("vmId")))
                .extracting(Problem::field)
                .containsExactly("values.index", "values.own", "values.typo");
    }
}
