package org.muster.agent.create;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.muster.libvirt.DomainXml.Problem;

/**
 * What a batch asks for, as a digest: of what was understood, so that the order of members, defaults that are written out and when a
 * person asked make no other content.
 *
 * <p>Confined; used once.
 */
final class ContentHash {
    private static final String NO_CONTENT = "requestedAt";

    private final MessageDigest digest;
    private final ByteBuffer number =
            ByteBuffer.allocate(Integer.BYTES); // one for all: a bulk has ten thousand of them

    private ContentHash(MessageDigest digest) {
        this.digest = digest;
    }

    static String of(Optional<String> template, List<BatchRequest.Item> items) {
        ContentHash hash = new ContentHash(sha256());
        hash.add(template);
        items.forEach(hash::add);
        return HexFormat.of().formatHex(hash.digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private void add(BatchRequest.Item item) {
        add(item.vmId());
        add(item.xml());
        String[] keys = item.values().keySet().toArray(String[]::new);
        Arrays.sort(keys);
        for (String key : keys) {
            add(key);
            add(item.values().get(key));
        }
        add(item.createClass().name());
        add(item.priority());
        add(item.launchPaused().map(Object::toString));
        for (Problem problem : item.problems()) {
            if (!problem.field().equals(NO_CONTENT)) {
                add(problem.field());
                add(problem.value());
            }
        }
        add(-1); // else two items could be one
    }

    private void add(Optional<String> text) {
        text.ifPresentOrElse(this::add, () -> add(-1));
    }

    private void add(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        add(bytes.length); // where it ends
        digest.update(bytes);
    }

    private void add(int number) {
        digest.update(this.number.putInt(0, number).array());
    }
}
