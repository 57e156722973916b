package org.muster.agent.create;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.muster.agent.payload.PayloadCheck;
import org.muster.libvirt.DisplayRules;
import org.muster.libvirt.DomainTemplate;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.HostParts;
import org.muster.libvirt.HypervisorException;

/** Turns one item of a request into a domain XML, or says everything that is wrong with it. Stateless. */
final class ItemCheck {
    static final int BAD_XML = 100;
    static final int BAD_VALUE = -32602;
    private static final int CANNOT_CREATE = 9;
    private static final Set<String> ALWAYS_GIVEN = Set.of("vmId", "index", "name"); // a template need not use them

    private ItemCheck() {}

    /** @param xml null when there are problems */
    record Checked(
            Optional<String> vmId, UUID id, DomainXml xml, boolean launchPaused, int code, List<Problem> problems) {
        Checked withoutXml() {
            return new Checked(vmId, id, null, launchPaused, code, problems);
        }

        boolean good() {
            return problems.isEmpty();
        }

        static Checked bad(Optional<String> vmId, int code, List<Problem> problems) {
            return new Checked(vmId, null, null, false, code, problems);
        }

        static Checked bad(Optional<String> vmId, int code, String field, String rule, String value) {
            return bad(vmId, code, List.of(new Problem(field, rule, value)));
        }
    }

    /** A VM that comes alone, from the engine: the uuid in its XML wins over the item's, and its consoles must be safe. */
    static Checked checkAlone(BatchRequest.Item item, DisplayRules displays) {
        Checked checked = check(item, Optional.empty(), true);
        if (!checked.good()) {
            return checked;
        }
        List<Problem> unsafe = displays.problems(checked.xml());
        return unsafe.isEmpty() ? checked : Checked.bad(checked.vmId(), CANNOT_CREATE, unsafe);
    }

    static Checked check(BatchRequest.Item item, Optional<DomainTemplate> template) {
        return check(item, template, false);
    }

    private static Checked check(BatchRequest.Item item, Optional<DomainTemplate> template, boolean xmlWins) {
        Optional<UUID> asked = item.vmId().flatMap(DomainXml::parseUuid);
        if (item.vmId().isPresent() && asked.isEmpty()) {
            return Checked.bad(
                    item.vmId(),
                    BAD_VALUE,
                    "vmId",
                    "must be a UUID",
                    item.vmId().get());
        }
        if (item.xml().isPresent()) {
            return fromXml(item, asked, xmlWins);
        }
        if (template.isEmpty()) {
            return Checked.bad(item.vmId(), BAD_VALUE, "xml", "an item needs xml, or the batch a template", "");
        }
        return fromTemplate(item, template.get(), asked.orElseGet(UUID::randomUUID));
    }

    private static Checked fromXml(BatchRequest.Item item, Optional<UUID> asked, boolean xmlWins) {
        if (!item.values().isEmpty()) {
            return Checked.bad(
                    item.vmId(),
                    BAD_VALUE,
                    "values",
                    "only for an item without xml",
                    item.values().toString());
        }
        try {
            DomainXml xml = DomainXml.parse(item.xml().get());
            Optional<UUID> own = xml.uuid();
            if (xmlWins && own.isEmpty()) {
                return Checked.bad(item.vmId(), BAD_XML, "xml.uuid", "a domain that comes alone needs a <uuid>", "");
            }
            if (!xmlWins && own.isPresent() && asked.isPresent() && !own.equals(asked)) {
                return Checked.bad(
                        item.vmId(),
                        BAD_VALUE,
                        "vmId",
                        "must be the uuid in xml, " + own.get(),
                        asked.get().toString());
            }
            return finish(item, own.or(() -> asked).orElseGet(UUID::randomUUID), xml);
        } catch (HypervisorException e) {
            return Checked.bad(item.vmId(), BAD_XML, "xml", e.getMessage(), "");
        }
    }

    private static Checked fromTemplate(BatchRequest.Item item, DomainTemplate template, UUID id) {
        Map<String, String> values = new HashMap<>(item.values());
        List<Problem> problems = new ArrayList<>();
        if (values.containsKey("vmId") && !values.get("vmId").equals(id.toString())) {
            problems.add(new Problem("values.vmId", "is made from the item's vmId", values.get("vmId")));
        }
        values.put("vmId", id.toString());
        values.putIfAbsent("index", Integer.toString(item.index()));
        problems.addAll(template.problems(values, ALWAYS_GIVEN));
        if (!problems.isEmpty()) {
            return Checked.bad(item.vmId(), BAD_VALUE, problems);
        }
        DomainXml xml = template.fill(values);
        try {
            Optional<UUID> own = xml.uuid();
            if (own.isPresent() && !own.get().equals(id)) {
                return Checked.bad(
                        item.vmId(),
                        BAD_VALUE,
                        "template.uuid",
                        "must be ${vmId}, or absent",
                        own.get().toString());
            }
            return finish(item, id, xml);
        } catch (HypervisorException e) {
            return Checked.bad(item.vmId(), BAD_XML, "template", e.getMessage(), "");
        }
    }

    private static Checked finish(BatchRequest.Item item, UUID id, DomainXml xml) {
        List<Problem> problems = new ArrayList<>(xml.problems());
        if (problems.isEmpty()) {
            HostParts.of(xml).payloadDisks().forEach(disk -> problems.addAll(PayloadCheck.problems(disk)));
        }
        if (!problems.isEmpty()) {
            return Checked.bad(item.vmId().or(() -> Optional.of(id.toString())), BAD_XML, problems);
        }
        xml.setUuid(id);
        return new Checked(
                Optional.of(id.toString()),
                id,
                xml,
                item.launchPaused().orElse(xml.metadata().launchPaused()),
                0,
                List.of());
    }
}
