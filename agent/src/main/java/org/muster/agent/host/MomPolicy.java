package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the engine wants of ballooning and of merging equal pages: kept over restarts, and applied to the kernel's KSM.
 *
 * <p>Merging across cells goes through libvirtd, which may do it. Switching KSM itself on and off is not among what libvirt can
 * do: it is written to /sys where the agent may, and else a failure unless it is so already.
 *
 * <p>{@link #set} blocks in libvirtd and on disk: confined to host-facts.
 */
final class MomPolicy {
    private static final Logger LOG = LoggerFactory.getLogger(MomPolicy.class);
    private static final String NAME = "momPolicy";
    private static final String BALLOON = "balloonEnabled";
    private static final String ACROSS = "ksmMergeAcrossNodes";
    private static final String ENABLED = "ksmEnabled";
    private static final String KSM = "sys/kernel/mm/ksm/";

    private final Hypervisor hypervisor;
    private final HostRoot root;
    private final HostState state;

    MomPolicy(Hypervisor hypervisor, HostRoot root, HostState state) {
        this.hypervisor = hypervisor;
        this.root = root;
        this.state = state;
    }

    /**
     * Keeps the values and applies them.
     *
     * @param values balloonEnabled, ksmEnabled, ksmMergeAcrossNodes, as far as given; anything else is ignored
     * @throws IOException names what could not be done; the values are kept all the same, unless the disk is what failed
     */
    void set(ObjectNode values) throws IOException {
        ObjectNode all = state.get(NAME) instanceof ObjectNode kept ? kept : values.objectNode();
        for (String name : List.of(BALLOON, ACROSS, ENABLED)) {
            if (values.path(name).isBoolean()) {
                all.set(name, values.get(name));
            }
        }
        state.put(NAME, all);
        List<String> failures = new ArrayList<>();
        if (values.path(ACROSS).isBoolean()) {
            mergeAcrossCells(values.get(ACROSS).booleanValue(), failures);
        }
        if (values.path(ENABLED).isBoolean()) {
            run(values.get(ENABLED).booleanValue(), failures);
        }
        if (!failures.isEmpty()) {
            throw new IOException(String.join("; ", failures));
        }
        LOG.info("the engine's memory policy is applied: {}", all);
    }

    private void mergeAcrossCells(boolean wanted, List<String> failures) {
        if (is("merge_across_nodes", wanted)) {
            return;
        }
        try {
            hypervisor.mergeAcrossCells(wanted);
        } catch (HypervisorException e) {
            failures.add("ksmMergeAcrossNodes is not " + wanted + ": " + e.getMessage());
        }
    }

    private void run(boolean wanted, List<String> failures) {
        if (is("run", wanted)) {
            return;
        }
        String file = KSM + "run";
        if (!root.exists(file)) {
            if (wanted) {
                failures.add("ksmEnabled is not true: this kernel has no KSM");
            }
            return;
        }
        try {
            root.write(file, wanted ? "1" : "0");
        } catch (IOException e) {
            failures.add("ksmEnabled is not " + wanted + ": libvirt has no call for it, and " + e);
        }
    }

    private boolean is(String setting, boolean wanted) {
        return root.number(KSM + setting).equals(OptionalLong.of(wanted ? 1 : 0));
    }
}
