package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Domains such as the engine sends: what the host puts in is all that changes, whatever else is there. */
class EngineCorpusTest {
    private static final List<String> FILES = List.of(
            "q35-uefi-tpm.xml",
            "i440fx-cloud-init.xml",
            "sysprep-floppy.xml",
            "pinned-numa-hugepages-hostdev.xml",
            "block-and-network-disks.xml");

    static String read(String name) {
        try (InputStream in = EngineCorpusTest.class.getResourceAsStream("/engine/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All that is done with a domain from its acceptance to its definition. */
    private static String completed(String sent) throws HypervisorException {
        DomainXml accepted = DomainXml.parse(sent);
        assertThat(accepted.problems()).isEmpty();
        accepted.mark(new DomainXml.Mark("batch", "NORMAL"));
        accepted.setUuid(accepted.uuid().orElseThrow());
        DomainXml xml = DomainXml.parse(accepted.toString());
        HostParts parts = HostParts.of(xml);
        parts.fill(new HostParts.Facts("N", "V", "S"));
        parts.unplug();
        parts.payloadDisks().forEach(disk -> parts.image(disk.target(), Path.of("/images", disk.target())));
        parts.takeOverReboot();
        parts.noteStart(1);
        return xml.toString();
    }

    /** Every text and attribute by its place; the n-th of equal places is told by n. */
    private static Map<String, String> flat(String xml) throws HypervisorException {
        Map<String, String> all = new HashMap<>();
        flatten(Xml.parse(xml, "domain").getDocumentElement(), "", all);
        return all;
    }

    private static void flatten(Element element, String path, Map<String, String> all) {
        String name = element.getNamespaceURI() == null ? "" : "{" + element.getNamespaceURI() + "}";
        String here = unique(path + "/" + name + element.getLocalName(), all);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
            Node attribute = element.getAttributes().item(i);
            if (!attribute.getNodeName().startsWith("xmlns")) {
                all.put(here + "@" + attribute.getNodeName(), attribute.getNodeValue());
            }
        }
        all.put(here, "");
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child) {
                flatten(child, here, all);
            } else {
                text.append(node.getNodeValue());
            }
        }
        all.put(here, text.toString().isBlank() ? "" : text.toString());
    }

    private static String unique(String path, Map<String, String> all) {
        int n = 1;
        while (all.containsKey(path + "#" + n)) {
            n++;
        }
        return path + "#" + n;
    }

    private static String shape(String path) {
        return path.replaceAll("#\\d+", "")
                .replace("{" + DomainXml.OVIRT_NAMESPACE + "}", "ovirt:")
                .replace("{" + DomainXml.MUSTER_NAMESPACE + "}", "muster:");
    }

    /** What is another after than before, "-" for gone, "+" for new. */
    private static List<String> changes(Map<String, String> before, Map<String, String> after) {
        List<String> changes = new ArrayList<>();
        before.forEach((path, value) -> {
            if (!after.containsKey(path)) {
                changes.add("- " + shape(path));
            } else if (!after.get(path).equals(value)) {
                changes.add(shape(path) + "=" + after.get(path));
            }
        });
        after.keySet().stream()
                .filter(path -> !before.containsKey(path))
                .forEach(path -> changes.add("+ " + shape(path)));
        return changes;
    }

    private static final String[] NOTED = {
        "+ /domain/metadata/muster:vm",
        "+ /domain/metadata/muster:vm@owner",
        "+ /domain/metadata/muster:vm@batchId",
        "+ /domain/metadata/muster:vm@class",
        "+ /domain/metadata/ovirt:vm/ovirt:startTime",
        "+ /domain/metadata/ovirt:vm/ovirt:startTime@type"
    };

    private static List<String> besidesNotes(String file) throws HypervisorException {
        String sent = read(file);
        List<String> changes = changes(flat(sent), flat(completed(sent)));
        assertThat(changes).as(file).contains(NOTED);
        changes.removeAll(List.of(NOTED));
        return changes;
    }

    @Test
    void onlyWhatTheHostPutsInChanges() throws Exception {
        assertThat(besidesNotes("q35-uefi-tpm.xml"))
                .containsExactlyInAnyOrder(
                        "/domain/sysinfo/system/entry=N",
                        "/domain/sysinfo/system/entry=V",
                        "/domain/sysinfo/system/entry=S");
        assertThat(besidesNotes("i440fx-cloud-init.xml"))
                .containsExactlyInAnyOrder(
                        "/domain/devices/disk/source@file=/images/hdd",
                        "/domain/devices/interface/link@state=down",
                        "- /domain/on_reboot",
                        "+ /domain/metadata/ovirt:vm/ovirt:destroy_on_reboot",
                        "+ /domain/metadata/ovirt:vm/ovirt:destroy_on_reboot@type");
        assertThat(besidesNotes("sysprep-floppy.xml")).containsExactly("/domain/devices/disk/source@file=/images/fda");
        assertThat(besidesNotes("pinned-numa-hugepages-hostdev.xml")).isEmpty();
        assertThat(besidesNotes("block-and-network-disks.xml")).isEmpty();
    }

    @Test
    void doingItTwiceChangesNothingMore() throws Exception {
        for (String file : FILES) {
            String once = completed(read(file));
            DomainXml again = DomainXml.parse(once);
            HostParts parts = HostParts.of(again);
            assertThat(parts.needsFacts()).as(file).isFalse();
            assertThat(parts.payloadDisks()).as(file).isEmpty();
            parts.takeOverReboot();
            parts.noteStart(1);
            assertThat(flat(again.toString())).as(file).isEqualTo(flat(once));
        }
    }

    @Test
    void theMetadataSurviveTheWay() throws Exception {
        for (String file : FILES) {
            EngineMetadata sent = DomainXml.parse(read(file)).metadata();
            EngineMetadata stored = DomainXml.parse(completed(read(file))).metadata();

            assertThat(stored.present()).as(file).isTrue();
            assertThat(stored.problems()).as(file).isEmpty();
            assertThat(stored.devices()).as(file).isEqualTo(sent.devices());
            assertThat(stored.custom()).as(file).isEqualTo(sent.custom());
            assertThat(stored.resumeBehavior()).as(file).isEqualTo(sent.resumeBehavior());
            assertThat(stored.launchPaused()).as(file).isEqualTo(sent.launchPaused());
            assertThat(stored.cpuPolicy()).as(file).isEqualTo(sent.cpuPolicy());
            assertThat(stored.qos()).as(file).isEqualTo(sent.qos());
        }
    }

    @Test
    void aLeaseRefusesAnyOfThem() throws Exception {
        for (String file : FILES) {
            String leased = read(file)
                    .replace(
                            "</devices>",
                            "<lease><key>k</key><lockspace>s</lockspace>"
                                    + "<target offset=\"LEASE-OFFSET:k:s\" path=\"LEASE-PATH:k:s\"/></lease></devices>");
            assertThat(DomainXml.parse(leased).problems())
                    .as(file)
                    .extracting(DomainXml.Problem::value)
                    .containsExactlyInAnyOrder("LEASE-OFFSET:k:s", "LEASE-PATH:k:s");
        }
    }
}
