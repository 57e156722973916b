package org.muster.agent.lifecycle;

import java.nio.file.Path;
import java.util.UUID;
import org.muster.rig.GuestXml;

/**
 * A domain as VDSM leaves it in libvirt: everything that it and the engine keep in the metadata, in their order and with their
 * types. Immutable.
 */
record VdsmDomain(GuestXml guest, String notes) {
    static final String IMAGE = "6d1b2d0c-1111-4000-8000-000000000001";
    static final String JOB = "5b1c0e0a-1111-4000-8000-000000000001";
    static final long START = 1_700_000_000;

    static VdsmDomain named(String name) {
        return new VdsmDomain(GuestXml.named(name), "");
    }

    VdsmDomain on(Path disk) {
        return new VdsmDomain(guest.withDisk(disk), notes);
    }

    VdsmDomain noting(String name, String type, Object value) {
        String typed = type.isEmpty() ? "" : " type=\"" + type + "\"";
        return new VdsmDomain(
                guest, notes + "<ovirt-vm:" + name + typed + ">" + value + "</ovirt-vm:" + name + ">");
    }

    /** A merge that VDSM has begun. */
    VdsmDomain merging() {
        return noting(
                "jobs",
                "",
                "{\"" + JOB + "\": {\"id\": \"" + JOB + "\", \"drive\": \"vda\", \"disk\": {\"poolID\": \"p\", \"domainID\": \"d\","
                        + " \"imageID\": \"" + IMAGE + "\", \"volumeID\": \"v2\"}, \"base\": \"v0\", \"top\": \"v1\","
                        + " \"bandwidth\": 0, \"state\": \"COMMIT\", \"extend\": null, \"pivot\": null}}");
    }

    UUID uuid() {
        return guest.uuid();
    }

    String name() {
        return guest.name();
    }

    String xml() {
        return guest.xml()
                .replace(
                        "<domain ",
                        "<domain xmlns:ovirt-tune='http://ovirt.org/vm/tune/1.0' xmlns:ovirt-vm='http://ovirt.org/vm/1.0' ")
                .replace("<driver name='qemu' type='raw'/>", "<driver name='qemu' type='raw' error_policy='stop'/>")
                .replace("<target dev='vda' bus='virtio'/>", "<target dev='vda' bus='virtio'/><serial>" + IMAGE
                        + "</serial><alias name='ua-" + IMAGE + "'/>")
                .replace("<devices>", """
                        <metadata><ovirt-tune:qos/><ovirt-vm:vm>
                          <ovirt-vm:balloonTarget type="int">32768</ovirt-vm:balloonTarget>
                          <ovirt-vm:ballooningEnabled>true</ovirt-vm:ballooningEnabled>
                          <ovirt-vm:clusterVersion>4.7</ovirt-vm:clusterVersion>
                          <ovirt-vm:cpuPolicy>none</ovirt-vm:cpuPolicy>
                          <ovirt-vm:guestAgentAPIVersion type="int">0</ovirt-vm:guestAgentAPIVersion>
                          <ovirt-vm:launchPaused>false</ovirt-vm:launchPaused>
                          <ovirt-vm:memGuaranteedSize type="int">16</ovirt-vm:memGuaranteedSize>
                          <ovirt-vm:minGuaranteedMemoryMb type="int">16</ovirt-vm:minGuaranteedMemoryMb>
                          <ovirt-vm:startTime type="float">%d.25</ovirt-vm:startTime>
                          %s
                          <ovirt-vm:device devtype="disk" name="vda">
                            <ovirt-vm:domainID>d</ovirt-vm:domainID><ovirt-vm:imageID>%s</ovirt-vm:imageID>
                            <ovirt-vm:poolID>p</ovirt-vm:poolID><ovirt-vm:volumeID>v</ovirt-vm:volumeID>
                            <ovirt-vm:volumeChain><ovirt-vm:volumeChainNode><ovirt-vm:volumeID>v</ovirt-vm:volumeID>
                            </ovirt-vm:volumeChainNode></ovirt-vm:volumeChain>
                          </ovirt-vm:device>
                        </ovirt-vm:vm></metadata><devices>""".formatted(START, notes, IMAGE));
    }
}
