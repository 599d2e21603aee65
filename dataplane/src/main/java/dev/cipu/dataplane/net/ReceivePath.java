package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetControlState;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.RssConfig;
import java.util.Arrays;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the frames for a guest, in this order: the driver's filters, its hash, then the pair that gets them: by its
 * table, or by the flows that it sends. {@code [virtio-1.4 §5.1.6.5]} Owner: the thread that owns the port; nothing allocates for
 * a frame.
 */
final class ReceivePath {
    /** Instead of a pair: there is none that the frame may go to. */
    static final int NO_PAIR = -1;

    /** Instead of a pair: the driver does not want the frame. */
    static final int FILTERED = -2;

    private final NetDevice device;
    private final NetControlState state;
    private final PacketPool pool;
    private final IntPredicate isLive;
    private final ReceiveFilter filter;
    private final FlowHash hash = new FlowHash();
    private final FlowSteering flows = new FlowSteering();

    private final int[] pairs = new int[Burst.CAPACITY];
    private final long[] hashes = new long[Burst.CAPACITY];

    private boolean filters;
    private boolean hashing;
    private boolean steers;
    private int pairsInUse;
    private @Nullable RssConfig rss;
    private boolean needed;

    /**
     * @param isLive whether a queue takes frames, by its index
     */
    ReceivePath(NetDevice device, PacketPool pool, IntPredicate isLive) {
        this.device = device;
        this.state = device.control();
        this.pool = pool;
        this.isLive = isLive;
        filter = new ReceiveFilter(state);
    }

    /** Looks at the device's state again: after a command, and after a negotiation. */
    void changed() {
        boolean served = state.isServed();
        int most = device.dataQueues() / 2;
        // who keeps the control queue to itself chooses pairs by enabling them
        pairsInUse = served ? Math.min(state.pairsInUse(), most) : most;
        filters = filter.changed();
        rss = served ? state.rss() : null;
        hash.configure(state.hash(), state.tunnels());
        hashing = hash.isOn() && (rss != null || device.isNegotiated(NetFeature.HASH_REPORT));
        steers = rss == null && most > 1;
        needed = filters || hashing || rss != null || most > 1;
        if (!hashing) {
            Arrays.fill(hashes, FlowHash.NONE);
        }
    }

    /** False: whatever there is goes to the first receiveq. */
    boolean isNeeded() {
        return needed;
    }

    /** The hash of each frame of the burst last decided on, its report above its value. */
    long[] hashes() {
        return hashes;
    }

    /** Learns on which pair the guest has sent these frames. */
    void sent(Burst burst, int from, int pair) {
        if (steers) {
            for (int i = from; i < burst.count; i++) {
                flows.sent(HostMemory.ALL, pool.frameOffset(burst.slot(i)), burst.length(i), pair);
            }
        }
    }

    /** For each frame of the burst the pair that it goes to, {@link #NO_PAIR} or {@link #FILTERED}. */
    int[] decide(Burst burst) {
        for (int i = 0; i < burst.count; i++) {
            long at = pool.frameOffset(burst.slot(i));
            int bytes = burst.length(i);
            if (filters && !filter.passes(at, bytes)) {
                pairs[i] = FILTERED;
            } else {
                long value = FlowHash.NONE;
                if (hashing) {
                    value = hash.of(at, bytes);
                    hashes[i] = value;
                }
                pairs[i] = pairFor(value, at, bytes);
            }
        }
        return pairs;
    }

    private int pairFor(long value, long at, int bytes) {
        RssConfig table = rss;
        if (table != null) {
            int pair = value == FlowHash.NONE ? table.unclassified() : table.pair((int) value);
            // [virtio-1.4 §5.1.6.5.7.3] a queue that is off is no reason to choose another one
            return isLive.test(2 * pair) ? pair : NO_PAIR;
        }
        int pair = steers ? flows.pairFor(HostMemory.ALL, at, bytes) : 0;
        if (pair < pairsInUse && isLive.test(2 * pair)) {
            return pair;
        }
        for (int i = 0; i < pairsInUse; i++) {
            if (isLive.test(2 * i)) {
                return i;
            }
        }
        return NO_PAIR;
    }
}
