package org.muster.agent.payload;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.EngineMetadata.Payload;
import org.muster.libvirt.HostParts.PayloadDisk;

/** What an image can hold, and what is refused before anything is made. */
class PayloadCheckTest {

    private static PayloadDisk raw(String path, String base64) {
        return new PayloadDisk("sdc", false, new Payload("config-2", List.of(new Payload.File(path, base64))));
    }

    @Test
    void filesAreDecodedWithLineBreaksAndWithout() {
        byte[] content = new byte[100];
        String broken = Base64.getMimeEncoder(20, "\r\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(content);
        PayloadDisk disk = raw("openstack/latest/user_data", "\n  " + broken + "\n");

        assertThat(PayloadCheck.problems(disk)).isEmpty();
        PayloadFile file = PayloadCheck.files(disk).get(0);
        assertThat(file.folders()).containsExactly("openstack", "latest");
        assertThat(file.name()).isEqualTo("user_data");
        assertThat(file.content()).isEqualTo(content);
    }

    @Test
    void aPathThatWouldNotComeOutAsItIsIsRefused() {
        for (String path : List.of(
                "",
                "/etc/passwd",
                "../x",
                "a/../../x",
                "a//b",
                "a/",
                ".",
                "a/.",
                "a\\b",
                "c:x",
                "a\0b",
                "a\nb",
                "a*",
                "dot.",
                " a",
                "a ",
                "\u00e4",
                "1/2/3/4/5/6/7/8",
                "a-name-that-is-longer-than-the-sixty-characters-that-fit-in-joliet")) {
            assertThat(PayloadCheck.problems(raw(path, "eA==")))
                    .as(path)
                    .singleElement()
                    .satisfies(
                            problem -> assertThat(problem.field()).isEqualTo("xml.metadata.device(sdc).payload.file"));
        }
    }

    @Test
    void base64ThatIsNoneIsRefusedWithoutRepeatingIt() {
        List<Problem> problems = PayloadCheck.problems(raw("user_data", "cGFzc3dvcmQ=*secret*"));

        assertThat(problems).singleElement().satisfies(problem -> {
            assertThat(problem.field()).isEqualTo("xml.metadata.device(sdc).payload.file(user_data)");
            assertThat(problem.rule()).isEqualTo("must be base64");
        });
        assertThat(problems.toString()).doesNotContain("secret").doesNotContain("cGFzc3dvcmQ");
    }

    @Test
    void twoFilesThatAreOneForSomeGuestAreRefused() {
        assertThat(PayloadCheck.problems(Payloads.cdrom("l", "a/B", "1", "A/b", "2")))
                .hasSize(1);
        assertThat(PayloadCheck.problems(Payloads.cdrom("l", "a", "1", "a/b", "2")))
                .hasSize(1);
        assertThat(PayloadCheck.problems(Payloads.cdrom("l", "a/b", "1", "a", "2")))
                .hasSize(1);
        assertThat(PayloadCheck.problems(Payloads.cdrom("l", "a/b", "1", "a/c", "2")))
                .isEmpty();
    }

    @Test
    void everyMistakeIsNamedAtOnce() {
        PayloadDisk disk = Payloads.cdrom("a label of more than thirty-two characters", "../x", "1", "b*", "2");

        assertThat(PayloadCheck.problems(disk)).hasSize(3);
    }

    @Test
    void aLabelMustFitItsMedium() {
        assertThat(PayloadCheck.problems(Payloads.cdrom("config-2", "a", "1"))).isEmpty();
        assertThat(PayloadCheck.problems(Payloads.floppy("twelve-chars", "a", "1")))
                .hasSize(1);
        assertThat(PayloadCheck.problems(Payloads.floppy("a.b", "a", "1"))).hasSize(1);
        assertThat(PayloadCheck.problems(Payloads.cdrom("\u00fcmlaut", "a", "1")))
                .hasSize(1);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        String large = "x".repeat(700_000);

        assertThat(PayloadCheck.problems(Payloads.floppy("", "a", large))).isEmpty();
        assertThat(PayloadCheck.problems(Payloads.floppy("", "a", large, "b", large)))
                .singleElement()
                .satisfies(problem -> assertThat(problem.rule()).contains("1376256"));
        String[] many = new String[2 * 257];
        for (int i = 0; i < many.length; i += 2) {
            many[i] = "f" + i;
            many[i + 1] = "";
        }
        assertThat(PayloadCheck.problems(Payloads.cdrom("", many)))
                .singleElement()
                .satisfies(problem -> assertThat(problem.value()).isEqualTo("257"));
    }
}
