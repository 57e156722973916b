package org.muster.agent.tls;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * Puts the older forms of private keys into PKCS#8, the only one that the JDK reads: a few bytes around the same key.
 *
 * <p>Own, since a library that can (Bouncy Castle) weighs eight megabytes. Errors: {@link IllegalArgumentException} for
 * bytes that are no such key.
 */
final class Der {

    private static final int SEQUENCE = 0x30;
    private static final int INTEGER = 0x02;
    private static final int OCTETS = 0x04;
    private static final int LONG_FORM = 0x80; // in a length: so many bytes follow
    private static final int PARAMETERS = 0xa0; // in an EC key: the curve
    private static final byte[] VERSION_0 = {INTEGER, 1, 0};
    // rsaEncryption (1.2.840.113549.1.1.1) with NULL parameters; id-ecPublicKey (1.2.840.10045.2.1)
    private static final byte[] RSA = {
        0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
    };
    private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};

    private Der() {}

    static byte[] pkcs8OfRsa(byte[] pkcs1) {
        return element(SEQUENCE, VERSION_0, RSA, element(OCTETS, pkcs1));
    }

    static byte[] pkcs8OfEc(byte[] sec1) {
        byte[] curve = curve(sec1);
        return element(SEQUENCE, VERSION_0, element(SEQUENCE, EC, curve), element(OCTETS, sec1));
    }

    private static byte[] curve(byte[] sec1) {
        int at = contentAt(sec1, 0, SEQUENCE);
        while (at < sec1.length) {
            int tag = sec1[at] & 0xff;
            int content = contentAt(sec1, at, tag);
            int end = content + length(sec1, at);
            if (end > sec1.length) {
                break;
            }
            if (tag == PARAMETERS) {
                return Arrays.copyOfRange(sec1, content, end);
            }
            at = end;
        }
        throw new IllegalArgumentException("an EC key must name its curve");
    }

    private static byte[] element(int tag, byte[]... contents) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] content : contents) {
            all.writeBytes(content);
        }
        ByteArrayOutputStream element = new ByteArrayOutputStream();
        element.write(tag);
        int bytes =
                (Integer.SIZE - Integer.numberOfLeadingZeros(all.size()) + 7) / 8; // as few as it takes: that is DER
        if (all.size() >= LONG_FORM) {
            element.write(LONG_FORM | bytes);
        } else {
            bytes = 1;
        }
        for (int shift = (bytes - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            element.write(all.size() >> shift);
        }
        element.writeBytes(all.toByteArray());
        return element.toByteArray();
    }

    /** Where the content of an element begins. */
    private static int contentAt(byte[] der, int at, int tag) {
        if (at + 1 >= der.length || (der[at] & 0xff) != tag) {
            throw new IllegalArgumentException("no key in DER");
        }
        int first = der[at + 1] & 0xff;
        return at + 2 + (first < LONG_FORM ? 0 : first - LONG_FORM);
    }

    private static int length(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        if (first < LONG_FORM) {
            return first;
        }
        int length = 0;
        for (int i = at + 2; i < contentAt(der, at, der[at] & 0xff); i++) {
            if (i >= der.length || length > der.length) {
                throw new IllegalArgumentException("no key in DER");
            }
            length = (length << Byte.SIZE) | (der[i] & 0xff);
        }
        return length;
    }
}
