package dev.cipu.shim.replay.live;

import dev.cipu.shim.load.LoadException;
import dev.cipu.shim.load.StallWatch;
import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.LeftOut;
import dev.cipu.shim.replay.ReplayException;
import dev.cipu.shim.replay.Tape;
import dev.cipu.sim.model.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * A trace replayed into a device behind a vhost-user or vfio-user socket: each transaction is sent at its time, or as soon as there is room. One
 * thread does everything; {@link #stop} may come from any. An object serves one run.
 */
public final class LiveReplay implements AutoCloseable {
    /** Sent at once before what is done is looked at. */
    private static final int BURST = 32;

    /** Empty turns between two looks at the back-end. */
    private static final int TURNS_PER_LOOK = 256;

    /** If nothing is due for so long, the thread sleeps until shortly before. */
    private static final long REST_NANOS = 200_000;

    private static final long WAKE_EARLY_NANOS = 80_000;

    /** While it sleeps it looks so often for frames, and for whether the back-end is there. */
    private static final long SLEEP_NANOS = 1_000_000;

    /** Frames may still come so long after the last one was sent. */
    private static final long LINGER_NANOS = 50_000_000;

    private final LiveSpec spec;
    private final Contents contents;
    private final Contents.Queue first;
    private final LiveTally tally = new LiveTally();
    private final Player player;
    private final StallWatch watch;
    private volatile boolean stopped;
    private int turns;

    private LiveReplay(LiveSpec spec, Contents contents, Contents.Queue first) {
        this.spec = spec;
        this.contents = contents;
        this.first = first;
        player = first.device().isNetwork()
                ? NetPlayer.connect(spec, contents.queues(), tally)
                : BlkPlayer.connect(spec, contents.queues(), tally);
        watch = new StallWatch(player.device(), spec.target().timeout());
    }

    /**
     * Looks through the trace, connects to the device, and checks that it can have what the trace has.
     *
     * @throws ReplayException if it cannot, or writes are to be sent and nobody said so; nothing was sent then
     * @throws dev.cipu.shim.vhost.frontend.FrontEndException if there is no back-end or it refuses
     * @throws dev.cipu.shim.probe.LinkException likewise of a function's server
     */
    public static LiveReplay connect(LiveSpec spec) {
        Contents contents = Contents.of(spec.directory(), spec.selection(), spec.pace());
        contents.checkNotEmpty();
        List<String> devices = contents.queues().stream()
                .map(each -> each.device().id())
                .distinct()
                .toList();
        if (devices.size() > 1) {
            throw new ReplayException("the trace has several devices, and there is one behind a socket: choose with"
                    + " --device among " + String.join(", ", devices));
        }
        checkWrites(spec, contents);
        return new LiveReplay(spec, contents, contents.queues().getFirst());
    }

    private static void checkWrites(LiveSpec spec, Contents contents) {
        String writes = contents.kinds().stream()
                .filter(each -> each.operation() == Operation.WRITE || each.operation() == Operation.DISCARD)
                .map(each -> each.count() + " " + each.operation().plural())
                .collect(Collectors.joining(" and "));
        if (spec.writes() == Writes.REFUSE && !writes.isEmpty()) {
            throw new ReplayException("the trace has " + writes + ", which destroy what is on the disk at "
                    + spec.target().socket()
                    + ": nothing was sent; say --writes send, or --writes skip to leave them out");
        }
    }

    /** What the trace has. */
    public Contents contents() {
        return contents;
    }

    /** Ends the replay soon; {@link #run} then returns what was done until then. */
    public void stop() {
        stopped = true;
    }

    /** Sends everything, and waits until the device is done with it. */
    public LiveResult run() {
        try (Tape tape = Tape.open(spec.directory(), spec.selection(), spec.pace())) {
            long begin = System.nanoTime();
            boolean more = next(tape);
            while (!stopped && more) {
                int done = player.reap();
                int sent = 0;
                long now = System.nanoTime();
                while (more && sent < BURST && isDue(tape, begin, now) && player.hasRoom(tape)) {
                    tally.send(tape.operation(), tape.bytes(), late(tape, begin, now));
                    player.send(tape, now);
                    sent++;
                    more = next(tape);
                }
                if (sent > 0) {
                    player.publish();
                }
                if (done > 0) {
                    watch.progress();
                } else if (sent == 0) {
                    idle(tape.due() - (now - begin));
                }
            }
            drain();
            double seconds = (System.nanoTime() - begin) / 1e9;
            if (first.device().isNetwork()) {
                linger();
            }
            player.device().stop();
            return result(tape, seconds, more);
        }
    }

    /** Goes on to the next transaction that can be sent to this device. */
    private boolean next(Tape tape) {
        while (!stopped && tape.next()) {
            LeftOut reason = player.refuses(tape);
            if (reason == null) {
                return true;
            }
            tape.leaveOut(reason);
        }
        return false;
    }

    private boolean isDue(Tape tape, long begin, long now) {
        return spec.pace().unpaced() || tape.due() <= now - begin;
    }

    private long late(Tape tape, long begin, long now) {
        return spec.pace().unpaced() ? 0 : now - begin - tape.due();
    }

    /** Waits until the device is done with everything. */
    private void drain() {
        while (player.underWay() > 0) {
            if (player.reap() > 0) {
                watch.progress();
            } else {
                spin();
            }
        }
    }

    /** What was sent may still bring something. */
    private void linger() {
        long end = System.nanoTime() + LINGER_NANOS;
        while (System.nanoTime() - end < 0 && !stopped) {
            if (player.reap() == 0) {
                LockSupport.parkNanos(SLEEP_NANOS);
            }
        }
    }

    /** Nothing is done or sent, and the next one is due in so many nanoseconds. */
    private void idle(long nanos) {
        if (spec.pace().unpaced() || player.underWay() > 0 || nanos < REST_NANOS) {
            spin();
            return;
        }
        LockSupport.parkNanos(Math.min(nanos - WAKE_EARLY_NANOS, SLEEP_NANOS));
        if (!player.device().isConnected()) {
            throw gone();
        }
    }

    private LoadException gone() {
        return new LoadException(player.device().server() + " closed the connection");
    }

    private void spin() {
        if (++turns % TURNS_PER_LOOK != 0) {
            Thread.onSpinWait();
        } else if (player.underWay() > 0 && watch.isLost(System.nanoTime())) {
            throw gone();
        }
    }

    private LiveResult result(Tape tape, double seconds, boolean more) {
        List<LiveResult.Sent> sent = new ArrayList<>();
        long errors = 0;
        for (Contents.Kind kind : contents.kinds()) {
            LiveTally.Sent of = tally.of(kind.operation());
            errors += of.errors();
            if (of.count() > 0) {
                sent.add(new LiveResult.Sent(
                        kind.operation(),
                        of.count(),
                        of.bytes(),
                        of.count() / seconds,
                        of.errors(),
                        of.latency(),
                        kind.recorded()));
            }
        }
        return new LiveResult(
                spec.directory().toString(),
                first.device().id(),
                spec.target().socket().toString(),
                spec.pace().toString(),
                contents.due() / 1e9,
                seconds,
                sent,
                tally.behind(),
                tape.leftOut(),
                contents.lost(),
                player.queues(),
                player.recordedQueues(),
                tally.received(),
                tally.receivedBytes(),
                errors,
                tally.firstProblem(),
                more);
    }

    @Override
    public void close() {
        player.device().close();
    }
}
