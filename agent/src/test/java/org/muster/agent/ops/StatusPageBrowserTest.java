package org.muster.agent.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.create.Concurrency;
import org.muster.agent.create.CreateRecord;
import org.muster.agent.create.QueueView;
import org.muster.agent.domain.Vm;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.CallGuard.Role;

/** The status page in a real browser. Needs chromium; run by {@code ./dev test --browser} and {@code --all}. */
@Tag("browser")
class StatusPageBrowserTest {
    private static final String HOSTILE = "<img src=x onerror=document.title=1>\"'&";
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    private Path folder;

    private static String first(int column) {
        return "document.querySelector('#guests tbody').rows[0].cells[" + column + "].textContent";
    }

    private static void click(Browser browser, String selector) throws IOException {
        browser.eval("document.querySelector(\"" + selector + "\").click()");
    }

    @Test
    void threeHundredGuestsAreShownSortedFoundAndFollowed() throws IOException {
        try (OpsRig rig = new OpsRig();
                Browser browser = Browser.start(folder.resolve("profile"))) {
            for (int i = 0; i < 299; i++) {
                rig.run("guest-%03d".formatted(i));
            }
            Vm hostile = rig.run(HOSTILE);
            rig.samples.computeIfPresent(hostile.id(), (id, stats) -> OpsRig.frozen(stats));
            String address = "http://localhost:" + rig.port() + "/";

            browser.open(address);

            browser.until("document.getElementById('link').textContent === 'live'");
            // trouble first, and a name is text whatever it says
            assertThat(browser.eval(first(0)).asText()).isEqualTo(HOSTILE);
            assertThat(browser.eval(first(6)).asText()).isEqualTo("frozen for 5 s: its emulator does not answer");
            assertThat(browser.eval("document.images.length").asInt()).isZero();
            assertThat(browser.eval("document.querySelector('#guests tbody').rows.length")
                            .asInt())
                    .isEqualTo(StatusJson.PAGE);
            assertThat(browser.eval("document.getElementById('range').textContent")
                            .asText())
                    .isEqualTo("1 to 100 of 300");
            browser.until("document.querySelectorAll('#guests svg polyline').length > 90"); // noted every five seconds

            click(browser, "th[data-sort=name] button");
            browser.until(first(0) + " === " + quoted(HOSTILE) + " && document.querySelector('th[data-sort=name]')"
                    + ".getAttribute('aria-sort') === 'ascending'");
            click(browser, "th[data-sort=name] button");
            browser.until(first(0) + " === 'guest-298'");
            click(browser, "#after");
            browser.until("document.getElementById('range').textContent === '101 to 200 of 300'");
            browser.eval("document.getElementById('find').value = 'guest-00';"
                    + "document.getElementById('find').dispatchEvent(new Event('input'))");
            browser.until("document.getElementById('range').textContent === '1 to 10 of 10 that match'");

            follows(rig, browser);
            looksLikeItsSurroundings(browser);

            assertThat(browser.requests())
                    .isNotEmpty()
                    .allMatch(url ->
                            url.equals(address) || url.startsWith(address + "status.json?") || url.startsWith("data:"));
            assertThat(browser.complaints()).isEmpty();
            Files.createDirectories(Path.of("target"));
            Files.write(Path.of("target", "status.png"), browser.screenshot());
        }
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static void follows(OpsRig rig, Browser browser) {
        rig.queue.set(new QueueView(
                List.of(),
                List.of(new QueueView.Running(
                        StatusTest.create("slow", CreateRecord.State.STARTING, ""), 40 * SECOND, true)),
                List.of(),
                "",
                4000,
                new Concurrency.Auto(),
                4,
                false,
                ""));
        CallGuard.CallToken call = rig.calls.begin(Role.CREATE, "virDomainCreateWithFlags", null);
        rig.clock.addAndGet(40 * SECOND);

        browser.until("document.querySelector('#creates tbody').textContent.includes('is being started, hangs')");
        browser.until("document.querySelector('#calls tr.late').textContent.includes('virDomainCreateWithFlags')");
        browser.until("document.getElementById('callWhy').textContent === '1 stuck of 3 that libvirtd can bear'");
        browser.until(first(5) + " === '41 s'");
        call.close();
        browser.until("document.getElementById('callCount').textContent === '0'");
    }

    private static void looksLikeItsSurroundings(Browser browser) throws IOException {
        String ground = "getComputedStyle(document.body).backgroundColor";
        String before = "";
        for (String scheme : List.of("dark", "light")) {
            browser.command(
                    "Emulation.setEmulatedMedia",
                    Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
            assertThat(browser.eval(ground).asText()).as(scheme).isNotEqualTo(before);
            before = browser.eval(ground).asText();
        }
    }

    @Test
    void anAgentThatIsGoneIsSaidAndItsReturnSeen() throws IOException {
        try (Browser browser = Browser.start(folder.resolve("profile"))) {
            int port;
            try (OpsRig rig = new OpsRig()) {
                rig.run("a");
                port = rig.port();
                browser.open("http://127.0.0.1:" + port + "/");
                browser.until("document.getElementById('link').textContent === 'live'");
            }
            browser.until("document.getElementById('link').textContent.startsWith('no answer for ')");
            assertThat(browser.eval(first(0)).asText())
                    .as("what was known stays")
                    .isEqualTo("a");

            try (OpsRig rig = new OpsRig(OpsConfig.of("127.0.0.1", port, true, false))) {
                assertThat(rig.port()).isEqualTo(port);
                rig.run("b");
                browser.until(first(0) + " === 'b'");
            }
        }
    }
}
