package org.muster.agent.payload;

import com.github.stephenc.javaisotools.iso9660.ConfigException;
import com.github.stephenc.javaisotools.iso9660.ISO9660Directory;
import com.github.stephenc.javaisotools.iso9660.ISO9660File;
import com.github.stephenc.javaisotools.iso9660.ISO9660RootDirectory;
import com.github.stephenc.javaisotools.iso9660.impl.CreateISO;
import com.github.stephenc.javaisotools.iso9660.impl.ISO9660Config;
import com.github.stephenc.javaisotools.joliet.impl.JolietConfig;
import com.github.stephenc.javaisotools.joliet.impl.JolietNamingConventions;
import com.github.stephenc.javaisotools.rockridge.impl.RockRidgeConfig;
import com.github.stephenc.javaisotools.sabre.HandlerException;
import com.github.stephenc.javaisotools.sabre.impl.ByteArrayDataReference;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Makes a CD-ROM's image: ISO 9660 with Rock Ridge names for Linux and Joliet names for Windows, one volume label in both.
 *
 * <p>Thread-safe: one image at a time, in memory, some milliseconds each; the library keeps its settings in static fields.
 */
final class IsoImage {
    private static final int SECTOR = 2048;
    private static final int PRIMARY_LABEL = 16 * SECTOR + 40;
    private static final int JOLIET_LABEL = 17 * SECTOR + 40;
    private static final int LABEL_BYTES = 32;

    private IsoImage() {}

    /** @throws IOException if the library cannot make an image of these files */
    static synchronized byte[] of(String label, List<PayloadFile> files) throws IOException {
        MemoryHandler memory = new MemoryHandler();
        try {
            ISO9660RootDirectory root = new ISO9660RootDirectory();
            for (PayloadFile file : files) {
                add(root, file);
            }
            new CreateISO(memory, root).process(primary(), rockRidge(), joliet(), null);
        } catch (HandlerException | ConfigException e) {
            throw new IOException("cannot make an ISO image: " + e.getMessage(), e);
        }
        byte[] image = memory.image();
        // Strict ISO 9660 has no small letters and no dash, but cloud-init looks for a volume named config-2.
        label(image, PRIMARY_LABEL, label, StandardCharsets.US_ASCII);
        label(image, JOLIET_LABEL, label, StandardCharsets.UTF_16BE);
        return image;
    }

    private static void label(byte[] image, int at, String label, Charset charset) {
        byte[] padded = (label + " ".repeat(LABEL_BYTES)).getBytes(charset);
        System.arraycopy(padded, 0, image, at, LABEL_BYTES);
    }

    private static void add(ISO9660RootDirectory root, PayloadFile file) throws HandlerException {
        ISO9660Directory folder = root;
        for (String name : file.folders()) {
            folder = child(folder, name);
        }
        folder.addFile(
                new ISO9660File(new ByteArrayDataReference(file.content()), file.name(), System.currentTimeMillis()));
    }

    private static ISO9660Directory child(ISO9660Directory parent, String name) {
        for (ISO9660Directory known : parent.getDirectories()) {
            if (known.getName().equalsIgnoreCase(name)) {
                return known;
            }
        }
        return parent.addDirectory(new ISO9660Directory(name));
    }

    private static ISO9660Config primary() throws ConfigException {
        ISO9660Config config = new ISO9660Config();
        config.setInterchangeLevel(2);
        return config;
    }

    private static RockRidgeConfig rockRidge() {
        RockRidgeConfig config = new RockRidgeConfig();
        config.setMkisofsCompatibility(true);
        config.forcePortableFilenameCharacterSet(false);
        return config;
    }

    private static JolietConfig joliet() {
        JolietNamingConventions.FORCE_DOT_DELIMITER = false; // its setter writes a warning to stdout
        return new JolietConfig();
    }
}
