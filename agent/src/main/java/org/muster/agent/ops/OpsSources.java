package org.muster.agent.ops;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.muster.agent.create.CreateRecord;
import org.muster.agent.create.QueueView;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.CallGuard;
import org.muster.sampling.GuestStats;
import org.muster.sampling.SamplerState;

/**
 * Where everything comes from that is told here. None of it may block, or cause a libvirt call: it is asked whenever
 * somebody likes.
 *
 * @param samples what is known of a guest
 * @param queue what waits to be created and what is being started
 * @param creates every create that is known, the last accepted first
 * @param calls the guard over all libvirt calls
 * @param connected whether there is a link to libvirtd
 * @param ready whether the table of VMs is complete, so that verbs are served
 * @param ailments what keeps the agent itself from making progress, a line each; empty while it lives
 * @param words the wire's word for a VM's status
 * @param libvirtUri of the configuration; means nothing to a simulation
 * @param simulation the script, where nothing is real
 * @param nanoTime the sampler's clock
 */
public record OpsSources(
        MetricRegistry registry,
        VmTable table,
        Function<UUID, Optional<GuestStats>> samples,
        Supplier<SamplerState> sampling,
        Supplier<QueueView> queue,
        Supplier<List<CreateRecord>> creates,
        CallGuard calls,
        BooleanSupplier connected,
        BooleanSupplier ready,
        Supplier<List<String>> ailments,
        Function<Vm, String> words,
        String libvirtUri,
        Optional<Path> simulation,
        String version,
        LongSupplier nanoTime) {}
