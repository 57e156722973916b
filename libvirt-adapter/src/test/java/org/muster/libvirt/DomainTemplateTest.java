package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.HypervisorException.Kind;

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

    @ParameterizedTest
    @CsvSource({
        "<domain>${a</domain>, domain, ${a",
        "<domain><name>${name</name></domain>, domain/name, ${name",
        "<domain><devices><disk file='/d/${a}-${b'/></devices></domain>, domain/devices/disk/@file, ${b",
        "<domain><title>${a ${b}</title></domain>, domain/title, ${a ${b}",
        "<domain><x><![CDATA[${]]></x></domain>, domain/x, ${",
    })
    void aKeyWithoutItsEndMakesTheTemplateBadWhereverItIs(String xml, String place, String key) {
        assertThatThrownBy(() -> DomainTemplate.parse(xml))
                .isInstanceOfSatisfying(
                        HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_SPEC))
                .hasMessageContaining(place + " ")
                .hasMessageContaining("'" + key + "'");
    }

    @Test
    void aDollarOrABraceAloneIsText() throws Exception {
        assertThat(DomainTemplate.parse("<domain><name>$a}{${a}$</name></domain>")
                        .fill(Map.of("a", "x"))
                        .name())
                .isEqualTo("$a}{x$");
    }

    @Test
    void missingAndUnusedKeysAreToldAllAtOnce() throws Exception {
        DomainTemplate template = DomainTemplate.parse(XML);
        assertThat(template.problems(Map.of("name", "a", "typo", "1", "vmId", "x"), Set.of("vmId")))
                .extracting(Problem::field)
                .containsExactly("values.index", "values.own", "values.typo");
    }
}
