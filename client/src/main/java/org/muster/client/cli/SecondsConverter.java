package org.muster.client.cli;

import java.math.BigDecimal;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Seconds on the command line, whole or with a fraction, to a duration. */
final class SecondsConverter implements ITypeConverter<Duration> {
    private static final BigDecimal LEAST = new BigDecimal("0.001");
    private static final BigDecimal MOST = new BigDecimal(86_400);

    @Override
    public Duration convert(String text) {
        BigDecimal seconds;
        try {
            seconds = new BigDecimal(text);
        } catch (NumberFormatException e) {
            throw refused(text);
        }
        if (seconds.compareTo(LEAST) < 0 || seconds.compareTo(MOST) > 0) {
            throw refused(text);
        }
        return Duration.ofMillis(seconds.movePointRight(3).longValue());
    }

    private static TypeConversionException refused(String text) {
        return new TypeConversionException("must be 0.001 to 86400 seconds, got '" + text + "'");
    }
}
