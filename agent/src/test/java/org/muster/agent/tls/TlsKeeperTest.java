package org.muster.agent.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class TlsKeeperTest {

    @TempDir
    private Path folder;

    private TestPki pki;

    @BeforeEach
    void make() {
        pki = TestPki.in(folder);
    }

    /** The forms in which openssl, old and new, and VDSM's set-up write keys. */
    @ParameterizedTest
    @CsvSource({
        "EC PKCS#8, genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out other.key",
        "EC SEC1, ecparam -name prime256v1 -genkey -noout -out other.key",
        "EC SEC1 with its curve before it, ecparam -name secp521r1 -genkey -out other.key",
        "RSA PKCS#8, genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key",
        "RSA PKCS#1, genrsa -traditional -out other.key 2048",
        "Ed25519, genpkey -algorithm ed25519 -out other.key"
    })
    void everyFormOfPrivateKeyIsRead(String form, String command) throws Exception {
        pki.openssl(command.split(" "));
        pki.openssl("req", "-new", "-key", "other.key", "-out", "other.csr", "-subj", "/CN=other");
        pki.openssl(
                "ca", "-batch", "-config", "ca.conf", "-in", "other.csr", "-out", "other.pem"); // with text before it
        TlsFiles files = files("ca.pem", "other.pem", "other.key");

        TlsMaterial material = TlsMaterial.read(files);
        WarmUp.run(material);

        assertThat(material.expires())
                .as(form)
                .isBetween(
                        Instant.now().plus(Duration.ofDays(29)), Instant.now().plus(Duration.ofDays(31)));
    }

    @Test
    void whatCannotBeUsedIsNamedWithItsKeyFileAndRule() throws IOException {
        pki.issue("other");
        Files.writeString(folder.resolve("empty.pem"), "nothing\n");
        Files.writeString(
                folder.resolve("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        pki.openssl("ec", "-in", "host.key", "-aes256", "-passout", "pass:x", "-out", "locked.key");
        pki.openssl("pkcs8", "-topk8", "-in", "host.key", "-passout", "pass:x", "-out", "locked8.key");

        assertBroken(
                "ca.pem", "host.pem", "other.key", "tls.key: " + folder.resolve("other.key") + " must hold the key of");
        assertBroken("ca.pem", "host.pem", "locked.key", "must not be encrypted");
        assertBroken("ca.pem", "host.pem", "locked8.key", "must not be encrypted");
        assertBroken(
                "ca.pem",
                "host.pem",
                "empty.pem",
                "tls.key: " + folder.resolve("empty.pem") + " must hold a private key");
        assertBroken(
                "empty.pem",
                "host.pem",
                "host.key",
                "tls.ca: " + folder.resolve("empty.pem") + " must hold a certificate");
        assertBroken("ca.pem", "broken.pem", "host.key", "tls.certificate: " + folder.resolve("broken.pem"));
        assertBroken("ca.pem", "gone.pem", "host.key", "cannot be read (NoSuchFileException)");
    }

    @Test
    void aListOfAnotherAuthorityIsRefused() {
        TestPki other = TestPki.in(folder.resolve("other"), "Test CA");
        other.publishRevoked();
        pki.move("other/crl.pem", "crl.pem");

        assertThatThrownBy(() -> TlsMaterial.read(pki.files()))
                .isInstanceOf(TlsFileException.class)
                .hasMessageContaining("tls.crl: " + folder.resolve("crl.pem") + " must be signed by");
    }

    @Test
    void peersAreJudgedByIssuerTimeAndList() throws Exception {
        pki.issue("good");
        pki.issue("bad");
        pki.issueExpired("old");
        TestPki.in(folder.resolve("other"), "Other CA");
        pki.revoke("bad");
        TlsMaterial without = TlsMaterial.read(pki.files());
        assertThat(without.objection(chain("bad.pem"))).isEmpty();
        assertThat(without.listDue()).isEmpty();

        pki.publishRevoked();
        TlsMaterial with = TlsMaterial.read(pki.files());

        assertThat(with.objection(chain("good.pem"))).isEmpty();
        assertThat(with.objection(chain("bad.pem")))
                .hasValueSatisfying(why -> assertThat(why).contains("was revoked"));
        assertThat(with.objection(chain("old.pem"))).isPresent();
        assertThat(with.objection(chain("other/host.pem"))).isPresent();
        assertThat(with.listDue()).isPresent();
    }

    @Test
    void aListThatIsOutOfDateStillCounts() throws Exception {
        pki.issue("good");
        pki.issue("bad");
        pki.revoke("bad");
        pki.publishRevoked("-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z");
        TlsMaterial material = TlsMaterial.read(pki.files());

        assertThat(material.objection(chain("good.pem"))).isEmpty();
        assertThat(material.objection(chain("bad.pem"))).isPresent();
        assertThat(material.listDue()).hasValueSatisfying(due -> assertThat(due).isBefore(Instant.now()));
    }

    @Test
    void changedFilesAreReadWhenTheyHaveSettledAndBrokenOnesLeaveTheOldInForce() throws IOException {
        TlsKeeper keeper = new TlsKeeper(pki.files());
        assertThat(keeper.reload()).isTrue();
        TlsMaterial first = keeper.current().orElseThrow();
        assertThat(keeper.poll()).as("nothing changed").isFalse();

        pki.issue("next");
        pki.move("next.pem", "host.pem");
        assertThat(keeper.poll()).as("half of a pair, just now").isFalse();
        pki.move("next.key", "host.key");
        assertThat(keeper.poll()).as("still changing").isFalse();
        assertThat(keeper.poll()).as("settled").isTrue();
        TlsMaterial second = keeper.current().orElseThrow();
        assertThat(second).isNotSameAs(first);

        Files.writeString(folder.resolve("host.pem"), "half a certi");
        assertThat(keeper.poll()).isFalse();
        assertThat(keeper.poll()).isFalse();
        assertThat(keeper.reload()).isFalse();
        assertThat(keeper.current()).containsSame(second);
    }

    @Test
    void aListThatWasThereAndIsGoneLetsNobodyInAgain() throws Exception {
        pki.issue("bad");
        pki.revoke("bad");
        pki.publishRevoked();
        TlsKeeper keeper = new TlsKeeper(pki.files());
        assertThat(keeper.reload()).isTrue();

        Files.delete(folder.resolve("crl.pem"));

        assertThat(keeper.reload()).isFalse();
        assertThat(keeper.current().orElseThrow().objection(chain("bad.pem"))).isPresent();
    }

    @Test
    void missingFilesAreListedAndFoundWhenTheyCome() throws IOException {
        Path late = Files.createDirectory(folder.resolve("late"));
        TlsFiles files = new TlsFiles(
                late.resolve("ca.pem"),
                late.resolve("host.pem"),
                late.resolve("host.key"),
                late.resolve("crl.pem"),
                true);
        TlsKeeper keeper = new TlsKeeper(files);
        assertThat(files.missing()).hasSize(4);
        assertThat(keeper.reload()).isFalse();
        assertThat(keeper.current()).isEmpty();

        pki.publishRevoked();
        for (String name : new String[] {"ca.pem", "host.pem", "host.key", "crl.pem"}) {
            assertThat(keeper.poll()).isFalse();
            Files.copy(folder.resolve(name), late.resolve(name));
        }

        assertThat(keeper.poll()).isFalse();
        assertThat(keeper.poll()).isTrue();
        assertThat(keeper.current()).isPresent();
    }

    @Test
    void theEndOfACertificateIsWarnedOfFromThirtyDaysAheadOnceADay() throws IOException {
        pki.openssl("x509", "-in", "ca.pem", "-signkey", "ca.key", "-days", "3650", "-out", "ca.long");
        pki.move("ca.long", "ca.pem");
        pki.issue("host", "-days", "40");
        Hours clock = new Hours();
        TlsKeeper keeper = new TlsKeeper(pki.files(), clock);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger logger = (Logger) LoggerFactory.getLogger(TlsKeeper.class);
        logger.addAppender(log);
        try {
            assertThat(keeper.reload()).isTrue();
            for (int hour = 0; hour < 12 * 24; hour++) { // twelve days: the last two of them are too late
                keeper.poll();
                clock.now = clock.now.plus(Duration.ofHours(1));
            }
            assertThat(log.list.stream()
                            .filter(event -> event.getLevel() == Level.WARN)
                            .map(ILoggingEvent::getFormattedMessage))
                    .hasSize(2)
                    .allMatch(warning -> warning.startsWith("our certificate ends at ")
                            && warning.endsWith(": then the engine connects no more"));
        } finally {
            logger.detachAppender(log);
        }
    }

    private static final class Hours extends Clock {
        private Instant now = Instant.now();

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private void assertBroken(String ca, String certificate, String key, String message) {
        assertThatThrownBy(() -> TlsMaterial.read(files(ca, certificate, key)))
                .isInstanceOf(TlsFileException.class)
                .hasMessageContaining(message);
    }

    private TlsFiles files(String ca, String certificate, String key) {
        return new TlsFiles(pki.file(ca), pki.file(certificate), pki.file(key), pki.file("crl.pem"), false);
    }

    private X509Certificate[] chain(String file) throws Exception {
        return new X509Certificate[] {pki.certificate(file)};
    }
}
