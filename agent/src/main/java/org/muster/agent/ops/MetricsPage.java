package org.muster.agent.ops;

/** Makes the page {@code /metrics}, from memory and the process' own files of /proc. Confined to the worker. */
final class MetricsPage {
    private final OpsSources sources;
    private final boolean perVm;
    private final ProcessFamilies process;

    MetricsPage(OpsSources sources, boolean perVm) {
        this.sources = sources;
        this.perVm = perVm;
        this.process = new ProcessFamilies(LibvirtdPid.of(sources));
    }

    byte[] make() {
        GuestSet guests = GuestSet.of(
                sources.table().all(), sources.samples(), sources.nanoTime().getAsLong());
        Exposition out = new Exposition();
        AgentFamilies.write(out, sources, guests);
        RegistryFamilies.write(out, sources.registry());
        process.write(out);
        if (perVm) {
            GuestFamilies.write(out, guests);
        }
        return out.bytes();
    }
}
