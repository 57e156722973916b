package org.muster.client.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.muster.client.AgentAddress;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.UnreachableException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "report",
        description = {
            "Writes what somebody needs who is to help from afar into one file.",
            "It has configuration, versions, self-check, statistics, queue, history, calls in libvirt, stacks of all threads, the last lines of the log, the latest crash of its JVM, metrics, XML of the guests.",
            "Console passwords, keys, cloud-init and sysprep files and whatever is called like a secret are taken out; names of hosts,",
            "guests, users and addresses stay: look into it before you hand it on.",
            "Run it on the host, as root, for all of it; what cannot be had is left out, and README.txt in it says why."
        })
final class ReportCommand implements Callable<Integer> {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    @ParentCommand
    private Muster muster;

    @Option(names = "--file", paramLabel = "FILE", description = "Where to; default muster-report-TIME.tar.gz here.")
    private Path file;

    @Option(names = "--without-guests", description = "No statistics and no XML of single guests.")
    private boolean withoutGuests;

    @Override
    public Integer call() throws Exception {
        Instant now = muster.console().clock().instant();
        ReportParts parts = new ReportParts();
        try (MusterConnection connection = muster.connect()) {
            parts.ofAgent(connection, !withoutGuests);
        } catch (UnreachableException e) { // then what the host tells is wanted all the more
            parts.missing().put("what the agent tells", e.getMessage());
        }
        if (muster.address() instanceof AgentAddress.Unix) {
            parts.ofHost();
        } else {
            parts.missing()
                    .put("what the host tells", "the agent is asked at " + muster.address() + "; run it on the host");
        }
        Path target = file != null ? file : Path.of("muster-report-" + TIME.format(now) + ".tar.gz");
        write(target, parts, now);
        tell(target, parts);
        return parts.missing().containsKey("what the agent tells") ? ExitCode.UNREACHABLE : ExitCode.OK;
    }

    private void write(Path target, ReportParts parts, Instant now) throws CommandFailure {
        String folder = "muster-report-" + TIME.format(now) + "/";
        PartFile.create(
                target,
                target.toString(),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE);
                TarGz archive = new TarGz(out, now)) {
            archive.add(folder + "README.txt", readme(parts, now).getBytes(StandardCharsets.UTF_8));
            for (Map.Entry<String, byte[]> piece : parts.files().entrySet()) {
                archive.add(folder + piece.getKey(), piece.getValue());
            }
        } catch (IOException e) {
            PartFile.drop(target, e);
            throw new CommandFailure(ExitCode.OUTPUT, target + " cannot be written: " + e.getMessage(), e);
        }
    }

    private static String readme(ReportParts parts, Instant now) {
        StringBuilder text = new StringBuilder("Report of a Muster agent, made at " + now + ".\n\n"
                + "Console passwords, keys, cloud-init and sysprep files and whatever is called like a secret are replaced by "
                + Secrets.MASK + ".\nNames of hosts, guests and users, addresses and paths are in it.\n\nIt holds:\n");
        parts.files()
                .forEach((name, bytes) -> text.append("  ")
                        .append(name)
                        .append("  ")
                        .append(bytes.length)
                        .append(" bytes\n"));
        if (!parts.missing().isEmpty()) {
            text.append("\nIt does not hold:\n");
            parts.missing()
                    .forEach((name, why) -> text.append("  ")
                            .append(name)
                            .append(": ")
                            .append(Text.printable(Secrets.outOf(why)))
                            .append('\n'));
        }
        return text.toString();
    }

    private void tell(Path target, ReportParts parts) throws IOException {
        Set<String> names = parts.files().keySet();
        if (muster.json()) {
            ObjectNode answer = Json.object().put("file", target.toString());
            ArrayNode holds = answer.putArray("holds");
            names.forEach(holds::add);
            ObjectNode missing = answer.putObject("missing");
            parts.missing().forEach((name, why) -> missing.put(name, Secrets.outOf(String.valueOf(why))));
            muster.printJson(answer);
            return;
        }
        long guests = names.stream().filter(name -> name.startsWith("xml/")).count();
        names.stream().filter(name -> !name.startsWith("xml/")).forEach(name -> muster.print("  " + name));
        if (guests > 0) {
            muster.print("  xml/ of " + guests + " guests");
        }
        parts.missing().forEach((name, why) -> muster.console().problem("left out: " + name + ": " + why));
        muster.print(target + ": " + Text.bytes((double) Files.size(target))
                + "; secrets are taken out, names and addresses are not: look before you hand it on");
    }
}
