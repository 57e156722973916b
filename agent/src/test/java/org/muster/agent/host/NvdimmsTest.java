package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NvdimmsTest {
    private static final String ND = "sys/bus/nd/devices/";

    @TempDir
    private Path directory;

    private ObjectNode read(FakeTree tree) {
        ObjectNode list = JsonNodeFactory.instance.objectNode();
        new Nvdimms(tree.root()).put(list);
        return list;
    }

    @Test
    void aClaimedNamespaceIsToldAsWhatItIsUsedAs() {
        FakeTree tree = new FakeTree(directory)
                .file(ND + "namespace0.0/holder", "pfn0.0")
                .file(ND + "namespace0.0/mode", "memory")
                .file(ND + "namespace0.0/size", "17179869184")
                .file(ND + "namespace0.0/numa_node", "1")
                .file(ND + "pfn0.0/size", "16909336576")
                .file(ND + "pfn0.0/align", "2097152")
                .directory(ND + "pfn0.0/block/pmem0")
                .file(ND + "namespace1.0/holder", "dax1.0")
                .file(ND + "namespace1.0/mode", "dax")
                .file(ND + "dax1.0/size", "4096")
                .directory(ND + "dax1.0/dax1.0");

        JsonNode list = read(tree);

        JsonNode fsdax = list.at("/namespace0.0/params");
        assertThat(fsdax.get("device_path").textValue()).isEqualTo("/dev/pmem0");
        assertThat(fsdax.get("mode").textValue()).isEqualTo("fsdax");
        assertThat(fsdax.get("device_size").textValue()).isEqualTo("16909336576");
        assertThat(fsdax.get("align_size").textValue()).isEqualTo("2097152");
        assertThat(fsdax.get("numa_node").textValue()).isEqualTo("1");
        assertThat(fsdax.get("capability").textValue()).isEqualTo("nvdimm");
        assertThat(fsdax.get("parent").textValue()).isEqualTo("computer");
        JsonNode devdax = list.at("/namespace1.0/params");
        assertThat(devdax.get("device_path").textValue()).isEqualTo("/dev/dax1.0");
        assertThat(devdax.get("mode").textValue()).isEqualTo("devdax");
        assertThat(devdax.has("align_size")).isFalse();
    }

    @Test
    void aRawOneIsItsOwnDeviceAndOneWithoutADeviceIsLeftOut() {
        FakeTree tree = new FakeTree(directory)
                .file(ND + "namespace0.0/mode", "raw")
                .file(ND + "namespace0.0/size", "4096")
                .file(ND + "namespace0.0/numa_node", "-1")
                .directory(ND + "namespace0.0/block/pmem0")
                .file(ND + "namespace1.0/size", "0")
                .file(ND + "region0/size", "4096");

        JsonNode list = read(tree);

        assertThat(list).hasSize(1);
        JsonNode raw = list.at("/namespace0.0/params");
        assertThat(raw.get("device_size").textValue()).isEqualTo("4096");
        assertThat(raw.get("mode").textValue()).isEqualTo("raw");
        assertThat(raw.has("numa_node")).as("the kernel does not know").isFalse();
    }

    @Test
    void aHostWithoutAnyHasNone() {
        assertThat(read(new FakeTree(directory))).isEmpty();
    }
}
