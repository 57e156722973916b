package org.muster.libvirt;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.w3c.dom.Element;

/** Reads a {@link HostDevice} from virNodeDeviceGetXMLDesc. Source: libvirt's formatnode. */
final class HostDeviceXml {
    private static final List<String> ADDRESS_PARTS =
            List.of("domain", "bus", "slot", "function", "device", "host", "target", "lun");

    private HostDeviceXml() {}

    static HostDevice parse(String xml) throws HypervisorException {
        Element device = Xml.parse(xml, "device").getDocumentElement();
        Element capability = Xml.child(device, "capability").orElse(device);
        String type = capability.getAttribute("type");
        Map<String, String> values = new LinkedHashMap<>();
        Map<String, HostDevice.MdevType> mdevTypes = new LinkedHashMap<>();
        named(capability, "product", values);
        named(capability, "vendor", values);
        put(values, "model", Xml.text(capability, "model"));
        put(values, "path", Xml.text(device, "path"));
        put(values, "interface", Xml.text(capability, "interface"));
        put(values, "block", Xml.text(capability, "block"));
        put(values, "class", Xml.text(capability, "class"));
        put(values, "driver", Xml.child(device, "driver").map(d -> Xml.text(d, "name")));
        put(values, "iommu_group", Xml.child(capability, "iommuGroup").map(g -> g.getAttribute("number")));
        put(values, "numa_node", Xml.child(capability, "numa").map(n -> n.getAttribute("node")));
        boolean bridge = type.equals("pci") && Xml.text(capability, "class").startsWith("0x06");
        OptionalInt virtualFunctions = OptionalInt.empty();
        for (Element part : Xml.children(capability, "capability")) {
            switch (part.getAttribute("type")) {
                case "phys_function" ->
                    put(values, "physfn", Xml.child(part, "address").map(HostDeviceXml::pciName));
                case "virt_functions" -> virtualFunctions = number(part.getAttribute("maxCount"));
                case "pci-bridge" -> bridge = true;
                case "mdev_types" -> mdevTypes(part, mdevTypes);
                default -> {} // nothing that is asked for
            }
        }
        String parent = Xml.text(device, "parent");
        return new HostDevice(
                Xml.text(device, "name"),
                parent.isEmpty() ? Optional.empty() : Optional.of(parent),
                type,
                Map.copyOf(values),
                address(capability),
                Map.copyOf(mdevTypes),
                virtualFunctions,
                bridge);
    }

    /** {@code <product id='0x10fb'>82599ES</product>}; USB and SCSI have the text, or the id, alone. */
    private static void named(Element capability, String name, Map<String, String> values) {
        Xml.child(capability, name).ifPresent(element -> {
            put(values, name, element.getTextContent().trim());
            put(values, name + "_id", element.getAttribute("id"));
        });
    }

    private static void mdevTypes(Element part, Map<String, HostDevice.MdevType> into) {
        for (Element type : Xml.children(part, "type")) {
            into.put(
                    type.getAttribute("id"),
                    new HostDevice.MdevType(Xml.text(type, "name"), Xml.text(type, "availableInstances")));
        }
    }

    private static Map<String, String> address(Element capability) {
        Map<String, String> address = new LinkedHashMap<>();
        for (String part : ADDRESS_PARTS) {
            put(address, part, Xml.text(capability, part));
        }
        return address;
    }

    /** The name that libvirt gives to the PCI device of an address whose parts are in hexadecimal. */
    private static String pciName(Element address) {
        StringBuilder name = new StringBuilder("pci");
        for (String part : List.of("domain", "bus", "slot", "function")) {
            name.append('_').append(address.getAttribute(part).replaceFirst("^0x", ""));
        }
        return name.toString();
    }

    private static OptionalInt number(String text) {
        return text.matches("\\d{1,9}") ? OptionalInt.of(Integer.parseInt(text)) : OptionalInt.empty();
    }

    private static void put(Map<String, String> values, String name, Optional<String> value) {
        value.ifPresent(text -> put(values, name, text));
    }

    private static void put(Map<String, String> values, String name, String value) {
        if (!value.isEmpty()) {
            values.put(name, value);
        }
    }
}
