package org.muster.agent.ops;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A parser of Prometheus' text format 0.0.4 that forgives nothing: not what the format forbids, nor what its conventions do.
 *
 * @param types by family
 * @param series every value by its name with sorted labels
 */
public record PrometheusText(Map<String, String> types, Map<String, Double> series) {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\\\\\"n])*)\"");
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?");

    public static PrometheusText parse(byte[] bytes) {
        return new Parser().parse(decode(bytes));
    }

    private static String decode(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AssertionError("not UTF-8", e);
        }
    }

    /** @param name with labels sorted by name, as {@code a{b="c",d="e"}}, values unescaped */
    public double value(String name) {
        Double value = series.get(name);
        if (value == null) {
            throw new AssertionError("there is no " + name + " in " + series.keySet());
        }
        return value;
    }

    public boolean has(String name) {
        return series.containsKey(name);
    }

    private static final class Parser {
        private final Map<String, String> types = new LinkedHashMap<>();
        private final Map<String, Double> series = new LinkedHashMap<>();
        private final Set<String> helped = new HashSet<>();
        private final Set<String> ended = new HashSet<>();
        private String family = "";
        private int line;
        private int samples; // of the family

        PrometheusText parse(String text) {
            require(text.isEmpty() || text.endsWith("\n"), "does not end with a line feed");
            for (String one : text.split("\n")) {
                line++;
                if (one.startsWith("# HELP ")) {
                    help(one.substring(7));
                } else if (one.startsWith("# TYPE ")) {
                    type(one.substring(7));
                } else {
                    sample(one);
                }
            }
            return new PrometheusText(types, series);
        }

        private void help(String rest) {
            String name = rest.replaceFirst(" .*", "");
            require(line == 1 || samples > 0, "a family without samples before this");
            require(NAME.matcher(name).matches(), "no name");
            require(helped.add(name), "HELP twice");
            require(rest.length() > name.length() + 1, "HELP says nothing");
            require(rest.matches("(?:[^\\\\]|\\\\[\\\\n])*"), "a wrong escape");
            ended.add(family);
            require(!ended.contains(name), "the family comes twice");
            family = name;
            samples = 0;
        }

        private void type(String rest) {
            String[] words = rest.split(" ");
            require(words.length == 2 && words[0].equals(family), "TYPE must follow HELP");
            require(Set.of("counter", "gauge", "summary", "histogram").contains(words[1]), "an unknown type");
            require(types.put(family, words[1]) == null, "TYPE twice");
            if (words[1].equals("counter")) {
                require(family.endsWith("_total"), "a counter's name ends with _total");
            } else {
                require(!family.endsWith("_total") && !family.endsWith("_count"), "no counter may be called that");
            }
        }

        private void sample(String text) {
            Matcher name = NAME.matcher(text);
            require(name.lookingAt(), "no sample");
            String type = types.get(family);
            require(type != null, "a sample without TYPE");
            String suffix = name.group().startsWith(family) ? name.group().substring(family.length()) : "?";
            require(
                    suffix.isEmpty()
                            || (type.equals("summary")
                                    && Set.of("_sum", "_count").contains(suffix))
                            || (type.equals("histogram")
                                    && Set.of("_sum", "_count", "_bucket").contains(suffix)),
                    "not of the family " + family);
            Map<String, String> labels = new TreeMap<>();
            int at = name.end();
            if (text.charAt(at) == '{') {
                at = labels(text, at, labels);
            }
            require(
                    suffix.isEmpty() == labels.containsKey("quantile") || !type.equals("summary"),
                    "a summary's quantile");
            require(
                    suffix.equals("_bucket") == labels.containsKey("le")
                            && !(type.equals("histogram") && suffix.isEmpty()),
                    "a histogram's bound");
            require(text.charAt(at) == ' ', "no blank before the value");
            double value = number(text.substring(at + 1));
            require(!type.equals("counter") || value >= 0, "a counter that is negative or none");
            samples++;
            require(
                    series.put(name.group() + (labels.isEmpty() ? "" : shown(labels)), value) == null,
                    "a series twice");
        }

        private int labels(String text, int from, Map<String, String> labels) {
            int at = from;
            do {
                Matcher label = LABEL.matcher(text).region(at + 1, text.length());
                require(label.lookingAt(), "no label at " + (at + 1));
                require(!label.group(1).startsWith("__"), "a reserved label");
                String value = label.group(2);
                String plain = value.replaceAll("\\\\n", "\n").replaceAll("\\\\([\\\\\"])", "$1");
                require(labels.put(label.group(1), plain) == null, "a label twice");
                at = label.end();
            } while (text.charAt(at) == ',');
            require(text.charAt(at) == '}', "no end of the labels");
            return at + 1;
        }

        private static String shown(Map<String, String> labels) {
            StringBuilder text = new StringBuilder();
            labels.forEach((label, value) -> text.append(text.isEmpty() ? "{" : ",")
                    .append(label)
                    .append("=\"")
                    .append(value)
                    .append('"'));
            return text.append('}').toString();
        }

        private double number(String text) {
            return switch (text) {
                case "NaN" -> Double.NaN;
                case "+Inf" -> Double.POSITIVE_INFINITY;
                case "-Inf" -> Double.NEGATIVE_INFINITY;
                default -> {
                    require(NUMBER.matcher(text).matches(), "no number: " + text);
                    yield Double.parseDouble(text);
                }
            };
        }

        private void require(boolean good, String problem) {
            if (!good) {
                throw new AssertionError("line " + line + ": " + problem);
            }
        }
    }
}
