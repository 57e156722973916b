package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainXml.Mark;
import org.muster.libvirt.DomainXml.Problem;

class DomainXmlTest {
    private static final String OVIRT = """
            <domain xmlns:ovirt-vm="http://ovirt.org/vm/1.0"><name>a</name>
            <uuid>6695EB01F6A4830479AA97F2502E193F</uuid>
            <metadata><ovirt-vm:vm><ovirt-vm:launchPaused>true</ovirt-vm:launchPaused>
              <ovirt-vm:device devtype="disk" name="vda"><ovirt-vm:imageID>img-1</ovirt-vm:imageID></ovirt-vm:device>
            </ovirt-vm:vm></metadata>
            <features><acpi/></features>
            <devices>
              <disk device="disk"><target dev="vda"/><alias name="ua-17"/></disk>
              <disk device="cdrom"><target dev="sda"/></disk>
              <interface type="bridge"><mac address="56:6f:00:00:00:01"/><target dev="vnet3"/><model type="virtio"/></interface>
              <graphics type="vnc" port="5900" listen="10.0.0.2"/>
            </devices></domain>""";

    @Test
    void readsWhatTheEnginePutsThere() throws Exception {
        DomainXml xml = DomainXml.parse(OVIRT);
        assertThat(xml.uuid()).contains(UUID.fromString("6695eb01-f6a4-8304-79aa-97f2502e193f"));
        assertThat(xml.name()).isEqualTo("a");
        assertThat(xml.metadata().launchPaused()).isTrue();
        assertThat(xml.managed()).isTrue();
        assertThat(xml.problems()).isEmpty();
    }

    @Test
    void ourMarkIsReadBackAndNeverDoubled() throws Exception {
        DomainXml xml = DomainXml.parse("<domain><name>a</name></domain>");
        assertThat(xml.managed()).isFalse();
        xml.mark(new Mark("b1", "HA"));
        xml.mark(new Mark("b2", "NORMAL"));
        DomainXml again = DomainXml.parse(xml.toString());
        assertThat(again.mark()).contains(new Mark("b2", "NORMAL"));
        assertThat(again.managed()).isTrue();
        assertThat(xml.toString().split("owner=", -1)).hasSize(2);
    }

    @Test
    void aliasesAndForeignMetadataStayAsTheyCame() throws Exception {
        DomainXml xml = DomainXml.parse(OVIRT);
        xml.mark(new Mark("b", "NORMAL"));
        xml.setUuid(UUID.fromString("6695eb01-f6a4-8304-79aa-97f2502e193f"));
        assertThat(xml.toString()).contains("<alias name=\"ua-17\"/>").contains("<ovirt-vm:imageID>img-1<");
        assertThat(DomainXml.parse(xml.toString()).metadata().launchPaused()).isTrue();
    }

    @Test
    void setUuidReplacesTheOldOne() throws Exception {
        DomainXml xml = DomainXml.parse(OVIRT);
        UUID other = new UUID(1, 2);
        xml.setUuid(other);
        assertThat(DomainXml.parse(xml.toString()).uuid()).contains(other);
        assertThat(xml.toString().split("<uuid>", -1)).hasSize(2);
    }

    @Test
    void whatIsNoXmlIsRefusedWithItsPlace() {
        assertThatThrownBy(() -> DomainXml.parse("<domain>\n <name>a</nam></domain>"))
                .isInstanceOfSatisfying(
                        HypervisorException.class,
                        e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.INVALID_SPEC))
                .hasMessageContaining("line 2");
        assertThatThrownBy(() -> DomainXml.parse("<network/>")).hasMessageContaining("<domain>");
        assertThatThrownBy(() -> DomainXml.parse("nothing")).hasMessageContaining("line 1");
    }

    @Test
    void entitiesAreNotExpandedAndNothingIsFetched() {
        String bomb = "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><domain><name>&x;</name></domain>";
        assertThatThrownBy(() -> DomainXml.parse(bomb)).hasMessageContaining("DOCTYPE");
    }

    @Test
    void aBadUuidIsNamed() throws Exception {
        DomainXml xml = DomainXml.parse("<domain><name>a</name><uuid>12-34</uuid></domain>");
        assertThatThrownBy(xml::uuid).hasMessageContaining("12-34");
    }

    @Test
    void aDomainNeedsAName() throws Exception {
        assertThat(DomainXml.parse("<domain/>").problems())
                .extracting(Problem::field)
                .containsExactly("xml.name");
        assertThat(DomainXml.parse("<domain><name>a/b</name></domain>").problems())
                .hasSize(1);
    }

    @Test
    void aUuidIsWhatLibvirtTakesForOne() {
        UUID id = UUID.fromString("01234567-89ab-cdef-fedc-ba9876543210");
        for (String good : List.of(
                id.toString(),
                "0123456789abcdeffedcba9876543210",
                " 01234567-89AB-CDEF-FEDC-BA9876543210\n",
                "0-1-2-3456789abcdeffedcba9876543210-")) {
            assertThat(DomainXml.parseUuid(good)).as(good).contains(id);
        }
        for (String bad : List.of(
                "",
                "-",
                "0123456789abcdeffedcba987654321",
                "0123456789abcdeffedcba98765432100",
                "g123456789abcdeffedcba9876543210",
                "\u0661123456789abcdeffedcba987654321",
                "0123456789abcdef fedcba9876543210")) {
            assertThat(DomainXml.parseUuid(bad)).as(bad).isEmpty();
        }
    }
}
