import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/**
 * Reads the installed files that are for other programs as those do: firewalld's service, Grafana's dashboard, the bill of materials,
 * which must name every library that lies there. Says what is wrong with them; nothing if they are good.
 */
public final class ShippedFiles {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> WRONG = new ArrayList<>();

    private ShippedFiles() {}

    public static void main(String[] args) throws Exception {
        firewalld(Path.of("/usr/lib/firewalld/services/muster.xml"));
        grafana(Path.of("/usr/share/muster/grafana/muster.json"));
        materials(Path.of("/usr/share/doc/muster/sbom.cdx.json"), Path.of("/usr/share/muster/lib"));
        WRONG.forEach(System.out::println);
    }

    private static void want(boolean right, String otherwise) {
        if (!right) {
            WRONG.add(otherwise);
        }
    }

    private static void firewalld(Path file) throws Exception {
        Element service = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(file.toFile())
                .getDocumentElement();
        Element port = (Element) service.getElementsByTagName("port").item(0);
        want(service.getTagName().equals("service"), file + " is no service of firewalld");
        want(
                port != null
                        && port.getAttribute("protocol").equals("tcp")
                        && port.getAttribute("port").equals("54321"),
                file + " does not open tcp 54321");
    }

    private static void grafana(Path file) throws IOException {
        JsonNode dashboard = JSON.readTree(file.toFile());
        want(!dashboard.path("title").asText().isEmpty(), file + " has no title");
        want(dashboard.path("panels").size() > 3, file + " has no panels");
        for (JsonNode panel : dashboard.path("panels")) {
            if (!panel.path("type").asText().equals("row")) {
                want(panel.path("targets").size() > 0, file + ": " + panel.path("title") + " asks for nothing");
            }
            for (JsonNode target : panel.path("targets")) {
                want(!target.path("expr").asText().isEmpty(), file + ": " + panel.path("title") + " asks for nothing");
            }
        }
    }

    private static void materials(Path file, Path libraries) throws IOException {
        JsonNode bill = JSON.readTree(file.toFile());
        want(bill.path("bomFormat").asText().equals("CycloneDX"), file + " is not of CycloneDX");
        Map<String, JsonNode> components = new TreeMap<>();
        bill.path("components")
                .forEach(one -> components.put(one.path("name").asText() + "-" + one.path("version").asText(), one));
        try (Stream<Path> jars = Files.list(libraries)) {
            for (Path jar : jars.filter(path -> path.toString().endsWith(".jar")).toList()) {
                String name = jar.getFileName().toString().replaceFirst("\\.jar$", "");
                JsonNode component = components.get(name);
                want(component != null, file + " does not name " + name);
                want(component == null || component.path("licenses").size() > 0, file + ": no license of " + name);
            }
        }
    }
}
