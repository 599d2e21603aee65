package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.Poller;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * A learning Ethernet switch: it polls its ports and carries each burst on in the same turn. Unknown and group
 * addresses go to every other port.
 *
 * <p>One worker owns it with all its ports. A port that receives from another port's frames never sees more than the
 * switch's own copy of them.
 */
public final class L2Switch implements Poller {
    /** Names of the counters, in the order of the constants below. */
    public static final List<String> COUNTERS =
            List.of("forwarded", "flooded", "unlearned", "bad_source", "spoofed", "hairpin");

    private static final int FORWARDED = 0;
    private static final int FLOODED = 1;
    private static final int UNLEARNED = 2;
    private static final int BAD_SOURCE = 3;
    private static final int SPOOFED = 4;
    private static final int HAIRPIN = 5;

    private static final int MAC_LIMIT = 16384;
    private static final int MAC_PER_PORT = 2048;
    private static final long MAC_MASK = 0xffff_ffff_ffffL;
    private static final long GROUP_BIT = 1;

    /** Of a frame's second word, what belongs to its addresses. */
    private static final long SECOND_MASK = 0xffff_ffffL;

    /** Wider than 48 bits: equal to no address. */
    private static final long NO_ADDRESS = -1;

    /** A learned address is forgotten after this silence, as [IEEE 802.1D-2004 table 7-5] recommends. */
    private static final long AGEING_NANOS = 300_000_000_000L;

    /** Turns between two looks at the clock. */
    private static final int CLOCK_TURNS = 4096;

    private static final long TICK_NANOS = 1_000_000_000L;

    private static final int FLOOD = -1;

    private final PacketPool pool;
    private final LongSupplier clock;
    private final CounterGroup counters;
    private final MacTable table = new MacTable(MAC_LIMIT, MAC_PER_PORT);
    private final Burst in = new Burst(true);
    private final int[] decisions = new int[Burst.CAPACITY];

    private final List<Port> ports = new ArrayList<>();
    private Port[] active = {};
    private Burst[] out = {};
    private boolean[] learns = {};

    /** The last decision for each ingress port: most frames of a burst go where the one before them went. */
    private long[] lastDestination = {};

    private long[] lastSource = {};
    private int[] lastDecision = {};

    private int turns;

    /**
     * Busy turns in a row after which ports settle: to look whether a far end wants to know takes a line from its core and
     * waits for the stores before it.
     */
    private static final int SETTLE_TURNS = 4;

    /** Busy turns since the ports settled last. */
    private int busyTurns;

    private long now;
    private long tickedAt;

    /**
     * @param pool where the ports' frames live; owned by this switch's worker
     * @param clock nanoseconds, monotonic
     * @param counters a group with {@link #COUNTERS}
     */
    public L2Switch(PacketPool pool, LongSupplier clock, CounterGroup counters) {
        this.pool = pool;
        this.clock = clock;
        this.counters = counters;
        now = clock.getAsLong();
        tickedAt = now;
    }

    /** The pool that ports put received frames into. */
    public PacketPool pool() {
        return pool;
    }

    /** Plugs a port in. */
    public void add(Port port) {
        ports.add(port);
        renumber();
    }

    /** Plugs a port in that alone may send from, and always gets what is for, the given address. */
    public void add(Port port, byte[] mac) {
        add(port);
        table.fix(asLong(mac), ports.size() - 1);
    }

    /** Pulls a port out; frames for the addresses behind it are flooded until they are seen again. */
    public void remove(Port port) {
        int index = ports.indexOf(port);
        if (index < 0) {
            return;
        }
        table.forget(index);
        table.shiftPorts(index);
        ports.remove(index);
        renumber();
    }

    private void renumber() {
        int n = ports.size();
        active = ports.toArray(Port[]::new);
        // between turns they are empty, so it does not matter whose they were
        int had = Math.min(out.length, n);
        out = Arrays.copyOf(out, n);
        for (int i = had; i < n; i++) {
            out[i] = new Burst();
        }
        learns = new boolean[n];
        for (int i = 0; i < n; i++) {
            learns[i] = active[i].learns();
        }
        lastDestination = new long[n];
        lastSource = new long[n];
        lastDecision = new int[n];
        forgetDecisions();
    }

    private void forgetDecisions() {
        Arrays.fill(lastDestination, NO_ADDRESS);
    }

    private static long asLong(byte[] mac) {
        long value = 0;
        for (int i = 0; i < 6; i++) {
            value |= (mac[i] & 0xffL) << (8 * i);
        }
        return value;
    }

    @Override
    public int poll() {
        if (++turns >= CLOCK_TURNS) {
            turns = 0;
            tick();
        }
        int work = 0;
        Port[] active = this.active;
        Burst burst = in;
        for (int i = 0; i < active.length; i++) {
            if (active[i].receive(burst) > 0) {
                work += burst.count;
                forward(i, burst);
                burst.release(pool);
            }
        }
        if (work == 0 || ++busyTurns == SETTLE_TURNS) {
            busyTurns = 0;
            for (Port port : active) {
                port.settle();
            }
        }
        return work;
    }

    private void tick() {
        now = clock.getAsLong();
        if (now - tickedAt >= TICK_NANOS) {
            tickedAt = now;
            table.expire(now - AGEING_NANOS);
            // so that busy flows renew their entries once a tick
            forgetDecisions();
        }
    }

    private void forward(int from, Burst burst) {
        long at = pool.frameOffset(burst.slot(0));
        // two loads that lie within the stores which filled the slot, so that the core can forward them
        long first = HostMemory.ALL.get(Le.LONG_UNALIGNED, at);
        long second = HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8);
        long differs = 0;
        for (int i = 1; i < burst.count; i++) {
            at = pool.frameOffset(burst.slot(i));
            differs |= first ^ HostMemory.ALL.get(Le.LONG_UNALIGNED, at);
            differs |= (second ^ HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8)) & SECOND_MASK;
        }
        if (differs == 0) {
            int decision = decision(from, first, second);
            if (decision >= 0) {
                counters.add(FORWARDED, burst.count);
                active[decision].transmit(burst);
                return;
            }
        }
        for (int i = 0; i < burst.count; i++) {
            at = pool.frameOffset(burst.slot(i));
            decisions[i] = decision(
                    from, HostMemory.ALL.get(Le.LONG_UNALIGNED, at), HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8));
        }
        scatter(from, burst);
    }

    /** What to do with a frame that begins with these two words: as with the one before it if the addresses are the same. */
    private int decision(int from, long first, long second) {
        long destination = first & MAC_MASK;
        long source = first >>> 48 | (second & SECOND_MASK) << 16;
        if (destination != lastDestination[from] || source != lastSource[from]) {
            lastDecision[from] = decide(from, destination, source);
            // after the decision, which may make all ports forget theirs
            lastDestination[from] = destination;
            lastSource[from] = source;
        }
        return lastDecision[from];
    }

    /** The decision to drop a frame and to count it under {@code counter}. */
    private static int drop(int counter) {
        return FLOOD - 1 - counter;
    }

    /** A port number, {@link #FLOOD}, or what {@link #drop} made. */
    private int decide(int from, long destination, long source) {
        if ((source & GROUP_BIT) != 0) {
            return drop(BAD_SOURCE);
        }
        if (learns[from]) {
            int before = table.lookup(source);
            if (table.isFixedElsewhere(source, from)) {
                return drop(SPOOFED);
            }
            if (!table.learn(source, from, now)) {
                counters.add(UNLEARNED, 1);
            } else if (before != from) {
                // what other ports decided about this address is stale
                forgetDecisions();
            }
        }
        int to = (destination & GROUP_BIT) != 0 ? MacTable.UNKNOWN : table.lookup(destination);
        int decision = to;
        if (to == MacTable.UNKNOWN) {
            // one other port alone is no flood
            decision = active.length == 2 ? 1 - from : FLOOD;
        } else if (to == from) {
            decision = drop(HAIRPIN);
        }
        return decision;
    }

    private void scatter(int from, Burst burst) {
        for (int i = 0; i < burst.count; i++) {
            int to = decisions[i];
            if (to >= 0) {
                out[to].add(burst, i);
                counters.add(FORWARDED, 1);
            } else if (to == FLOOD) {
                counters.add(FLOODED, 1);
                completeChecksum(burst, i);
                for (int j = 0; j < out.length; j++) {
                    if (j != from) {
                        out[j].add(burst, i);
                    }
                }
            } else {
                counters.add(FLOOD - 1 - to, 1);
            }
        }
        for (int j = 0; j < out.length; j++) {
            if (out[j].count > 0) {
                active[j].transmit(out[j]);
                out[j].clear();
            }
        }
    }

    /**
     * Ports that share a frame must agree on its checksum, and not all of their guests may take a partial one. A large
     * frame stays what it is: a port whose guest does not take one cuts it without changing it.
     */
    private void completeChecksum(Burst burst, int index) {
        long offload = burst.offload(index);
        if (Offload.isLarge(offload)) {
            return;
        }
        if (offload != Offload.NONE) {
            Checksum.complete(
                    pool.frameOffset(burst.slot(index)),
                    burst.length(index),
                    Offload.csumStart(offload),
                    Offload.csumOffset(offload));
        }
        burst.clearOffload(index);
    }

    @Override
    public boolean arm() {
        boolean idle = true;
        for (Port port : active) {
            port.settle();
            idle &= port.arm();
        }
        return idle;
    }

    @Override
    public void disarm() {
        for (Port port : active) {
            port.disarm();
        }
    }

    @Override
    public long dueIn() {
        long first = Long.MAX_VALUE;
        for (Port port : active) {
            first = Math.min(first, port.dueIn());
        }
        return first;
    }

    /** A fault that surfaced after the port that met it was done: every port's owner is asked to look. */
    @Override
    public boolean failed(Throwable cause) {
        if (!(cause instanceof InternalError)) {
            return false;
        }
        in.release(pool);
        for (Burst burst : out) {
            burst.clear();
        }
        for (Port port : active) {
            port.memoryFault();
        }
        return true;
    }
}
