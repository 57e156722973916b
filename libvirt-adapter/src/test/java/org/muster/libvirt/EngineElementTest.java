package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainXml.HostNotes;

class EngineElementTest {
    private static final String DOMAIN = "<domain><metadata><e:vm xmlns:e='http://ovirt.org/vm/1.0'>"
            + "<e:pauseTime type='float'>7.0</e:pauseTime><e:jobs>{\"a\": 1}</e:jobs>"
            + "<e:device devtype='disk' name='sda'><e:GUID>g</e:GUID></e:device>"
            + "<e:device alias='ua-1' mac_address='56:6f:00:00:00:01'><e:network>n</e:network></e:device>"
            + "</e:vm><o:x xmlns:o='urn:o'/></metadata></domain>";
    private static final HostNotes NOTHING = new HostNotes(OptionalDouble.empty(), Map.of());

    private static String note(HostNotes notes) throws HypervisorException {
        return DomainXml.parse(DOMAIN).engineElement(notes).orElseThrow();
    }

    @Test
    void aGuestThatRunsAgainIsNotedAsPausedNoMore() throws Exception {
        assertThat(note(NOTHING))
                .isEqualTo(
                        "<vm><jobs>{\"a\": 1}</jobs><device devtype=\"disk\" name=\"sda\"><GUID>g</GUID></device>"
                                + "<device alias=\"ua-1\" mac_address=\"56:6f:00:00:00:01\"><network>n</network></device></vm>");
    }

    @Test
    void theSameNotesAgainChangeNothing() throws Exception {
        HostNotes notes = new HostNotes(OptionalDouble.of(7.25), Map.of("sda", "/dev/sda"));
        String once = note(notes);
        String domain = "<domain><metadata>" + once.replace("<vm>", "<vm xmlns='http://ovirt.org/vm/1.0'>")
                + "</metadata></domain>";

        assertThat(once).contains("<pauseTime type=\"float\">7.250</pauseTime>", "<guestName>/dev/sda</guestName>");
        assertThat(DomainXml.parse(domain).engineElement(notes)).isEmpty();
        assertThat(DomainXml.parse(domain).metadata().notes().pauseTimeSeconds())
                .hasValue(7.25);
    }

    @Test
    void aDiskThatTheEngineDoesNotKnowIsNotNoted() throws Exception {
        HostNotes notes = new HostNotes(OptionalDouble.of(7), Map.of("vdz", "/dev/vdz"));

        assertThat(note(notes)).doesNotContain("guestName");
    }

    @Test
    void withoutTheEnginesElementThereIsNothingToNoteIn() throws Exception {
        HostNotes notes = new HostNotes(OptionalDouble.of(7), Map.of());

        assertThat(DomainXml.parse("<domain/>").engineElement(notes)).isEmpty();
        assertThat(DomainXml.parse("<domain><metadata><vm/></metadata></domain>")
                        .engineElement(notes))
                .isEmpty();
    }
}
