package org.muster.agent.payload;

import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.EngineMetadata.Payload;
import org.muster.libvirt.HostParts.PayloadDisk;

/** Decodes the files of an image and says everything that makes it impossible to write them as they are meant. Stateless. */
public final class PayloadCheck {
    private static final int MOST_FILES = 256;
    private static final int MOST_ON_FLOPPY = 64; // its root folder has room for 512 entries, a long name takes six
    private static final int MOST_FOLDERS = 6; // ISO 9660 knows eight levels, the root and the file among them
    private static final int NAME_CHARS = 60; // Joliet has 64, of which ";1" takes two
    private static final int ISO_LABEL_CHARS = 32;
    private static final int FLOPPY_LABEL_CHARS = 11;
    private static final int ISO_BYTES = 8 << 20;
    private static final int CLIP = 80;

    // What Joliet or VFAT has no room for would come out under another name.
    private static final Pattern NAME = Pattern.compile("[\\x20-\\x7e&&[^\"*/:;<>?\\\\|]]+");
    private static final Pattern ISO_LABEL = Pattern.compile("[\\x20-\\x7e]*");
    private static final Pattern FLOPPY_LABEL = Pattern.compile("[\\x20-\\x7e&&[^\"*+,./:;<=>?\\[\\\\\\]|]]*");

    private final PayloadDisk disk;
    private final List<Problem> problems = new ArrayList<>();
    private final List<PayloadFile> files = new ArrayList<>();
    private final Map<String, Boolean> seen = new HashMap<>(); // path in lower case; true for a file

    private PayloadCheck(PayloadDisk disk) {
        this.disk = disk;
    }

    /** Everything that is wrong; empty if the image can be made. Decodes, so that it costs as much as the text is long. */
    public static List<Problem> problems(PayloadDisk disk) {
        PayloadCheck check = new PayloadCheck(disk);
        check.run();
        return check.problems;
    }

    /** The files, decoded; only of a disk without problems. */
    static List<PayloadFile> files(PayloadDisk disk) {
        PayloadCheck check = new PayloadCheck(disk);
        check.run();
        if (!check.problems.isEmpty()) {
            throw new IllegalArgumentException(check.problems.toString());
        }
        return check.files;
    }

    private void run() {
        label(disk.payload().volumeLabel());
        List<Payload.File> sent = disk.payload().files();
        int mostFiles = disk.floppy() ? MOST_ON_FLOPPY : MOST_FILES;
        if (sent.size() > mostFiles) {
            problem("", "must have at most " + mostFiles + " files", Integer.toString(sent.size()));
            return;
        }
        long bytes = 0;
        for (Payload.File file : sent) {
            int before = problems.size();
            List<String> path = path(file.path());
            byte[] content = content(file);
            bytes += (content.length + FloppyImage.BLOCK - 1L) / FloppyImage.BLOCK * FloppyImage.BLOCK;
            if (problems.size() == before) {
                files.add(new PayloadFile(path, content));
            }
        }
        long most = disk.floppy() ? FloppyImage.CONTENT_BYTES : ISO_BYTES;
        if (bytes > most) {
            problem(
                    "",
                    "must hold at most " + most + " bytes in all, each file rounded up to " + FloppyImage.BLOCK,
                    Long.toString(bytes));
        }
    }

    private void label(String label) {
        int most = disk.floppy() ? FLOPPY_LABEL_CHARS : ISO_LABEL_CHARS;
        Pattern allowed = disk.floppy() ? FLOPPY_LABEL : ISO_LABEL;
        if (label.length() > most || !allowed.matcher(label).matches()) {
            problem(".volId", "must be at most " + most + " characters that a volume label can hold", label);
        }
    }

    private List<String> path(String path) {
        List<String> names = List.of(path.split("/", -1));
        if (names.size() > MOST_FOLDERS + 1) {
            problem(".file", "must be in at most " + MOST_FOLDERS + " folders", path);
            return names;
        }
        for (String name : names) {
            boolean bad = name.length() > NAME_CHARS
                    || !NAME.matcher(name).matches()
                    || name.endsWith(".") // ., .. and what Windows would cut
                    || name.startsWith(" ")
                    || name.endsWith(" ");
            if (bad) {
                problem(
                        ".file",
                        "needs a relative path of names of 1 to " + NAME_CHARS
                                + " characters that an image can hold, no . or ..",
                        path);
                return names;
            }
        }
        claim(names, path);
        return names;
    }

    /** Two files must not be one for a guest that does not tell capitals from small letters. */
    private void claim(List<String> names, String path) {
        for (int i = 1; i <= names.size(); i++) {
            String part = String.join("/", names.subList(0, i)).toLowerCase(Locale.ROOT);
            boolean file = i == names.size();
            Boolean before = seen.putIfAbsent(part, file);
            if (before != null && (file || before)) {
                problem(".file", "must be there once, capitals or not, as a file or a folder", path);
                return;
            }
        }
    }

    private byte[] content(Payload.File file) {
        try {
            return Base64.getDecoder().decode(file.base64().replaceAll("\\s", "")); // some encoders break lines
        } catch (IllegalArgumentException e) { // its content may be a password: only the decoder's word is repeated
            problem(".file(" + clip(file.path()) + ")", "must be base64", e.getMessage());
            return new byte[0];
        }
    }

    private void problem(String where, String rule, String value) {
        problems.add(new Problem(disk.field() + where, rule, clip(value)));
    }

    private static String clip(String text) {
        return text.length() <= CLIP ? text : text.substring(0, CLIP - 3) + "...";
    }
}
