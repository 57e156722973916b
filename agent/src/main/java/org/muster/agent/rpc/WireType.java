package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The type of a value on the wire: what is checked when a call comes in, and what the API description says.
 *
 * <p>Immutable; make them with the factories here. One file, longer than most: each type with its rule, its check and its
 * schema, which must say the same.
 */
public sealed interface WireType {

    /** The rule in words, to be read after the name of a field: {@code must be a UUID}. */
    String rule();

    /** Adds to {@code problems} everything that is wrong with the value; nothing if it is right. */
    void check(String path, JsonNode value, Problems problems);

    /** Adds to {@code found} every member of an object in the value that nobody declared. */
    default void undeclared(String path, JsonNode value, Undeclared found) {}

    /** Tells whether there can be any such: a bulk has thousands of texts, and what says where each one is costs memory. */
    default boolean hasMembers() {
        return false;
    }

    /** The type as JSON Schema (draft 7), for the API description. Answers a new tree each time. */
    ObjectNode schema();

    /** Any JSON value, null too. */
    static WireType any() {
        return new Any();
    }

    /** Any text of at most {@code maxChars}. */
    static WireType text(int maxChars) {
        return new Text(0, maxChars, List.of(), Optional.empty());
    }

    static WireType text(int minChars, int maxChars) {
        return new Text(minChars, maxChars, List.of(), Optional.empty());
    }

    /** Text that matches a regular expression as a whole; the expression must not backtrack without bound. */
    static WireType pattern(int maxChars, String regex) {
        return new Text(0, maxChars, List.of(), Optional.of(Pattern.compile(regex)));
    }

    static WireType oneOf(String... values) {
        return new Text(0, Integer.MAX_VALUE, List.of(values), Optional.empty());
    }

    /** A UUID in its usual form of 36 characters. */
    static WireType uuid() {
        return new Uuid();
    }

    /** The same, but any text is let through: what is no UUID names no VM, and the verb says that of it. {@link Call#vm} reads it. */
    static WireType vm() {
        return new VmId();
    }

    static WireType integer(long min, long max) {
        return new Whole(min, max);
    }

    /** A whole number, or one of some words in its place. */
    static WireType integerOr(long min, long max, String... words) {
        return new WholeOr(new Whole(min, max), List.of(words));
    }

    static WireType number(double min, double max) {
        return new Decimal(min, max);
    }

    static WireType bool() {
        return new Bool();
    }

    /** An object with these members; others are let through unchecked, as everywhere on this wire. */
    static WireType object(Param... members) {
        return new ObjectOf(List.of(members));
    }

    static WireType array(WireType element, int maxItems) {
        return new ArrayOf(element, 0, maxItems);
    }

    static WireType array(WireType element, int minItems, int maxItems) {
        return new ArrayOf(element, minItems, maxItems);
    }

    /** An object with names of the caller's choice, all values of one type. */
    static WireType map(WireType value) {
        return new MapOf(value);
    }

    /**
     * Describes a value without checking it here: for verbs that answer for each item by itself. The handler checks
     * with {@code described.check}.
     */
    static WireType unchecked(WireType described) {
        return new Unchecked(described);
    }

    private static ObjectNode of(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }

    record Any() implements WireType {
        @Override
        public String rule() {
            return "must be a JSON value";
        }

        @Override
        public ObjectNode schema() {
            return JsonNodeFactory.instance.objectNode();
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {}
    }

    record Bool() implements WireType {
        @Override
        public String rule() {
            return "must be true or false";
        }

        @Override
        public ObjectNode schema() {
            return of("boolean");
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {
            problems.require(value.isBoolean(), path, this, value);
        }
    }

    record Whole(long min, long max) implements WireType {
        @Override
        public String rule() {
            return "must be an integer from " + min + " to " + max;
        }

        @Override
        public ObjectNode schema() {
            ObjectNode schema = of("integer");
            if (min != Long.MIN_VALUE) {
                schema.put("minimum", min);
            }
            if (max != Long.MAX_VALUE) {
                schema.put("maximum", max);
            }
            return schema;
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {
            problems.require(value.isIntegralNumber() && inRange(value.bigIntegerValue()), path, this, value);
        }

        boolean inRange(BigInteger number) {
            return number.compareTo(BigInteger.valueOf(min)) >= 0 && number.compareTo(BigInteger.valueOf(max)) <= 0;
        }
    }

    record WholeOr(Whole number, List<String> words) implements WireType {
        @Override
        public String rule() {
            return number.rule() + " or one of " + String.join(", ", words);
        }

        @Override
        public ObjectNode schema() {
            ObjectNode schema = JsonNodeFactory.instance.objectNode();
            ArrayNode either = schema.putArray("anyOf");
            either.add(number.schema());
            ArrayNode allowed = either.addObject().put("type", "string").putArray("enum");
            words.forEach(allowed::add);
            return schema;
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {
            boolean good = value.isTextual()
                    ? words.contains(value.textValue())
                    : value.isIntegralNumber() && number.inRange(value.bigIntegerValue());
            problems.require(good, path, this, value);
        }
    }

    record Decimal(double min, double max) implements WireType {
        @Override
        public String rule() {
            return "must be a number from " + BigDecimal.valueOf(min).toPlainString() + " to "
                    + BigDecimal.valueOf(max).toPlainString();
        }

        @Override
        public ObjectNode schema() {
            return of("number").put("minimum", min).put("maximum", max);
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {
            double number = value.doubleValue();
            problems.require(value.isNumber() && number >= min && number <= max, path, this, value);
        }
    }

    record Uuid() implements WireType {
        private static final Pattern FORM =
                Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

        @Override
        public String rule() {
            return "must be a UUID";
        }

        @Override
        public ObjectNode schema() {
            return of("string").put("format", "uuid").put("pattern", "^" + FORM.pattern() + "$");
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {
            problems.require(value.isTextual() && is(value.textValue()), path, this, value);
        }

        static boolean is(String text) {
            return FORM.matcher(text).matches();
        }
    }

    record VmId() implements WireType {
        private static final WireType WANTED = uuid();

        @Override
        public String rule() {
            return WANTED.rule();
        }

        @Override
        public ObjectNode schema() {
            return WANTED.schema();
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {
            problems.require(value.isTextual(), path, this, value);
        }
    }

    /**
     * Text.
     *
     * @param values what is allowed; empty: anything
     * @param pattern what the whole text must match
     */
    record Text(int minChars, int maxChars, List<String> values, Optional<Pattern> pattern) implements WireType {

        @Override
        public String rule() {
            if (!values.isEmpty()) {
                return "must be one of " + String.join(", ", values);
            }
            String length = minChars == 0
                    ? "must be text of at most " + maxChars + " characters"
                    : "must be text of " + minChars + " to " + maxChars + " characters";
            return length + pattern.map(wanted -> " that matches " + wanted).orElse("");
        }

        @Override
        public ObjectNode schema() {
            ObjectNode schema = of("string");
            if (!values.isEmpty()) {
                ArrayNode allowed = schema.putArray("enum");
                values.forEach(allowed::add);
                return schema;
            }
            if (minChars > 0) {
                schema.put("minLength", minChars);
            }
            if (maxChars < Integer.MAX_VALUE) {
                schema.put("maxLength", maxChars);
            }
            pattern.ifPresent(wanted -> schema.put("pattern", "^(" + wanted + ")$"));
            return schema;
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {
            problems.require(value.isTextual() && fits(value.textValue()), path, this, value);
        }

        private boolean fits(String text) {
            return text.length() >= minChars
                    && text.length() <= maxChars
                    && (values.isEmpty() || values.contains(text))
                    && pattern.map(wanted -> wanted.matcher(text).matches()).orElse(true);
        }
    }

    record ArrayOf(WireType element, int minItems, int maxItems) implements WireType {
        @Override
        public String rule() {
            return "must be an array of " + minItems + " to " + maxItems + " elements";
        }

        @Override
        public ObjectNode schema() {
            ObjectNode schema = of("array");
            schema.set("items", element.schema());
            schema.put("minItems", minItems);
            return maxItems == Integer.MAX_VALUE ? schema : schema.put("maxItems", maxItems);
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {
            boolean fits = value.isArray() && value.size() >= minItems && value.size() <= maxItems;
            problems.require(fits, path, this, value);
            for (int i = 0; fits && i < value.size() && !problems.full(); i++) {
                element.check(path + "[" + i + "]", value.get(i), problems);
            }
        }

        @Override
        public void undeclared(String path, JsonNode value, Undeclared found) {
            for (int i = 0; hasMembers() && value.isArray() && i < value.size(); i++) {
                element.undeclared(path + "[" + i + "]", value.get(i), found);
            }
        }

        @Override
        public boolean hasMembers() {
            return element.hasMembers();
        }
    }

    record MapOf(WireType value) implements WireType {
        @Override
        public String rule() {
            return "must be an object";
        }

        @Override
        public ObjectNode schema() {
            ObjectNode schema = of("object");
            schema.set("additionalProperties", value.schema());
            return schema;
        }

        @Override
        public void check(String path, JsonNode node, Problems problems) {
            problems.require(node.isObject(), path, this, node);
            for (Map.Entry<String, JsonNode> member : node.properties()) {
                if (problems.full()) {
                    return;
                }
                value.check(path + "." + Clip.text(member.getKey()), member.getValue(), problems);
            }
        }

        @Override
        public void undeclared(String path, JsonNode node, Undeclared found) {
            if (hasMembers()) {
                node.properties()
                        .forEach(member ->
                                value.undeclared(path + "." + Clip.text(member.getKey()), member.getValue(), found));
            }
        }

        @Override
        public boolean hasMembers() {
            return value.hasMembers();
        }
    }

    record ObjectOf(List<Param> members) implements WireType {
        @Override
        public String rule() {
            return "must be an object";
        }

        @Override
        public ObjectNode schema() {
            ObjectNode schema = of("object");
            ObjectNode properties = schema.putObject("properties");
            members.forEach(member ->
                    properties.set(member.name(), member.type().schema().put("description", member.description())));
            List<String> required =
                    members.stream().filter(Param::required).map(Param::name).toList();
            if (!required.isEmpty()) {
                ArrayNode names = schema.putArray("required");
                required.forEach(names::add);
            }
            return schema;
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {
            problems.require(value.isObject(), path, this, value);
            if (value.isObject()) {
                members.forEach(member -> problems.checkMember(path + ".", member, value.get(member.name())));
            }
        }

        @Override
        public void undeclared(String path, JsonNode value, Undeclared found) {
            Undeclared.in(path + ".", members, value, found);
        }

        @Override
        public boolean hasMembers() {
            return true;
        }
    }

    record Unchecked(WireType described) implements WireType {
        @Override
        public String rule() {
            return described.rule();
        }

        @Override
        public ObjectNode schema() {
            return described.schema();
        }

        @Override
        public void check(String path, JsonNode value, Problems problems) {}

        @Override
        public void undeclared(String path, JsonNode value, Undeclared found) {
            described.undeclared(path, value, found);
        }

        @Override
        public boolean hasMembers() {
            return described.hasMembers();
        }
    }
}
