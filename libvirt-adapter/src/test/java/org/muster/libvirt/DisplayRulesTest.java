package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DisplayRulesTest {
    private static final DisplayRules PLAIN = new DisplayRules(false, false);
    private static final DisplayRules SASL = new DisplayRules(true, false);
    private static final DisplayRules FIPS = new DisplayRules(false, true);
    private static final String ENGINES = "<graphics type='vnc' passwd='*****' passwdValidTo='1970-01-01T00:00:01'>"
            + "<listen type='network' network='vdsm-ovirtmgmt'/></graphics>";

    private static List<DomainXml.Problem> of(DisplayRules rules, String graphics) throws HypervisorException {
        return rules.problems(DomainXml.parse("<domain><name>a</name><devices>" + graphics + "</devices></domain>"));
    }

    @Test
    void whatTheEngineSendsIsGood() throws Exception {
        assertThat(of(PLAIN, ENGINES)).isEmpty();
        assertThat(of(PLAIN, "<graphics type='spice' autoport='yes'/>")).isEmpty();
        assertThat(of(PLAIN, "")).isEmpty();
    }

    @Test
    void vncThatAnybodyCouldUseIsRefusedUnlessSaslGuardsIt() throws Exception {
        for (String open : List.of(
                "<graphics type='vnc' port='-1'/>",
                "<graphics type='vnc' passwd='x' listen='0.0.0.0'/>",
                "<graphics type='vnc' listen='127.0.0.1'><listen type='address' address='::'/></graphics>")) {
            assertThat(of(PLAIN, open))
                    .as(open)
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.field()).endsWith("graphics(vnc)/@passwdValidTo"));
            assertThat(of(SASL, open)).as(open).isEmpty();
        }
    }

    @Test
    void vncForThisHostOnlyNeedsNoPassword() throws Exception {
        assertThat(of(PLAIN, "<graphics type='vnc' listen='127.0.0.1'/>")).isEmpty();
        assertThat(of(PLAIN, "<graphics type='vnc'><listen type='socket'/></graphics>"))
                .isEmpty();
        assertThat(of(FIPS, "<graphics type='vnc'><listen type='address' address='::1'/></graphics>"))
                .isEmpty();
    }

    @Test
    void inFipsModeAPasswordIsNotEnough() throws Exception {
        assertThat(of(FIPS, ENGINES))
                .singleElement()
                .satisfies(problem -> assertThat(problem.rule()).contains("vnc_sasl"));
        assertThat(of(new DisplayRules(true, true), ENGINES)).isEmpty();
    }

    @Test
    void consolesOfOtherKindsAreRefused() throws Exception {
        assertThat(of(SASL, "<graphics type='sdl'/>"))
                .singleElement()
                .satisfies(problem -> assertThat(problem.value()).isEqualTo("sdl"));
    }
}
