package org.muster.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.muster.client.Json;

/** The C program {@code floor.c}: asks libvirt for the same with nothing around it, and counts guests for everybody. */
final class Floor {
    /** Thread counts among which its best is looked for. */
    static final List<Integer> THREADS = List.of(1, 2, 4, 8, 16);

    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final int CLEARING_THREADS = 16;

    private final String program;
    private final String uri;
    private final Children children;

    Floor(String program, String uri, Children children) {
        this.program = program;
        this.uri = uri;
        this.children = children;
    }

    /** What a bulk call cost, cycle by cycle, in seconds. */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never changed or compared
    record Samples(double[] wall, double[] cpu) {}

    /**
     * What some processes used while somebody sampled, or nobody; all in seconds.
     *
     * @param wall of each cycle; zero when nobody sampled
     * @param own CPU of the program that sampled
     * @param processes CPU of each, in the order in which they were named
     * @param threads of the program that sampled
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never changed or compared
    record Period(double[] wall, double own, double[] processes, int threads) {}

    /** Defines and starts them all, from one clock start to each one's last return. */
    Spans create(List<Guest> guests, int threads, GuestShape shape) throws BenchException, InterruptedException {
        String xmls = guests.stream().map(Guest::xml).collect(Collectors.joining("\n"));
        return spans(run(xmls, "create", Integer.toString(threads), shape.state()));
    }

    /** The same; the seconds to each one. */
    double[] createEach(List<Guest> guests, int threads, GuestShape shape) throws BenchException, InterruptedException {
        String xmls = guests.stream().map(Guest::xml).collect(Collectors.joining("\n"));
        return doubles(run(xmls, "create", Integer.toString(threads), shape.state()), "seconds");
    }

    /** Destroys and undefines them all. */
    Spans destroy(List<Guest> guests, int threads) throws BenchException, InterruptedException {
        return spans(run(ids(guests), "destroy", Integer.toString(threads)));
    }

    /** Removes what libvirtd still has of them. */
    void clear(List<Guest> guests) throws BenchException, InterruptedException {
        run(ids(guests), "clear", Integer.toString(CLEARING_THREADS));
    }

    Samples sample(List<Guest> guests, int cycles, Duration pause) throws BenchException, InterruptedException {
        JsonNode answer = run(ids(guests), "sample", Integer.toString(cycles), Long.toString(pause.toMillis()));
        return new Samples(doubles(answer, "wall"), doubles(answer, "cpu"));
    }

    /** Looks on for as many intervals, in which the program itself samples nothing. */
    Period watch(List<Long> pids, int cycles, Duration interval) throws BenchException, InterruptedException {
        return period(run(lines(pids), List.of("watch", Integer.toString(cycles), millis(interval))));
    }

    /** Samples all that run as VDSM does, one cycle an interval. */
    Period vdsmWay(List<Long> pids, int cycles, Duration interval) throws BenchException, InterruptedException {
        return period(run(lines(pids), "vdsm", Integer.toString(cycles), millis(interval)));
    }

    /** Samples all that run by a thread for each and a call for each kind of value. */
    Period oldWay(List<Long> pids, int cycles, Duration interval) throws BenchException, InterruptedException {
        return period(run(lines(pids), "threads", Integer.toString(cycles), millis(interval)));
    }

    private static Period period(JsonNode answer) throws BenchException {
        return new Period(
                doubles(answer, "wall"),
                answer.path("own").asDouble(),
                doubles(answer, "processes"),
                answer.path("threads").asInt());
    }

    private static String lines(List<Long> pids) {
        return pids.stream().map(String::valueOf).collect(Collectors.joining("\n"));
    }

    private static String millis(Duration interval) {
        return Long.toString(interval.toMillis());
    }

    /** Fails unless libvirt says that all of them are what the shape wants: nobody's word is taken for it. */
    void check(List<Guest> guests, GuestShape shape, String whose) throws BenchException, InterruptedException {
        JsonNode counted = run(ids(guests), "count");
        if (counted.path(shape.state()).asInt(-1) != guests.size()) {
            throw new BenchException(whose + " said that " + guests.size() + " guests are " + shape.state()
                    + ", libvirt says " + counted);
        }
    }

    /** Fails unless libvirt knows none of them any more. */
    void checkGone(Collection<Guest> guests, String whose) throws BenchException, InterruptedException {
        JsonNode counted = run(ids(guests), "count");
        if (counted.path("absent").asInt(-1) != guests.size()) {
            throw new BenchException(
                    whose + " said that " + guests.size() + " guests are gone, libvirt says " + counted);
        }
    }

    /** The members {@code libvirt} and {@code qemu}, as texts. */
    JsonNode version() throws BenchException, InterruptedException {
        return run("", "version");
    }

    private static Spans spans(JsonNode answer) throws BenchException {
        return new Spans(answer.path("total").asDouble(), Statistics.mean(doubles(answer, "seconds")));
    }

    private static double[] doubles(JsonNode answer, String member) throws BenchException {
        JsonNode list = answer.path(member);
        if (!list.isArray() || list.isEmpty()) {
            throw new BenchException("floor gave no " + member + ": " + answer);
        }
        double[] values = new double[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i).asDouble();
        }
        return values;
    }

    private static String ids(Collection<Guest> guests) {
        return guests.stream().map(guest -> guest.id().toString()).collect(Collectors.joining("\n"));
    }

    private JsonNode run(String input, String verb, String... arguments) throws BenchException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(verb, uri));
        words.addAll(List.of(arguments));
        return run(input, words);
    }

    private JsonNode run(String input, List<String> words) throws BenchException, InterruptedException {
        List<String> command = new ArrayList<>(Children.LIKE_THE_SERVICE);
        command.add(program);
        command.addAll(words);
        String answer = children.run(LIMIT, input, command);
        try {
            return Json.parse(answer);
        } catch (JsonProcessingException e) {
            throw new BenchException("floor " + words.get(0) + " printed no JSON: " + answer, e);
        }
    }
}
