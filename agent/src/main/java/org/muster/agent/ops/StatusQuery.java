package org.muster.agent.ops;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Which guests the reader of the status wants to see, and in which order.
 *
 * @param find in lower case; empty for all
 * @param page from 0
 */
record StatusQuery(String find, Sort sort, boolean descending, int page) {
    private static final int MOST_FIND = 100;
    private static final int MOST_PAGE = 100_000;

    enum Sort {
        TROUBLE,
        NAME,
        STATUS,
        CPU,
        MEMORY,
        AGE
    }

    /** Ties are broken by name, so that lines keep their places. */
    Comparator<GuestRow> order() {
        Comparator<GuestRow> wanted = switch (sort) {
            case TROUBLE -> Comparator.comparingInt(row -> -row.concern());
            case NAME -> Comparator.comparing(GuestRow::name);
            case STATUS -> Comparator.comparing(GuestRow::status);
            case CPU -> Comparator.comparingDouble(row -> row.cpuPercent().orElse(-1));
            case MEMORY -> Comparator.comparingLong(row -> row.memoryKib().orElse(-1));
            case AGE -> Comparator.comparingLong(row -> row.ageNanos().orElse(-1));
        };
        return (descending ? wanted.reversed() : wanted)
                .thenComparing(GuestRow::name)
                .thenComparing(GuestRow::id);
    }

    /** @throws IllegalArgumentException with field, rule and value, for whoever asked */
    static StatusQuery parse(String query) {
        StatusQuery result = new StatusQuery("", Sort.TROUBLE, false, 0);
        for (String pair : query.isEmpty() ? new String[0] : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            result = result.with(name, decode(equals < 0 ? "" : pair.substring(equals + 1)));
        }
        return result;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw wrong("query", "must be percent-encoded", text, e);
        }
    }

    private StatusQuery with(String name, String value) {
        return switch (name) {
            case "find" -> new StatusQuery(found(value), sort, descending, page);
            case "sort" -> new StatusQuery(find, one(name, value, byName(Sort.values())), descending, page);
            case "order" -> new StatusQuery(find, sort, one(name, value, Map.of("asc", false, "desc", true)), page);
            case "page" -> new StatusQuery(find, sort, descending, number(value));
            default -> throw wrong("query", "must be of find, sort, order and page", name, null);
        };
    }

    private static String found(String value) {
        if (value.length() > MOST_FIND) {
            throw wrong("find", "must have at most " + MOST_FIND + " characters", value.length() + " characters", null);
        }
        return value.strip().toLowerCase(Locale.ROOT);
    }

    private static Map<String, Sort> byName(Sort[] all) {
        return Arrays.stream(all)
                .collect(Collectors.toMap(sort -> sort.name().toLowerCase(Locale.ROOT), Function.identity()));
    }

    private static <T> T one(String field, String value, Map<String, T> words) {
        T meaning = words.get(value);
        if (meaning == null) {
            String rule = "must be one of "
                    + String.join(", ", words.keySet().stream().sorted().toList());
            throw wrong(field, rule, value, null);
        }
        return meaning;
    }

    private static int number(String value) {
        String rule = "must be a number from 0 to " + MOST_PAGE;
        try {
            int page = Integer.parseInt(value);
            if (page < 0 || page > MOST_PAGE) {
                throw wrong("page", rule, value, null);
            }
            return page;
        } catch (NumberFormatException e) {
            throw wrong("page", rule, value, e);
        }
    }

    private static IllegalArgumentException wrong(String field, String rule, String value, Throwable cause) {
        return new IllegalArgumentException(field + ": " + rule + ", got '" + HostNames.clip(value) + "'", cause);
    }
}
