package org.muster.agent.payload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import de.waldheinz.fs.FsDirectory;
import de.waldheinz.fs.FsFile;
import de.waldheinz.fs.fat.FatFileSystem;
import de.waldheinz.fs.util.RamDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images as a guest reads them, and the folder that they live in. */
class PayloadImagesTest {
    private static final UUID A = new UUID(0x10, 1);
    private static final UUID B = new UUID(0x10, 2);

    @TempDir
    private Path directory;

    private PayloadImages images() {
        return new PayloadImages(directory.resolve("payload"));
    }

    private static byte[] iso(String label, String... files) throws IOException {
        return IsoImage.of(label, PayloadCheck.files(Payloads.cdrom(label, files)));
    }

    @Test
    void linuxAndWindowsSeeTheNamesTheContentAndTheLabel() throws IOException {
        String big = "0123456789abcdef".repeat(20_000);
        byte[] image = iso(
                "config-2",
                "openstack/latest/meta_data.json",
                "{}",
                "openstack/latest/user_data",
                "#cloud-config\n",
                "openstack/content/0000",
                big,
                "Unattend.xml",
                "<x/>",
                ".hidden",
                "",
                "a.b.c d+e",
                "odd");
        Map<String, String> expected = Map.of(
                "openstack/latest/meta_data.json", "{}",
                "openstack/latest/user_data", "#cloud-config\n",
                "openstack/content/0000", big,
                "Unattend.xml", "<x/>",
                ".hidden", "",
                "a.b.c d+e", "odd");

        assertThat(IsoReader.rockRidge(image).files()).isEqualTo(expected);
        assertThat(IsoReader.joliet(image).files()).isEqualTo(expected);
        assertThat(IsoReader.rockRidge(image).label()).isEqualTo("config-2");
        assertThat(IsoReader.joliet(image).label()).isEqualTo("config-2");
        assertThat(image.length % 2048).isZero();
    }

    @Test
    void aLongLabelIsWholeForLinuxAndNoneIsNone() throws IOException {
        byte[] image = iso("a-label-of-thirty-two-characters", "a", "1");

        assertThat(IsoReader.rockRidge(image).label()).isEqualTo("a-label-of-thirty-two-characters");
        assertThat(IsoReader.joliet(image).label()).isEqualTo("a-label-of-thirt");
        assertThat(IsoReader.rockRidge(iso("", "a", "1")).label()).isEmpty();
        assertThat(IsoReader.rockRidge(iso("nothing")).files()).isEmpty();
    }

    @Test
    void namesThatIso9660AloneWouldMakeOneStayTwo() throws IOException {
        String stem = "a-name-with-the-same-first-thirty-characters-";
        byte[] image = iso("l", stem + "1.txt", "1", stem + "2.txt", "2");

        assertThat(IsoReader.rockRidge(image).files()).isEqualTo(Map.of(stem + "1.txt", "1", stem + "2.txt", "2"));
        assertThat(IsoReader.joliet(image).files()).isEqualTo(Map.of(stem + "1.txt", "1", stem + "2.txt", "2"));
    }

    @Test
    void manyFilesNeedMoreThanOneSectorOfFolder() throws IOException {
        String[] files = new String[2 * 256];
        for (int i = 0; i < files.length; i += 2) {
            files[i] = "d" + i % 10 + "/some-file-of-a-middling-name-" + i;
            files[i + 1] = "content " + i;
        }
        byte[] image = iso("l", files);

        assertThat(IsoReader.rockRidge(image).files())
                .hasSize(256)
                .containsEntry("d8/some-file-of-a-middling-name-508", "content 508");
        assertThat(IsoReader.joliet(image).files())
                .isEqualTo(IsoReader.rockRidge(image).files());
    }

    @Test
    void imagesMadeAtTheSameTimeDoNotMix() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<byte[]>> made = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                String mine = Integer.toString(i);
                made.add(threads.submit(() -> iso("label-" + mine, "f" + mine, mine)));
            }
            for (int i = 0; i < made.size(); i++) {
                byte[] image = made.get(i).get(60, TimeUnit.SECONDS);
                assertThat(IsoReader.joliet(image).label()).isEqualTo("label-" + i);
                assertThat(IsoReader.rockRidge(image).files()).isEqualTo(Map.of("f" + i, Integer.toString(i)));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aFloppyIsOneToItsGuest() throws IOException {
        String[] files = {"unattend.xml", "<u/>", "a folder/meta_data.json", "x".repeat(5000)};
        byte[] image = FloppyImage.of("config-2", PayloadCheck.files(Payloads.floppy("config-2", files)));

        assertThat(image).hasSize(1_474_560);
        assertThat(image[21] & 0xff).as("medium").isEqualTo(0xf0);
        assertThat(image[512] & 0xff).as("medium, in the first FAT").isEqualTo(0xf0);
        assertThat(image[24]).as("sectors a track").isEqualTo((byte) 18);
        assertThat(new String(image, 43, 11, StandardCharsets.US_ASCII)).isEqualTo("config-2   ");
        assertThat(new String(image, 54, 5, StandardCharsets.US_ASCII)).isEqualTo("FAT12");
        RamDisk disk = new RamDisk(image.length);
        disk.write(0, ByteBuffer.wrap(image));
        FatFileSystem fat = FatFileSystem.read(disk, true);
        FsDirectory root = fat.getRoot();
        assertThat(text(root.getEntry("unattend.xml").getFile())).isEqualTo("<u/>");
        assertThat(text(root.getEntry("a folder")
                        .getDirectory()
                        .getEntry("meta_data.json")
                        .getFile()))
                .isEqualTo(files[3]);
    }

    private static String text(FsFile file) throws IOException {
        ByteBuffer content = ByteBuffer.allocate((int) file.getLength());
        file.read(0, content);
        return new String(content.array(), StandardCharsets.UTF_8);
    }

    @Test
    void asMuchAsTheCheckLetsThroughFitsOnAFloppy() throws IOException {
        String[] files = new String[2 * 64];
        for (int i = 0; i < files.length; i += 2) {
            files[i] = "folder-" + i + "/" + "a-name-of-as-many-characters-as-can-be-" + i;
            files[i + 1] = "x".repeat(FloppyImage.CONTENT_BYTES / 64);
        }
        byte[] image = FloppyImage.of("", PayloadCheck.files(Payloads.floppy("", files)));

        assertThat(image).hasSize(1_474_560);
    }

    @Test
    void anImageIsReadableByItsOwnerOnlyAndItsFoldersCanBePassed() throws IOException {
        Path file = images().make(A, Payloads.cdrom("config-2", "user_data", "secret"));

        assertThat(file)
                .isEqualTo(directory.resolve("payload").resolve(A.toString()).resolve("sdc.img"));
        assertThat(permissions(file)).isEqualTo("rw-------");
        assertThat(permissions(file.getParent())).isEqualTo("rwx--x--x");
        assertThat(permissions(file.getParent().getParent())).isEqualTo("rwx--x--x");
        assertThat(IsoReader.rockRidge(Files.readAllBytes(file)).files()).isEqualTo(Map.of("user_data", "secret"));
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void oneThatIsThereIsReplacedAndEachGuestsGoOnTheirOwn() throws IOException {
        PayloadImages images = images();
        images.make(A, Payloads.cdrom("l", "f", "old"));
        Path again = images.make(A, Payloads.cdrom("l", "f", "new"));
        images.make(A, Payloads.floppy("l", "f", "floppy"));
        images.make(B, Payloads.cdrom("l", "f", "other"));

        assertThat(IsoReader.rockRidge(Files.readAllBytes(again)).files()).isEqualTo(Map.of("f", "new"));
        assertThat(images.guests()).containsExactlyInAnyOrder(A, B);
        images.remove(A);
        images.remove(A);
        assertThat(images.guests()).containsExactly(B);
        images.removeIf(B, id -> false);
        assertThat(images.guests()).containsExactly(B);
    }

    @Test
    void aFolderWithoutImagesIsNotMade() throws IOException {
        PayloadImages images = images();

        assertThat(images.guests()).isEmpty();
        images.remove(A);
        try (Stream<Path> entries = Files.list(directory)) {
            assertThat(entries).isEmpty();
        }
    }

    @Test
    void whatIsNotOursIsLeftAlone() throws IOException {
        PayloadImages images = images();
        images.make(A, Payloads.cdrom("l", "f", "x"));
        Path other = Files.writeString(directory.resolve("payload").resolve("notes.txt"), "keep");
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Path precious = Files.writeString(elsewhere.resolve("precious"), "keep");
        Files.createSymbolicLink(directory.resolve("payload").resolve(B.toString()), elsewhere);

        images.remove(B);

        assertThat(images.guests()).contains(A);
        assertThat(other).exists();
        assertThat(precious).exists();
        assertThatThrownBy(() -> images.make(B, Payloads.cdrom("l", "f", "x"))).isInstanceOf(IOException.class);
        assertThat(elsewhere.resolve("sdc.img")).doesNotExist();
    }

    @Test
    void aDiskThatFailsIsSaidWithTheFile() throws IOException {
        Files.writeString(directory.resolve("payload"), "in the way");

        assertThatThrownBy(() -> images().make(A, Payloads.cdrom("l", "f", "x")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("payload");
    }
}
