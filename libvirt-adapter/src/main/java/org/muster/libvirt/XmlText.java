package org.muster.libvirt;

/** Text as it stands in XML, good for an attribute's value as well as between tags. Stateless. */
final class XmlText {
    private XmlText() {}

    /** Appends the text; false if it holds something that XML 1.0 cannot hold, which is then left out. */
    static boolean escape(String text, StringBuilder out) {
        boolean good = true;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c < 0x7f) {
                escape(c, out);
            } else if (c == '\t' || c == '\n' || c == '\r' || c == 0x7f) {
                out.append("&#").append((int) c).append(';'); // as it is, an attribute would lose it
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                out.append(c).append(text.charAt(++i));
            } else if (c < ' ' || Character.isSurrogate(c) || c >= 0xfffe) {
                good = false;
            } else {
                out.append(c);
            }
        }
        return good;
    }

    private static void escape(char c, StringBuilder out) {
        switch (c) {
            case '&' -> out.append("&amp;");
            case '<' -> out.append("&lt;");
            case '>' -> out.append("&gt;");
            case '"' -> out.append("&quot;");
            case '\'' -> out.append("&apos;");
            default -> out.append(c);
        }
    }
}
