package org.muster.agent.profile;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import org.muster.agent.profile.ProfileRefusedException.Reason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records what the agent does, with the JVM's flight recorder: our own events (creates' phases, libvirt calls) and of the JVM's those that
 * cost little and tell where processor time and memory go. One recording at a time, of bounded time and size.
 *
 * <p>Nothing about the process's environment or command line is recorded. Thread-safe; answers at once.
 */
public final class Profiler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Profiler.class);
    private static final long MOST_BYTES = 32L << 20;
    private static final int PART_BYTES = 512 << 10;
    private static final int LINGER_SECONDS = 5;
    private static final Duration SAMPLE_EVERY = Duration.ofMillis(20);
    private static final Duration LOAD_EVERY = Duration.ofSeconds(1);
    private static final Duration LONG_WAIT = Duration.ofMillis(10);

    private final Profiles profiles;
    private final List<Class<? extends Event>> events;
    private final AtomicBoolean recording = new AtomicBoolean(); // one at a time
    private final CountDownLatch closed = new CountDownLatch(1);
    private final ThreadPoolExecutor thread;

    /**
     * @param directory for the files; made when the first is written, its parent must be there
     * @param events of our own; registered only while one is recorded
     */
    public Profiler(Path directory, List<Class<? extends Event>> events) {
        this.profiles = new Profiles(directory);
        this.events = List.copyOf(events);
        this.thread = new ThreadPoolExecutor(0, 2, LINGER_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            Thread made = new Thread(task, "profile");
            made.setDaemon(true);
            return made;
        });
    }

    /** Records for that long and keeps the recording. Errors: {@link ProfileRefusedException}. */
    public CompletionStage<Profile> record(Duration length) {
        if (!recording.compareAndSet(false, true)) {
            return refused(Reason.BUSY, "a recording is being made");
        }
        CompletableFuture<Profile> answer = new CompletableFuture<>();
        try {
            thread.execute(() -> outcome(length).accept(answer));
        } catch (RejectedExecutionException e) {
            recording.set(false);
            return refused(Reason.BUSY, "no thread to record with");
        }
        return answer;
    }

    private static <T> CompletionStage<T> refused(Reason reason, String why) {
        return CompletableFuture.failedFuture(new ProfileRefusedException(reason, why));
    }

    /** Records; whoever is then told the outcome may ask for the next at once. */
    private Consumer<CompletableFuture<Profile>> outcome(Duration length) {
        try {
            Profile made = make(length);
            return answer -> answer.complete(made);
        } catch (IOException | RuntimeException | LinkageError e) {
            LOG.warn("no recording could be made: {}", e.toString());
            return answer -> answer.completeExceptionally(
                    new ProfileRefusedException(Reason.FAILED, "no recording could be made: " + e.getMessage()));
        } catch (InterruptedException e) {
            return answer -> answer.completeExceptionally(e);
        } finally {
            recording.set(false);
        }
    }

    private Profile make(Duration length) throws IOException, InterruptedException {
        events.forEach(FlightRecorder::register);
        try (Recording recorder = new Recording()) {
            settings(recorder);
            recorder.start();
            boolean stopped = closed.await(length.toNanos(), TimeUnit.NANOSECONDS);
            LOG.debug("the recording ends{}", stopped ? ", and so do we" : "");
            recorder.stop();
            return profiles.keep(Instant.now(), recorder::dump);
        } finally {
            events.forEach(FlightRecorder::unregister);
        }
    }

    private void settings(Recording recorder) {
        recorder.setName("muster");
        recorder.setMaxSize(MOST_BYTES);
        for (Class<? extends Event> event : events) {
            recorder.enable(event.getAnnotation(Name.class).value()).withoutThreshold();
        }
        recorder.enable("jdk.ExecutionSample").withPeriod(SAMPLE_EVERY);
        recorder.enable("jdk.ObjectAllocationSample").with("throttle", "150/s");
        recorder.enable("jdk.CPULoad").withPeriod(LOAD_EVERY);
        recorder.enable("jdk.ThreadCPULoad").withPeriod(LOAD_EVERY);
        recorder.enable("jdk.GarbageCollection");
        recorder.enable("jdk.JavaMonitorEnter").withThreshold(LONG_WAIT).withStackTrace();
        recorder.enable("jdk.FileForce").withThreshold(LONG_WAIT).withStackTrace();
    }

    /** A part of a recording from {@code offset} on; empty at its end. Errors: {@link ProfileRefusedException}. */
    public CompletionStage<byte[]> read(String name, long offset) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        try {
            thread.execute(() -> readInto(answer, name, offset));
        } catch (RejectedExecutionException e) {
            return refused(Reason.BUSY, "no thread to read with");
        }
        return answer;
    }

    private void readInto(CompletableFuture<byte[]> answer, String name, long offset) {
        try {
            answer.complete(profiles.read(name, offset, PART_BYTES));
        } catch (ProfileRefusedException e) {
            answer.completeExceptionally(e);
        } catch (IOException e) {
            answer.completeExceptionally(
                    new ProfileRefusedException(Reason.FAILED, "it cannot be read: " + e.getMessage()));
        }
    }

    /** Ends a recording that is being made. */
    @Override
    public void close() {
        closed.countDown();
        thread.shutdown();
    }
}
