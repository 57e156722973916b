package org.muster.libvirt;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A device of the host as libvirt's device inventory has it.
 *
 * @param name libvirt's name of it, such as {@code pci_0000_03_00_0}
 * @param parent the device it hangs on, empty for the root
 * @param capability what it is: system, pci, usb_device, net, scsi_host, scsi, storage, mdev, …
 * @param values product, product_id, vendor, vendor_id, iommu_group, driver, numa_node, interface, block, model (of storage),
 *     physfn, class and path (in /sys), as far as libvirt tells them
 * @param address the parts of its address on its bus, in decimal
 * @param mdevTypes mediated devices that can be made of it
 * @param maxVirtualFunctions of a device that can be split
 * @param bridge true for what only connects others and cannot be given to a guest
 */
public record HostDevice(
        String name,
        Optional<String> parent,
        String capability,
        Map<String, String> values,
        Map<String, String> address,
        Map<String, MdevType> mdevTypes,
        OptionalInt maxVirtualFunctions,
        boolean bridge) {

    /**
     * A type of mediated devices.
     *
     * @param available how many more can be made, a number
     */
    public record MdevType(String name, String available) {}
}
