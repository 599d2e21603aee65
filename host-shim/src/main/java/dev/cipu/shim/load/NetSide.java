package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.net.NetFeature;

/**
 * A network device under load: its connection, its queue pairs, what is on its way and what came back. Owned by the load's
 * thread.
 */
final class NetSide implements AutoCloseable {
    /** How long nothing must come back until what is away counts as lost. */
    static final long PATIENCE_NANOS = 1_000_000_000;

    final NetTally tally = new NetTally();
    final FrameLedger ledger = new FrameLedger();
    final LatencyRecorder latency = new LatencyRecorder();
    final FrontEnd frontEnd;
    final StallWatch watch;
    final LoadQueues queues;
    private final NetLane[] lanes;
    private final int burst;
    private final int windowOfAll;

    private NetSide(NetLoadSpec spec, FrontEnd frontEnd) {
        this.frontEnd = frontEnd;
        burst = spec.burst();
        watch = new StallWatch(frontEnd, spec.target().timeout());
        windowOfAll = spec.window() == 0 ? Integer.MAX_VALUE : spec.window() * spec.pairs();
        if (spec.pairs() > frontEnd.maxQueues()) {
            throw new LoadException("the back-end has " + frontEnd.maxQueues() + " queue pairs of " + spec.pairs());
        }
        frontEnd.start(2 * spec.pairs());
        queues = new LoadQueues(frontEnd, 2 * spec.pairs());
        TestFrame frames = new TestFrame((int) BlockPattern.mix(System.nanoTime()));
        lanes = new NetLane[spec.pairs()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new NetLane(
                    frontEnd.queue(2 * i),
                    frontEnd.queue(2 * i + 1),
                    frontEnd.memory(),
                    spec,
                    frontEnd.negotiated().has(NetFeature.MRG_RXBUF),
                    frames,
                    ledger,
                    tally,
                    latency);
        }
    }

    /** Connects to the device, see {@link NetLoad#connect}. */
    static NetSide connect(NetLoadSpec spec) {
        Target target = spec.target();
        FeatureSet wanted = target.ringFeatures();
        if (spec.mergeable()) {
            wanted = wanted.with(NetFeature.MRG_RXBUF);
        }
        if (spec.pairs() > 1) {
            wanted = wanted.with(NetFeature.MQ);
        }
        return target.connect(
                wanted,
                0,
                2 * spec.pairs(),
                NetLane.memoryBytes(spec) * spec.pairs(),
                frontEnd -> new NetSide(spec, frontEnd));
    }

    /** Asks not to be called, and shows the device all receive buffers. */
    void open() {
        queues.suppressCalls();
        for (NetLane lane : lanes) {
            lane.open();
        }
    }

    /** Takes up to a burst of each pair of what came back; returns how many buffers that were. */
    int receive() {
        int back = 0;
        for (NetLane lane : lanes) {
            back += lane.receive();
        }
        return back;
    }

    /** Takes sent buffers back; returns how many. */
    int reclaim() {
        int done = 0;
        for (NetLane lane : lanes) {
            done += lane.reclaim();
        }
        return done;
    }

    /**
     * Sends what burst, window and {@code due} allow.
     *
     * @param intended what counts as the time at which they leave, {@link NetLane#NOW} for when they do
     * @return how many frames that were
     */
    int send(long due, long intended) {
        int sent = 0;
        for (NetLane lane : lanes) {
            long most = Math.min(Math.min(burst, due - sent), (long) windowOfAll - ledger.away());
            sent += lane.send((int) most, intended);
        }
        return sent;
    }

    /** Whether anything was handed to the device and has not come back. */
    boolean isWaiting() {
        boolean waiting = ledger.away() > 0;
        for (NetLane lane : lanes) {
            waiting |= lane.inFlight() > 0;
        }
        return waiting;
    }

    /** Asks to be called when a frame comes, or a buffer that is needed; whether there is neither even now. */
    boolean awaitCalls() {
        boolean nothing = true;
        for (NetLane lane : lanes) {
            nothing &= lane.receiveq().ring().awaitCalls();
            if (!lane.canSend()) {
                nothing &= lane.transmitq().ring().awaitCalls();
            }
        }
        return nothing;
    }

    /** Forgets what was measured and lost so far; nothing may be on its way that is to be seen again. */
    void startAfresh() {
        ledger.forgive();
        latency.reset();
        tally.received = 0;
    }

    @Override
    public void close() {
        frontEnd.close();
    }
}
