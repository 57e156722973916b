package org.muster.agent.ops;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.CompletionStage;

/**
 * {@code /}: the status page. One document with nothing beside it; what it may run and load is what it came with, and
 * {@code /status.json}. A guest's name is anybody's text, so the browser is told to run nothing else. Thread-safe.
 */
final class StatusPage {
    private static final String FILE = "status.html";

    private StatusPage() {}

    static CompletionStage<Answer> answer() {
        return Site.done(Loaded.PAGE);
    }

    /** Read by the first who asks: most agents are never looked at. */
    private static final class Loaded {
        static final Answer PAGE = load();

        private static Answer load() {
            byte[] page = read();
            String text = new String(page, StandardCharsets.UTF_8);
            return Answer.ok("text/html; charset=utf-8", page)
                    .with(
                            "Content-Security-Policy",
                            "default-src 'none'; script-src 'sha256-" + hash(text, "script") + "'; style-src 'sha256-"
                                    + hash(text, "style") + "'; connect-src 'self'; img-src data:; base-uri 'none';"
                                    + " form-action 'none'; frame-ancestors 'none'")
                    .with("Referrer-Policy", "no-referrer")
                    .with("Cross-Origin-Resource-Policy", "same-origin");
        }

        private static byte[] read() {
            try (InputStream in = StatusPage.class.getResourceAsStream(FILE)) {
                return in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(FILE, e);
            }
        }

        /** Of what is between the tags, to the byte. */
        private static String hash(String page, String tag) {
            int begin = page.indexOf("<" + tag + ">") + tag.length() + 2;
            String inside = page.substring(begin, page.indexOf("</" + tag + ">", begin));
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                return Base64.getEncoder().encodeToString(digest.digest(inside.getBytes(StandardCharsets.UTF_8)));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // every JDK has it
            }
        }
    }
}
