package org.muster.agent.create;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.muster.agent.payload.PayloadCheck;
import org.muster.libvirt.DisplayRules;
import org.muster.libvirt.DomainForm;
import org.muster.libvirt.DomainNeeds;
import org.muster.libvirt.DomainTemplate;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.HostParts;
import org.muster.libvirt.HypervisorException;

/**
 * Turns the items of one request into domain XML, or says everything that is wrong with each, as far as the item alone tells.
 *
 * <p>Confined to one thread.
 */
final class ItemCheck {
    static final int BAD_XML = 100;
    static final int BAD_VALUE = -32602;
    private static final int CANNOT_CREATE = 9;
    private static final int MOST_NEEDED = 100_000; // disks and addresses of refused items, kept until all are judged
    private static final Set<String> WITHOUT_XML =
            Set.of("item", "xml"); // what is wrong with these says why there is none
    private static final Set<String> ALWAYS_GIVEN = Set.of("vmId", "index", "name"); // a template need not use them

    private final Optional<DomainTemplate> template;
    private final String batchId;
    private final DisplayRules displays;
    private final Map<CreateClass, Optional<DomainForm>> forms = new EnumMap<>(CreateClass.class);
    private long needed; // disks and addresses of those refused so far

    ItemCheck(Optional<DomainTemplate> template, String batchId, DisplayRules displays) {
        this.template = template;
        this.batchId = batchId;
        this.displays = displays;
    }

    /**
     * What was found.
     *
     * @param vmId for the verdict: as it was sent, or as it was made
     * @param id null if it could not be told
     * @param name empty if there is none
     * @param xml with our mark; empty when there are problems
     * @param needs as far as the XML could be read
     * @param code of the first problem, 0 without
     */
    record Checked(
            Optional<String> vmId,
            UUID id,
            String name,
            String xml,
            boolean launchPaused,
            DomainNeeds needs,
            int code,
            List<Problem> problems) {
        Checked {
            vmId = vmId.map(BatchAnswer::clip);
        }

        boolean good() {
            return problems.isEmpty();
        }

        /** The same, of whose problems no more than so many are told. */
        Checked withProblems(int most) {
            return problems.size() <= most
                    ? this
                    : new Checked(vmId, id, name, xml, launchPaused, needs, code, BatchAnswer.first(problems, most));
        }

        static Checked bad(Optional<String> vmId, int code, List<Problem> problems) {
            return new Checked(vmId, null, "", "", false, DomainNeeds.UNKNOWN, code, problems);
        }

        static Checked bad(Optional<String> vmId, int code, String field, String rule, String value) {
            return bad(vmId, code, List.of(new Problem(field, rule, value)));
        }

        Checked withVmId(Optional<String> sent) {
            return new Checked(sent, id, name, xml, launchPaused, needs, code, problems);
        }

        Checked withoutNeeds() {
            return new Checked(vmId, id, name, xml, launchPaused, DomainNeeds.UNKNOWN, code, problems);
        }

        /** The same with problems that come before its own. */
        Checked after(int firstCode, List<Problem> first) {
            if (first.isEmpty()) {
                return this;
            }
            List<Problem> all = new ArrayList<>(first);
            all.addAll(problems);
            return new Checked(vmId, id, name, "", launchPaused, needs, firstCode, all);
        }
    }

    /** What an item's XML was found to be, before its UUID is put in. */
    private record Read(UUID id, DomainXml xml) {}

    /** A VM that comes alone, from the engine: the uuid in its XML wins over the item's. */
    static Checked alone(BatchRequest.Item item, DisplayRules displays) {
        ItemCheck check = new ItemCheck(Optional.empty(), "", displays);
        try {
            DomainXml xml = DomainXml.parse(item.xml().orElse(""));
            Optional<UUID> own = xml.uuid();
            if (own.isEmpty()) {
                return Checked.bad(item.vmId(), BAD_XML, "xml.uuid", "a domain that comes alone needs a <uuid>", "");
            }
            return check.finish(item, new Read(own.get(), xml));
        } catch (HypervisorException e) {
            return Checked.bad(item.vmId(), BAD_XML, "xml", e.getMessage(), "");
        }
    }

    /** An item of a bulk. */
    Checked check(BatchRequest.Item item) {
        List<Problem> problems = new ArrayList<>(item.problems());
        Optional<UUID> asked = item.vmId().flatMap(DomainXml::parseUuid);
        if (item.vmId().isPresent() && asked.isEmpty()) {
            problems.add(new Problem("vmId", "must be a UUID", item.vmId().get()));
        }
        if (item.xml().isEmpty() && template.isEmpty()) {
            if (item.problems().stream().noneMatch(problem -> WITHOUT_XML.contains(problem.field()))) {
                problems.add(new Problem("xml", "an item needs xml, or the batch a template", ""));
            }
            return Checked.bad(item.vmId(), item.problems().isEmpty() ? BAD_VALUE : item.problemCode(), problems);
        }
        Checked checked =
                item.xml().isPresent() ? fromXml(item, asked) : fromTemplate(item, asked.orElseGet(UUID::randomUUID));
        Checked result = checked.after(item.problemCode(), problems);
        return result.good() ? result : bounded(result.withVmId(item.vmId())); // a refusal names no UUID of ours
    }

    /** Of refused ones nobody counts the characters, and a template multiplies: those beyond are not compared with what others have. */
    private Checked bounded(Checked bad) {
        needed += bad.needs.disks().size() + bad.needs.macs().size();
        return needed <= MOST_NEEDED ? bad : bad.withoutNeeds();
    }

    private Checked fromXml(BatchRequest.Item item, Optional<UUID> asked) {
        List<Problem> problems = new ArrayList<>();
        if (!item.values().isEmpty()) {
            problems.add(new Problem(
                    "values", "only for an item without xml", item.values().toString()));
        }
        try {
            DomainXml xml = DomainXml.parse(item.xml().get());
            Optional<UUID> own = xml.uuid();
            if (own.isPresent() && asked.isPresent() && !own.equals(asked)) {
                problems.add(new Problem(
                        "vmId",
                        "must be the uuid in xml, " + own.get(),
                        asked.get().toString()));
            }
            UUID id = own.or(() -> asked).orElseGet(UUID::randomUUID);
            Checked checked = finish(item, new Read(id, xml));
            return problems.isEmpty()
                    ? checked
                    : checked.after(BAD_VALUE, problems).withVmId(item.vmId());
        } catch (HypervisorException e) {
            return Checked.bad(item.vmId(), BAD_XML, "xml", e.getMessage(), "").after(BAD_VALUE, problems);
        }
    }

    private Checked fromTemplate(BatchRequest.Item item, UUID id) {
        Map<String, String> values = new HashMap<>(item.values());
        List<Problem> problems = new ArrayList<>();
        if (values.containsKey("vmId") && !values.get("vmId").equals(id.toString())) {
            problems.add(new Problem("values.vmId", "is made from the item's vmId", values.get("vmId")));
        }
        values.put("vmId", id.toString());
        values.putIfAbsent("index", Integer.toString(item.index()));
        problems.addAll(template.get().problems(values, ALWAYS_GIVEN));
        if (!values.keySet().containsAll(template.get().keys())) {
            return Checked.bad(item.vmId(), BAD_VALUE, problems);
        }
        Checked checked = form(item.createClass())
                .flatMap(form -> form.fill(values))
                .map(filled -> filled(item, id, filled))
                .orElseGet(() -> fromDocument(item, id, template.get().fill(values)));
        return checked.after(BAD_VALUE, problems);
    }

    /** Empty also if no value could make the template's consoles safe: each document then says what is wrong. */
    private Optional<DomainForm> form(CreateClass createClass) {
        return forms.computeIfAbsent(
                createClass,
                c -> template.filter(known -> known.problems(displays).isEmpty())
                        .flatMap(known -> known.form(new DomainXml.Mark(batchId, createClass.name()))));
    }

    private static Checked filled(BatchRequest.Item item, UUID id, DomainForm.Filled filled) {
        int code = filled.problems().isEmpty()
                ? 0
                : filled.problems().get(0).field().startsWith("values.") ? BAD_VALUE : BAD_XML;
        return new Checked(
                Optional.of(id.toString()),
                id,
                filled.name(),
                filled.problems().isEmpty() ? filled.xml() : "",
                item.launchPaused().orElse(filled.launchPaused()),
                filled.needs(),
                code,
                filled.problems());
    }

    private Checked fromDocument(BatchRequest.Item item, UUID id, DomainXml xml) {
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
            return finish(item, new Read(id, xml));
        } catch (HypervisorException e) {
            return Checked.bad(item.vmId(), BAD_XML, "template", e.getMessage(), "");
        }
    }

    private Checked finish(BatchRequest.Item item, Read read) {
        DomainXml xml = read.xml;
        List<Problem> problems = new ArrayList<>(xml.problems());
        if (problems.isEmpty()) {
            HostParts.of(xml).payloadDisks().forEach(disk -> problems.addAll(PayloadCheck.problems(disk)));
        }
        int code = problems.isEmpty() ? CANNOT_CREATE : BAD_XML;
        problems.addAll(displays.problems(xml));
        boolean launchPaused =
                item.launchPaused().orElseGet(() -> xml.metadata().launchPaused());
        DomainNeeds needs = DomainNeeds.of(xml);
        Optional<String> vmId = Optional.of(read.id.toString());
        String name = xml.name();
        if (!problems.isEmpty()) {
            return new Checked(item.vmId().or(() -> vmId), read.id, name, "", launchPaused, needs, code, problems);
        }
        xml.setUuid(read.id);
        xml.trimName();
        xml.mark(new DomainXml.Mark(batchId, item.createClass().name()));
        try {
            return new Checked(vmId, read.id, name, xml.toString(), launchPaused, needs, 0, List.of());
        } catch (IllegalStateException e) { // half a character, which JSON can carry and XML cannot
            String field = item.xml().isPresent() ? "xml" : "values";
            Problem problem = new Problem(
                    field,
                    "must hold only characters that XML can hold",
                    item.values().toString());
            return new Checked(vmId, read.id, name, "", launchPaused, needs, BAD_VALUE, List.of(problem));
        }
    }
}
