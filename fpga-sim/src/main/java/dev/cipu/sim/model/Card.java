package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Dice;
import dev.cipu.sim.event.Latency;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.link.PcieLink;
import dev.cipu.sim.memory.CardMemory;
import dev.cipu.sim.memory.Dma;
import dev.cipu.sim.memory.HostMemory;
import dev.cipu.sim.memory.Iotlb;
import dev.cipu.sim.memory.LeastRecent;
import dev.cipu.sim.memory.LocalDma;
import dev.cipu.sim.stage.Server;
import dev.cipu.sim.stage.Slicer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The stages that all queues of a card share, put together from its timing. */
final class Card {
    /** Preamble, start, check sequence and the gap between frames. [IEEE 802.3-2022 §4.4.2] */
    private static final int WIRE_BYTES = 24;

    final Timeline timeline;
    final Timing timing;
    final CardMemory memory;
    final Dma dma;

    /** Null where the host's own cores do the work. */
    final @Nullable PcieLink link;

    final Server engines;
    final Server pipeline;
    final Server cores;
    final Server requestCores;
    final Server store;
    final Server uplink;

    /** Null where nothing lies between packets and cores. */
    final @Nullable Slicer slicer;

    final LeastRecent flows;
    final Iotlb iotlb;

    private final Latency interruptTime;
    private final Latency readTime;
    private final Latency writeTime;
    private final Dice flowDice;
    private final long shadowTime;
    private final TimeOfSize moveTime;
    private final TimeOfSize wireTime;
    private final TimeOfSize storeSlot;

    Card(Timeline timeline, Timing timing, MemorySegment hostMemory, long base, MemorySegment cardMemory, long seed) {
        this.timeline = timeline;
        this.timing = timing;
        Timing.Memory host = timing.memory();
        iotlb = new Iotlb(host.iotlbEntries(), host.pageBytes(), host.missTime());
        HostMemory behind = new HostMemory(
                hostMemory, base, Latency.logNormal(host.access(), host.tail(), Dice.of(seed, "memory")), iotlb);
        memory = new CardMemory(cardMemory);
        link = timing.link() == null ? null : new PcieLink(timeline, timing.link(), behind, cardMemory);
        dma = link == null ? new LocalDma(timeline, behind, cardMemory) : link;
        engines = new Server(timeline, "DMA engines", timing.engines().count());
        pipeline = new Server(timeline, "packet pipeline", 1);
        String where = timing.onHost() ? "host" : "card";
        cores = new Server(
                timeline,
                where + " cores, packets",
                Math.max(1, timing.network().cores()));
        requestCores = new Server(
                timeline,
                where + " cores, requests",
                Math.max(1, timing.storage().cores()));
        store = new Server(timeline, "store", 1);
        uplink = new Server(timeline, "uplink", 1);
        Timing.CoreLink way = timing.network().coreLink();
        slicer = way == null ? null : new Slicer(timeline, way.headerBytes(), way.bitsPerSecond(), way.bufferBytes());
        flows = new LeastRecent(timing.network().flows());
        interruptTime =
                Latency.uniform(timing.interrupts().least(), timing.interrupts().most(), Dice.of(seed, "interrupt"));
        double tail = timing.storage().tail();
        readTime = Latency.logNormal(timing.storage().readTime(), tail, Dice.of(seed, "read"));
        writeTime = Latency.logNormal(timing.storage().writeTime(), tail, Dice.of(seed, "write"));
        flowDice = Dice.of(seed, "flow");
        shadowTime = timing.shadowCrossings() * timing.crossing();
        moveTime = new TimeOfSize(timing.engines()::time);
        double uplink = timing.network().uplinkBitsPerSecond();
        wireTime = new TimeOfSize(bytes -> Math.round(8e12 * (bytes + WIRE_BYTES) / uplink));
        storeSlot = new TimeOfSize(timing.storage()::slot);
    }

    /** Bytes of its own memory that it needs for a queue with a ring of this size. */
    static long memoryBytes(Timing timing, int ringSize) {
        long ring = 64L * ringSize;
        long tables = 16L * timing.engine().indirectEntries() * (timing.engine().prefetch() + 1);
        return ring + tables + 4L * timing.engine().prefetch() + 4096;
    }

    /** Moves a packet or a request's data through an engine. */
    void move(int bytes, Actor done, long argument) {
        if (timing.onHost()) {
            done.fire(argument);
        } else {
            engines.serve(moveTime.of(bytes), done, argument);
        }
    }

    /** A flow out of so many. */
    int flow(int among) {
        return flowDice.below(among);
    }

    /** Whether the pipeline knows this flow; from now on it does. */
    boolean knows(int flow) {
        return flows.touch(flow);
    }

    /** The uplink's time for a frame. */
    long wireTime(int frameBytes) {
        return wireTime.of(frameBytes);
    }

    /** How long what is behind is taken by a request. */
    long storeSlot(int bytes) {
        return storeSlot.of(bytes);
    }

    /** How long what is behind takes to answer a request, once it has taken it in. */
    long storeLatency(boolean write) {
        return write ? writeTime.next() : readTime.next();
    }

    /** From the write of an interrupt to the guest's handler. */
    long interruptLatency() {
        return interruptTime.next();
    }

    /** What a bridge's shadow rings add each way. */
    long shadowTime() {
        return shadowTime;
    }
}
