package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.muster.libvirt.DomainXml.Mark;
import org.muster.libvirt.DomainXml.Problem;

/** A template filled in as text is the same as the document filled in. */
class DomainFormTest {
    private static final Mark MARK = new Mark("b<1>", "HA");
    private static final UUID ID = new UUID(1, 2);
    private static final String TEMPLATE = """
            <domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
              <name>${name}</name><title>a ${title} &amp; more</title><memory unit='MiB'>64</memory>
              <metadata><x:y xmlns:x='urn:x' a='1'>kept</x:y></metadata>
              <os><type machine='pc'>hvm</type></os><!-- a comment -->
              <devices>
                <disk type='file'><source file='${dir}/${name}-${index}.raw'/><target dev='vda'/><serial>${serial}</serial></disk>
                <interface type='bridge'><mac address='${mac}'/><source bridge='br0'/></interface>
              </devices>
              <qemu:commandline><qemu:arg value='-x'/></qemu:commandline>
            </domain>""";

    private static Map<String, String> values(String... changes) {
        Map<String, String> values = new HashMap<>(Map.of(
                "vmId",
                ID.toString(),
                "name",
                "vm",
                "title",
                "t",
                "dir",
                "/images",
                "index",
                "3",
                "serial",
                "s",
                "mac",
                "52:54:00:00:00:AA"));
        for (int i = 0; i < changes.length; i += 2) {
            values.put(changes[i], changes[i + 1]);
        }
        return values;
    }

    private static DomainXml document(DomainTemplate template, Map<String, String> values) {
        DomainXml xml = template.fill(values);
        xml.setUuid(ID);
        xml.mark(MARK);
        return xml;
    }

    private static DomainForm.Filled filled(Map<String, String> values) throws HypervisorException {
        return DomainTemplate.parse(TEMPLATE)
                .form(MARK)
                .orElseThrow()
                .fill(values)
                .orElseThrow();
    }

    @Test
    void theTextIsTheDocumentAndSoIsWhatIsReadOfIt() throws Exception {
        DomainTemplate template = DomainTemplate.parse(TEMPLATE);
        DomainXml document = document(template, values());

        DomainForm.Filled filled = filled(values());

        assertThat(filled.problems()).isEmpty();
        assertThat(filled.xml()).isEqualTo(document.toString());
        assertThat(filled.name()).isEqualTo("vm");
        assertThat(filled.launchPaused()).isFalse();
        assertThat(filled.needs()).isEqualTo(DomainNeeds.of(document));
        assertThat(DomainXml.parse(filled.xml()).uuid()).contains(ID);
        assertThat(DomainXml.parse(filled.xml()).mark()).contains(MARK);
    }

    /** Whatever a value holds: it is read back as the same, and as the document would have it. */
    @Test
    void anyValueComesBackAsItWas() throws Exception {
        String signs = "a'\"<>&;${}$\\]] \t\n\r/-:.é\u2028\ud83d\ude00\u007f";
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            StringBuilder nasty = new StringBuilder("x");
            for (int i = random.nextInt(12); i > 0; i--) {
                int at = random.nextInt(signs.length());
                nasty.appendCodePoint(signs.codePointAt(Character.isLowSurrogate(signs.charAt(at)) ? at - 1 : at));
            }
            nasty.append("x");
            Map<String, String> values =
                    values("title", nasty.toString(), "dir", "/" + nasty, "serial", nasty.toString());

            DomainForm.Filled filled = filled(values);

            assertThat(filled.problems()).as("seed " + seed).isEmpty();
            DomainXml again = DomainXml.parse(filled.xml());
            assertThat(again.toString())
                    .as("seed " + seed)
                    .isEqualTo(DomainXml.parse(document(DomainTemplate.parse(TEMPLATE), values)
                                    .toString())
                            .toString());
            assertThat(filled.needs()).as("seed " + seed).isEqualTo(DomainNeeds.of(again));
        }
    }

    @Test
    void aValueThatTurnsIntoAPlaceholderIsJudgedAsInADocument() throws Exception {
        Map<String, String> values = values("serial", "LEASE-PATH:a:b", "mac", "SOME-THING:");

        List<Problem> problems = filled(values).problems();

        assertThat(problems)
                .containsExactlyInAnyOrderElementsOf(
                        document(DomainTemplate.parse(TEMPLATE), values).problems())
                .hasSize(2);
        assertThat(filled(values("serial", "HOST-SERIAL:")).problems()).isEmpty();
    }

    @Test
    void aPayloadNeedsAWholeDocument() throws Exception {
        DomainForm form = DomainTemplate.parse(
                        "<domain><name>${name}</name><devices><disk type='file'><source file='${f}'/></disk></devices></domain>")
                .form(MARK)
                .orElseThrow();

        assertThat(form.fill(Map.of("vmId", ID.toString(), "name", "n", "f", "PAYLOAD:")))
                .isEmpty();
    }

    @Test
    void aBadNameAndABadCharacterAreProblems() throws Exception {
        assertThat(filled(values("name", "a/b")).problems())
                .extracting(Problem::field)
                .containsExactly("xml.name");
        assertThat(filled(values("name", " ")).problems())
                .extracting(Problem::field)
                .containsExactly("xml.name");
        for (String bad : List.of("\u0001", "\ud800", "\ud800x", "\udc00", "\uffff")) {
            assertThat(filled(values("title", bad)).problems())
                    .extracting(Problem::field)
                    .containsExactly("values.title");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<domain type='${name}'><name>n</name></domain>",
                "<domain><name>${name}</name><memory>${m}</memory></domain>",
                "<domain><name>${name}</name><metadata><x>${m}</x></metadata></domain>",
                "<domain><name>${name}</name><uuid>00000000-0000-0001-0000-000000000002</uuid></domain>",
                "<domain><name><![CDATA[${name}]]></name></domain>",
                "<domain><name>${name}</name><!-- ${m} --></domain>",
                "<domain><name>${name}</name><devices><interface><mac address='${m}'/><teaming type='transient'/></interface></devices></domain>",
                "<domain><name>${name & more}</name></domain>",
                "<domain><name>${name}</name><devices><lease><target path='LEASE-PATH:'/></lease></devices></domain>",
                "<domain><name>${name}</name><devices><disk type='${m}'><source file='/a'/></disk></devices></domain>",
                "<domain><name>${name}</name><devices><disk><source file='/a' startupPolicy='${m}'/></disk></devices></domain>"
            })
    void aTemplateWhoseValuesCouldChangeMoreIsNoForm(String template) throws HypervisorException {
        assertThat(DomainTemplate.parse(template.replace("& more", "&amp; more"))
                        .form(MARK))
                .isEqualTo(Optional.empty());
    }
}
