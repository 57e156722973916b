package org.muster.agent.lifecycle;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.muster.agent.create.Creator;
import org.muster.agent.domain.VmTable;
import org.muster.agent.rpc.RpcServer;
import org.muster.sampling.Sampler;

/**
 * Whose standing still means that the agent does, and what an admin sees beside the service.
 *
 * <p>Left out is everything that may wait for libvirt, a disk or a guest; of the pool {@code rpc-worker} one thread may wait
 * for the certificates' disk and one for a directory service, and the others then get on. Thread-safe.
 */
final class Vitals {
    private final RpcServer server;
    private final Creator creator;
    private final Sampler sampler;
    private final VmTable table;
    private final BooleanSupplier connected;
    private volatile String status = ""; // written on the event loops, read by watchdog

    Vitals(RpcServer server, Creator creator, Sampler sampler, VmTable table, BooleanSupplier connected) {
        this.server = server;
        this.creator = creator;
        this.sampler = sampler;
        this.table = table;
        this.connected = connected;
    }

    /** Of a started agent. */
    List<HeartBeats.Part> parts() {
        List<HeartBeats.Part> parts = new ArrayList<>();
        server.eventLoops().forEach((name, loop) -> parts.add(new HeartBeats.Part(name, answer -> ask(loop, answer))));
        server.pools().forEach((name, pool) -> parts.add(new HeartBeats.Part(name, pool::execute)));
        parts.add(new HeartBeats.Part("create-watch", creator::beat));
        parts.add(new HeartBeats.Part("sampler", sampler::beat));
        return parts;
    }

    /** What a request meets is asked too: the table of VMs and the queue, under their locks. */
    private void ask(Executor loop, Runnable answer) {
        loop.execute(() -> {
            status = describe();
            answer.run();
        });
    }

    private String describe() {
        String port = server.port() == 0 ? "the local socket only" : "port " + server.port();
        return "serving on %s; %d VMs, %d creates waiting%s"
                .formatted(
                        port,
                        table.all().size(),
                        creator.waiting(),
                        connected.getAsBoolean() ? "" : "; no link to libvirtd");
    }

    /** As of the last sign of life. Never blocks. */
    String status() {
        return status;
    }
}
