package org.muster.agent.payload;

import java.util.List;

/** One file of an image. Immutable: nobody changes the content. */
final class PayloadFile {
    private final List<String> path;
    private final byte[] content;

    /** @param path names of the folders and of the file, from the image's root */
    PayloadFile(List<String> path, byte[] content) {
        this.path = List.copyOf(path);
        this.content = content;
    }

    String name() {
        return path.get(path.size() - 1);
    }

    List<String> folders() {
        return path.subList(0, path.size() - 1);
    }

    byte[] content() {
        return content;
    }
}
