package org.muster.agent.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.rpc.Problems;
import org.muster.agent.rpc.Undeclared;
import org.muster.agent.stats.StatsView;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;

/** What is told of a VM is what the API description says. */
class VmFieldsTest {
    private static final UUID ID = new UUID(1, 1);

    private static ObjectNode stats(String xml) {
        VmTable table = new VmTable(new EventClock());
        Vm vm = table.adopt(new DomainRecord(ID, "n", State.RUNNING, 1, 0), false, 1);
        table.live(vm, LiveXml.of(xml));
        StatsView view = new StatsView(StatusWords::of, new NothingKnown(), table.clock(), System::nanoTime);
        return view.of(table.get(ID).orElseThrow(), 0);
    }

    /** The name of the group that disks share their limits in is no number, as all others are. */
    @Test
    void everyLimitOfADisksSpeedIsDeclared() {
        ObjectNode stats = stats("<domain><devices><disk><source file='/d'/><target dev='vda'/><iotune>"
                + "<total_bytes_sec>1000</total_bytes_sec><total_bytes_sec_max>2000</total_bytes_sec_max>"
                + "<total_bytes_sec_max_length>3</total_bytes_sec_max_length><read_iops_sec>4</read_iops_sec>"
                + "<write_iops_sec_max>5</write_iops_sec_max><size_iops_sec>6</size_iops_sec>"
                + "<group_name>the first</group_name></iotune></disk></devices></domain>");
        Problems problems = new Problems();
        Undeclared undeclared = new Undeclared();

        VmFields.STATS.check("vm", stats, problems);
        VmFields.STATS.undeclared("vm", stats, undeclared);

        assertThat(stats.at("/ioTune/0/ioTune")).hasSize(7);
        assertThat(stats.at("/ioTune/0/ioTune/group_name").textValue()).isEqualTo("the first");
        assertThat(stats.at("/ioTune/0/ioTune/read_iops_sec").textValue()).isEqualTo("4");
        assertThat(problems.list()).isEmpty();
        assertThat(undeclared.toString()).isEmpty();
    }
}
