package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.agent.create.Agent.id;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DisplayRules;
import org.muster.libvirt.DomainTemplate;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.HypervisorException;

/** One item, turned into XML or into everything that is wrong with it. */
class ItemCheckTest {
    private static final DisplayRules PLAIN = new DisplayRules(false, false);
    private static final String TEMPLATE =
            "<domain type='${type}'><name>${name}</name><title>no ${index} of ${type}</title></domain>";

    private static ItemCheck.Checked filled(String template, Map<String, String> values) throws HypervisorException {
        return new ItemCheck(Optional.of(DomainTemplate.parse(template)), "b", PLAIN)
                .check(Requests.item(Optional.empty(), Optional.empty(), values));
    }

    private static ItemCheck.Checked xml(Optional<String> vmId, String xml) {
        return new ItemCheck(Optional.empty(), "b", PLAIN).check(Requests.item(vmId, Optional.of(xml), Map.of()));
    }

    @Test
    void aTemplateIsFilledInTextAndAttributes() throws HypervisorException {
        ItemCheck.Checked checked = filled(TEMPLATE, Map.of("name", "n", "type", "kvm"));

        assertThat(checked.problems()).isEmpty();
        assertThat(checked.xml())
                .contains("type=\"kvm\"")
                .contains("<title>no 7 of kvm</title>")
                .contains("<uuid>" + checked.id() + "</uuid>");
    }

    @Test
    void aValueCannotBreakOutOfItsPlace() throws HypervisorException {
        String nasty = "</name><devices>\"'&${type}$1\\";

        ItemCheck.Checked checked = filled(TEMPLATE, Map.of("name", "n", "type", nasty));

        assertThat(checked.problems()).isEmpty();
        DomainXml again = DomainXml.parse(checked.xml());
        assertThat(again.toString()).doesNotContain("<devices>");
        assertThat(again.name()).isEqualTo("n");
        assertThat(checked.xml()).contains("&lt;devices&gt;");
    }

    @Test
    void everyMissingAndEveryUnusedKeyIsNamed() throws HypervisorException {
        ItemCheck.Checked checked = filled(TEMPLATE, Map.of("tpye", "kvm", "extra", "x"));

        assertThat(checked.code()).isEqualTo(-32602);
        assertThat(checked.problems())
                .extracting(DomainXml.Problem::field)
                .containsExactlyInAnyOrder("values.name", "values.type", "values.tpye", "values.extra");
    }

    @Test
    void aValueThatIsNotUsedHidesNothingOfTheRest() throws HypervisorException {
        String template = "<domain><name>${name}</name><devices>"
                + "<interface type='network'><mac address='${mac}'/></interface>"
                + "<lease><target path='${lease}'/></lease></devices></domain>";
        Map<String, String> values =
                Map.of("name", "web", "mac", "52:54:00:00:00:01", "lease", "LEASE-PATH:a:b", "spare", "1", "vmId", "x");

        ItemCheck.Checked checked = filled(template, values);

        assertThat(checked.code()).isEqualTo(-32602);
        assertThat(checked.problems())
                .extracting(DomainXml.Problem::field)
                .containsExactly("values.vmId", "values.spare", "xml/domain/devices/lease/target/@path");
        assertThat(checked.xml()).isEmpty();
        assertThat(checked.name()).as("whether it is taken, the host can tell").isEqualTo("web");
        assertThat(checked.id()).isNotNull();
        assertThat(checked.needs().macs()).containsExactly("52:54:00:00:00:01");
        assertThat(checked.vmId()).as("a refusal names no UUID of ours").isEmpty();
    }

    @Test
    void whatRefusedItemsNeedIsBounded() throws HypervisorException {
        String disks = "<disk type='file'><source file='/a'/></disk>".repeat(1000);
        ItemCheck check = new ItemCheck(
                Optional.of(DomainTemplate.parse("<domain><name>n</name><devices>" + disks + "</devices></domain>")),
                "b",
                PLAIN);

        int kept = 0;
        for (int i = 0; i < 200; i++) {
            ItemCheck.Checked checked =
                    check.check(Requests.item(Optional.empty(), Optional.empty(), Map.of("spare", "1")));
            assertThat(checked.problems()).hasSize(1);
            kept += checked.needs().disks().size();
        }

        assertThat(kept).isEqualTo(100_000);
    }

    @Test
    void vmIdNameAndIndexNeedNotBeUsed() throws HypervisorException {
        assertThat(filled("<domain><name>fixed</name></domain>", Map.of("name", "n", "index", "3"))
                        .problems())
                .isEmpty();
    }

    @Test
    void anotherVmIdInTheValuesIsRefused() throws HypervisorException {
        ItemCheck.Checked checked = filled(TEMPLATE, Map.of("name", "n", "type", "kvm", "vmId", id(3).toString()));

        assertThat(checked.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.field()).isEqualTo("values.vmId"));
    }

    @Test
    void aTemplatesOwnUuidMustBeTheKey() throws HypervisorException {
        ItemCheck.Checked fixed = filled("<domain><name>n</name><uuid>" + id(3) + "</uuid></domain>", Map.of());
        ItemCheck.Checked key = filled("<domain><name>n</name><uuid>${vmId}</uuid></domain>", Map.of());

        assertThat(fixed.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.field()).isEqualTo("template.uuid"));
        assertThat(key.problems()).isEmpty();
        assertThat(key.vmId()).contains(key.id().toString());
    }

    @Test
    void aUuidMismatchNamesBoth() {
        ItemCheck.Checked checked = xml(Optional.of(id(2).toString()), Xmls.of(id(1), "n"));

        assertThat(checked.code()).isEqualTo(-32602);
        assertThat(checked.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.field()).isEqualTo("vmId");
            assertThat(problem.rule()).contains(id(1).toString());
            assertThat(problem.value()).isEqualTo(id(2).toString());
        });
    }

    @Test
    void whatIsToldOfMegabytesIsShort() throws HypervisorException {
        String large = "a".repeat(1 << 20);

        ItemCheck.Checked vmId = xml(Optional.of(large), "<domain><name>n</name></domain>");
        ItemCheck.Checked values = new ItemCheck(Optional.empty(), "b", PLAIN)
                .check(Requests.item(
                        Optional.empty(), Optional.of("<domain><name>n</name></domain>"), Map.of("k", large)));
        ItemCheck.Checked uuid = xml(Optional.empty(), "<domain><name>n</name><uuid>" + large + "</uuid></domain>");
        ItemCheck.Checked key = filled(TEMPLATE, Map.of("name", "n", "type", "kvm", large, "x", "vmId", large));

        ItemCheck.Checked alone = new ItemCheck(Optional.empty(), "b", PLAIN)
                .check(Requests.item(Optional.of(large), Optional.empty(), Map.of()));

        for (ItemCheck.Checked checked : List.of(vmId, values, uuid, key, alone)) {
            assertThat(checked.problems()).isNotEmpty();
            assertThat(checked.vmId().orElse("").length()).isLessThan(100);
            assertThat(new BatchAnswer("b", false, List.of(verdict(checked))).size())
                    .isLessThan(4000);
        }
    }

    private static BatchAnswer.Verdict verdict(ItemCheck.Checked checked) {
        return new Candidate(Requests.item(Optional.empty(), Optional.empty(), Map.of()), checked).verdict();
    }

    @Test
    void ofManyProblemsTheFirstAreTold() throws HypervisorException {
        Map<String, String> many = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
            many.put("key" + i, "x");
        }

        List<DomainXml.Problem> problems =
                filled(TEMPLATE, many).withProblems(BatchAnswer.MOST_PROBLEMS).problems();

        assertThat(problems).hasSize(BatchAnswer.MOST_PROBLEMS + 1);
        assertThat(problems.get(BatchAnswer.MOST_PROBLEMS).rule()).isEqualTo("has more problems than are told here");
    }

    @Test
    void aBatchIdIsNoTemplate() throws HypervisorException {
        for (String batchId : List.of("b-${x}", "b-${name}", "b-${")) {
            ItemCheck.Checked checked = new ItemCheck(Optional.of(DomainTemplate.parse(TEMPLATE)), batchId, PLAIN)
                    .check(Requests.item(Optional.empty(), Optional.empty(), Map.of("name", "n", "type", "kvm")));

            assertThat(checked.problems()).isEmpty();
            assertThat(DomainXml.parse(checked.xml()).mark().orElseThrow().batchId())
                    .isEqualTo(batchId);
        }
        assertThat(DomainTemplate.parse("<domain><name>${name}</name></domain>")
                        .form(new DomainXml.Mark("b-${name}", "HA")))
                .isEmpty();
    }

    @Test
    void blanksAroundANameAreNoPartOfIt() throws HypervisorException {
        ItemCheck.Checked own = xml(Optional.empty(), "<domain><name>\n  web 1\n</name></domain>");
        ItemCheck.Checked filled = filled("<domain><name> ${name} </name></domain>", Map.of("name", "web"));
        ItemCheck.Checked value = filled("<domain><name>${name}</name></domain>", Map.of("name", " web\n"));

        assertThat(own.xml()).contains("<name>web 1</name>");
        assertThat(filled.xml()).contains("<name>web</name>");
        assertThat(value.xml()).contains("<name>web</name>");
        assertThat(value.name()).isEqualTo("web");
        assertThat(xml(Optional.empty(), "<domain><name>a\nb</name></domain>").problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.field()).isEqualTo("xml.name"));
    }

    @Test
    void aUuidWithoutDashesOrInCapitalsIsTheSame() {
        String plain = id(1).toString().replace("-", "").toUpperCase(java.util.Locale.ROOT);

        assertThat(xml(Optional.of(plain), Xmls.of(id(1), "n")).id()).isEqualTo(id(1));
    }

    @Test
    void noUuidAnywhereMakesOne() {
        ItemCheck.Checked checked = xml(Optional.empty(), "<domain><name>n</name></domain>");

        assertThat(checked.problems()).isEmpty();
        assertThat(checked.xml()).contains("<uuid>" + checked.id() + "</uuid>");
    }

    @Test
    void badOnesNameTheThing() {
        assertThat(xml(Optional.of("6695eb01"), Xmls.of(id(1), "n")).problems())
                .singleElement()
                .hasToString("Problem[field=vmId, rule=must be a UUID, value=6695eb01]");
        assertThat(xml(Optional.empty(), "no xml").code()).isEqualTo(100);
        assertThat(xml(Optional.empty(), "<network/>").problems().get(0).rule())
                .contains("<domain>")
                .contains("<network>");
        assertThat(xml(Optional.empty(), "<domain><name>n</name><uuid>xyz</uuid></domain>")
                        .problems()
                        .get(0)
                        .rule())
                .contains("xyz");
        assertThat(xml(Optional.empty(), "<domain><uuid>" + id(1) + "</uuid></domain>")
                        .problems()
                        .get(0)
                        .field())
                .isEqualTo("xml.name");
        assertThat(xml(Optional.empty(), "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><domain>&a;</domain>")
                        .code())
                .isEqualTo(100);
    }

    @Test
    void aPlaceholderThatCannotBeResolvedIsRefusedWithItsPlace() {
        ItemCheck.Checked checked = xml(
                Optional.empty(),
                "<domain><name>n</name><devices><lease><target path='LEASE-PATH:a:b'/></lease></devices></domain>");

        assertThat(checked.code()).isEqualTo(100);
        assertThat(checked.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.field()).contains("lease/target/@path");
            assertThat(problem.value()).isEqualTo("LEASE-PATH:a:b");
        });
    }

    private static String withConsole(String attributes) {
        return "<domain><name>n</name><uuid>${vmId}</uuid><devices><graphics type='vnc' " + attributes
                + "/></devices></domain>";
    }

    @Test
    void aConsoleThatAnybodyCouldOpenIsRefusedHoweverTheItemCame() throws HypervisorException {
        String open = withConsole("listen='0.0.0.0'");

        for (ItemCheck.Checked checked : List.of(
                xml(Optional.empty(), open.replace("${vmId}", id(1).toString())),
                filled(open, Map.of()),
                filled(withConsole("listen='0.0.0.0' passwd='${secret}'"), Map.of("secret", "x")),
                filled(withConsole("listen='${where}'"), Map.of("where", "0.0.0.0")))) {
            assertThat(checked.code()).isEqualTo(9);
            assertThat(checked.problems())
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.field()).contains("graphics(vnc)"));
        }
        assertThat(filled(withConsole("listen='127.0.0.1' passwd='${secret}'"), Map.of("secret", "x"))
                        .good())
                .isTrue();
        assertThat(filled(withConsole("listen='${where}'"), Map.of("where", "::1"))
                        .good())
                .isTrue();
    }

    @Test
    void anItemNeedsXmlOrATemplateAndNotXmlAndValues() {
        ItemCheck check = new ItemCheck(Optional.empty(), "b", PLAIN);
        assertThat(check.check(Requests.item(Optional.empty(), Optional.empty(), Map.of()))
                        .problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.field()).isEqualTo("xml"));
        assertThat(check.check(Requests.item(Optional.empty(), Optional.of(Xmls.of(id(1), "n")), Map.of("a", "b")))
                        .problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.field()).isEqualTo("values"));
    }

    @Test
    void whatElseIsWrongWithAnItemWithoutXmlIsSaidToo() {
        ItemCheck check = new ItemCheck(Optional.empty(), "b", PLAIN);

        assertThat(check.check(sent(Optional.of("x"), "class")).problems())
                .extracting(DomainXml.Problem::field)
                .containsExactly("class", "vmId", "xml");
        assertThat(check.check(sent(Optional.empty(), "class")).code()).isEqualTo(75);
        assertThat(check.check(sent(Optional.empty(), "xml")).problems())
                .as("it had one, of the wrong kind")
                .singleElement()
                .hasToString("Problem[field=xml, rule=r, value=v]");
    }

    private static BatchRequest.Item sent(Optional<String> vmId, String badField) {
        return new BatchRequest.Item(
                0,
                vmId,
                Optional.empty(),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty(),
                0,
                List.of(new DomainXml.Problem(badField, "r", "v")),
                75);
    }

    @Test
    void launchPausedComesFromTheItemElseFromTheMetadata() {
        String paused = "<domain><name>n</name><metadata xmlns:o='http://ovirt.org/vm/1.0'><o:vm>"
                + "<o:launchPaused>true</o:launchPaused></o:vm></metadata></domain>";
        BatchRequest.Item no = new BatchRequest.Item(
                0, Optional.empty(), Optional.of(paused), Map.of(), CreateClass.NORMAL, 0, Optional.of(false));

        assertThat(xml(Optional.empty(), paused).launchPaused()).isTrue();
        assertThat(new ItemCheck(Optional.empty(), "b", PLAIN).check(no).launchPaused())
                .isFalse();
    }
}
