package dev.cipu.shim.conform;

import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.virtio.Feature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.driver.NetControl;
import dev.cipu.virtio.net.NetConfig;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetFeatures;
import dev.cipu.virtio.net.control.NetControlLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A network device that is commanded: its control queue, and as many pairs as wanted. {@code [virtio-1.4 §5.1.6.5]} */
final class Commands {
    static final byte[] BROADCAST = {-1, -1, -1, -1, -1, -1};

    private static final int SIZE = 64;
    private static final int ROOM = 1024;
    private static final int BUFFERS = 48;
    private static final int FRAME = 100;

    /** Nanoseconds in which a device that answers commands has answered one. */
    private static final long LONG_ENOUGH = 1_000_000_000;

    /** Where the queue is for a driver that knows of one pair. */
    private static final int BEHIND_ONE_PAIR = 2;

    private final Rig rig;
    private final RigQueue queue;
    private final NetControl driver;
    private final List<Reflection> pairs;
    private long deadline;
    private int seed;

    private Commands(Rig rig, RigQueue queue, List<Reflection> pairs) {
        this.rig = rig;
        this.queue = queue;
        this.pairs = List.copyOf(pairs);
        driver = new NetControl(queue.ring(), rig.memory(), ROOM, queue::kick, this::isInTime);
    }

    /** Whether a command is answered at all: some back-ends offer the queue and leave it to the front-end. */
    static boolean areAnswered(Rig rig) {
        try {
            Commands commands = on(rig, FeatureSet.of(NetFeature.CTRL_RX), 1);
            long limit = Math.min(rig.peer().timeout().toNanos(), LONG_ENOUGH);
            return commands.driver(limit).mode(NetControlLayout.RX_PROMISC, true) != NetControl.NO_ACK;
        } catch (LinkException | IllegalStateException e) {
            return false;
        }
    }

    /** A device with one pair that has accepted the given features, all of which are offered. */
    static Commands start(Trial trial, int... features) {
        return startPairs(trial, 1, features);
    }

    /** As above with more pairs. */
    static Commands startPairs(Trial trial, int pairs, int... features) {
        needFeatures(trial, features);
        return on(trial.connect(), FeatureSet.of(features), pairs);
    }

    static void needFeatures(Trial trial, int... features) {
        trial.needFeature(NetFeature.CTRL_VQ, "CTRL_VQ");
        for (int feature : features) {
            trial.needFeature(feature, name(feature));
        }
        trial.need(trial.survey().commands(), "no command is answered: the control queue is the front-end's");
    }

    private static String name(int bit) {
        return NetFeatures.ALL.stream()
                .filter(feature -> feature.bit() == bit)
                .map(Feature::name)
                .findFirst()
                .orElse("feature " + bit);
    }

    private static Commands on(Rig rig, FeatureSet features, int count) {
        rig.accept(Rig.LEAST.or(features).with(NetFeature.CTRL_VQ).with(NetFeature.MAC))
                .share();
        boolean many = rig.negotiated().has(NetFeature.MQ) || rig.negotiated().has(NetFeature.RSS);
        int index = many ? 2 * rig.maxQueues() : BEHIND_ONE_PAIR;
        List<Reflection> pairs = new ArrayList<>();
        for (int pair = 0; pair < count; pair++) {
            pairs.add(Reflection.pair(rig, pair, BUFFERS, Reflection.BIG_BUFFER));
        }
        RigQueue queue = rig.queue(index, SIZE, 0);
        rig.start(queue);
        rig.driverOk();
        pairs.forEach(Reflection::begin);
        return new Commands(rig, queue, pairs);
    }

    /** The same device after a reset, with the same features. */
    Commands afterReset() {
        FeatureSet features = rig.negotiated();
        rig.reset();
        return on(rig, features, pairs.size());
    }

    Rig rig() {
        return rig;
    }

    /** The queue's number. */
    int index() {
        return queue.index();
    }

    /** For the next command, which has the usual time. */
    NetControl driver() {
        return driver(rig.peer().timeout().toNanos());
    }

    private NetControl driver(long nanos) {
        deadline = System.nanoTime() + nanos;
        return driver;
    }

    private boolean isInTime() {
        Thread.onSpinWait();
        return System.nanoTime() - deadline < 0;
    }

    /**
     * A command in buffers of the caller's choice; returns the ack, {@link NetControl#NO_ACK} if there is none.
     *
     * @param cuts lengths of the first buffers of what the device reads
     * @param room bytes for the device to write, the ack last
     */
    int framed(byte[] command, int[] cuts, int room) {
        long out = rig.allocate(command.length);
        rig.memory().slice(out, command.length).copyFrom(MemorySegment.ofArray(command));
        List<Part> parts = new ArrayList<>(Part.readable(out, command.length).cut(cuts));
        long in = rig.allocate(Math.max(1, room));
        rig.memory().slice(in, 1).fill((byte) NetControl.NO_ACK);
        if (room > 0) {
            parts.add(Part.writable(in, room));
        }
        queue.give(parts);
        boolean back = queue.take(rig.peer().timeout()) != null;
        return back && room > 0 ? rig.memory().slice(in, 1).get(ValueLayout.JAVA_BYTE, 0) : NetControl.NO_ACK;
    }

    /** The address in the configuration, which a driver goes by. */
    byte[] mac(Trial trial) {
        trial.need(
                rig.has(ProtocolFeature.CONFIG) && rig.negotiated().has(NetFeature.MAC),
                "the back-end shows no address in a configuration space");
        return rig.config(NetConfig.MAC, NetControlLayout.MAC_BYTES);
    }

    Reflection pair(int index) {
        return pairs.get(index);
    }

    /**
     * Whether a frame to this address is received. Behind it goes one to an address that is, or nothing could be told.
     *
     * @param received an address whose frames are received now
     */
    boolean receives(byte[] to, byte[] received) {
        return receivesFrame(Frames.to(to, Frames.plain(FRAME, seed++)), received);
    }

    /** As {@link #receives}, of a frame as it is. */
    boolean receivesFrame(byte[] frame, byte[] received) {
        byte[] marker = Frames.to(received, Frames.plain(FRAME, seed++));
        Reflection reflection = pairs.getFirst();
        boolean sent =
                reflection.send(Reflection.plainHeader(), frame) && reflection.send(Reflection.plainHeader(), marker);
        boolean seen = false;
        Reflection.Received next = sent ? reflection.receive(rig.peer().timeout()) : null;
        while (next != null) {
            reflection.refill();
            if (Arrays.equals(next.frame(), marker)) {
                return seen;
            }
            seen |= Arrays.equals(next.frame(), frame);
            next = reflection.receive(rig.peer().timeout());
        }
        throw new IllegalStateException("a frame that is to be received does not come back");
    }

    /** On which pair a frame comes back that is sent on the first one; -1: on none. */
    int pairOf(byte[] frame) {
        if (!pairs.getFirst().send(Reflection.plainHeader(), frame)) {
            return -1;
        }
        long end = System.nanoTime() + rig.peer().timeout().toNanos();
        do {
            for (int i = 0; i < pairs.size(); i++) {
                Reflection.@Nullable Received received = pairs.get(i).receive(Duration.ZERO);
                if (received != null) {
                    pairs.get(i).refill();
                    if (Arrays.equals(received.frame(), frame)) {
                        return i;
                    }
                }
            }
        } while (System.nanoTime() - end < 0);
        return -1;
    }
}
