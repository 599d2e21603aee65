package dev.cipu.sim.ring;

import static dev.cipu.virtio.ring.SplitLayout.AVAIL_ENTRY_BYTES;
import static dev.cipu.virtio.ring.SplitLayout.AVAIL_NO_INTERRUPT;
import static dev.cipu.virtio.ring.SplitLayout.INDEX;
import static dev.cipu.virtio.ring.SplitLayout.RING;
import static dev.cipu.virtio.ring.SplitLayout.USED_ENTRY_BYTES;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.memory.CardMemory;
import dev.cipu.sim.memory.Dma;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.SplitLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * A split queue. A turn is: the index if nothing is known to be there, the ring's entries, then the table's lines that these and
 * the links between descriptors lead to, one round for each link that leads to another line. {@code [virtio-1.4 §2.7]}
 */
final class SplitEngine implements DescriptorEngine {
    private enum State {
        IDLE,
        INDEX,
        ENTRIES,
        LINES
    }

    private final RingPlace place;
    private final EngineShape shape;
    private final Dma dma;
    private final ChainTaker taker;
    private final MemorySegment local;
    private final UsedBatch used;
    private final SplitChains chains;
    private final BusyTime busy;

    private final Actor indexRead = this::indexRead;
    private final Actor entriesRead = this::entriesRead;
    private final Actor linesRead = this::linesRead;
    private final Actor elementsWritten = _ -> {};
    private final Actor usedWritten = this::usedWritten;

    private final long indexPlace;
    private final long entriesPlace;
    private final long suppressionPlace;
    private final long elementsPlace;
    private final long usedIndexPlace;

    private final ArrayDeque<Chain> freeChains = new ArrayDeque<>();

    private State state = State.IDLE;
    private boolean rung;
    private boolean broken;
    private int known;
    private int next;
    private int allowed;
    private int usedIndex;
    private int toldIndex;
    private int batch;
    private int readsOut;
    private long roundTrips;

    SplitEngine(RingPlace place, EngineShape shape, Timeline timeline, Dma dma, CardMemory card, ChainTaker taker) {
        if (!SplitLayout.isValidSize(place.size())) {
            throw new IllegalArgumentException("a split queue of " + place.size());
        }
        this.place = place;
        this.shape = shape;
        this.dma = dma;
        this.taker = taker;
        local = dma.local();
        indexPlace = card.allocate(4);
        entriesPlace = card.allocate((long) AVAIL_ENTRY_BYTES * shape.prefetch());
        suppressionPlace = card.allocate(2);
        elementsPlace = card.allocate((long) USED_ENTRY_BYTES * place.size());
        usedIndexPlace = card.allocate(2L * place.size());
        used = new UsedBatch(timeline, shape, this::writeUsed);
        busy = new BusyTime(timeline);
        chains = new SplitChains(place, shape, dma, card);
        for (int i = 0; i < place.size(); i++) {
            freeChains.add(new Chain());
        }
    }

    @Override
    public void doorbell() {
        rung = true;
        go();
    }

    @Override
    public void allow(int more) {
        allowed += more;
        go();
    }

    /** Begins the next turn if there is reason to, and room for what comes of it. */
    private void go() {
        if (state != State.IDLE || allowed == 0 || broken) {
            return;
        }
        int ready = SplitLayout.wrap(known - next);
        if (ready > 0) {
            int slot = next & (place.size() - 1);
            batch = Math.min(Math.min(ready, allowed), Math.min(shape.prefetch(), place.size() - slot));
            state = State.ENTRIES;
            busy.begin();
            read(
                    place.driverArea() + RING + (long) AVAIL_ENTRY_BYTES * slot,
                    AVAIL_ENTRY_BYTES * batch,
                    entriesPlace,
                    entriesRead);
        } else if (rung) {
            rung = false;
            state = State.INDEX;
            busy.begin();
            // the flags stand beside the index and come with it
            read(place.driverArea(), 4, indexPlace, indexRead);
        }
    }

    private void read(long address, int bytes, long at, Actor done) {
        roundTrips++;
        dma.read(address, bytes, at, done, 0);
    }

    private void indexRead(long unused) {
        state = State.IDLE;
        busy.pause();
        known = Short.toUnsignedInt(local.get(Le.SHORT, indexPlace + INDEX));
        if (SplitLayout.wrap(known - next) > place.size()) {
            broken = true;
        }
        go();
    }

    private void entriesRead(long unused) {
        state = State.LINES;
        chains.begin();
        for (int i = 0; i < batch; i++) {
            int head = Short.toUnsignedInt(local.get(Le.SHORT, entriesPlace + (long) AVAIL_ENTRY_BYTES * i));
            Chain chain = freeChains.poll();
            if (chain == null) {
                throw new IllegalStateException("more chains than the queue has entries");
            }
            chains.add(chain, head);
        }
        linesRead(0);
    }

    private void linesRead(long unused) {
        if (readsOut > 0 && --readsOut > 0) {
            return;
        }
        readsOut = chains.walk(linesRead);
        if (chains.isBroken()) {
            broken = true;
            return;
        }
        if (readsOut > 0) {
            roundTrips++;
            return;
        }
        busy.end(batch, shape.prefetch());
        next = SplitLayout.wrap(next + batch);
        allowed -= batch;
        for (int i = 0; i < batch; i++) {
            taker.take(chains.chain(i));
        }
        // only now: who takes a chain may make room for more
        state = State.IDLE;
        go();
    }

    @Override
    public void complete(Chain chain, int written) {
        long at = elementsPlace + (long) USED_ENTRY_BYTES * ((usedIndex + used.pending()) & (place.size() - 1));
        local.set(Le.INT, at, chain.id());
        local.set(Le.INT, at + 4, written);
        freeChains.add(chain);
        used.add();
    }

    private void writeUsed(int count) {
        int size = place.size();
        int slot = usedIndex & (size - 1);
        int first = Math.min(count, size - slot);
        writeElements(slot, first);
        if (first < count) {
            writeElements(0, count - first);
        }
        long at = usedIndexPlace + 2L * slot;
        usedIndex = SplitLayout.wrap(usedIndex + count);
        local.set(Le.SHORT, at, (short) usedIndex);
        // behind the elements, for writes arrive in order
        dma.write(place.deviceArea() + INDEX, 2, at, usedWritten, count);
    }

    private void writeElements(int slot, int count) {
        long offset = (long) USED_ENTRY_BYTES * slot;
        dma.write(
                place.deviceArea() + RING + offset,
                USED_ENTRY_BYTES * count,
                elementsPlace + offset,
                elementsWritten,
                0);
    }

    private void usedWritten(long count) {
        taker.used((int) count);
    }

    @Override
    public void readSuppression(Actor done, long argument) {
        long offset = shape.eventIndex() ? SplitLayout.usedEvent(place.size()) : SplitLayout.FLAGS;
        dma.read(place.driverArea() + offset, 2, suppressionPlace, done, argument);
    }

    @Override
    public boolean wantsInterrupt() {
        int said = Short.toUnsignedInt(local.get(Le.SHORT, suppressionPlace));
        int before = toldIndex;
        toldIndex = usedIndex;
        return shape.eventIndex() ? SplitLayout.needEvent(said, usedIndex, before) : (said & AVAIL_NO_INTERRUPT) == 0;
    }

    @Override
    public boolean isBroken() {
        return broken;
    }

    @Override
    public long busy() {
        return busy.picos();
    }

    @Override
    public long roundTrips() {
        return roundTrips;
    }
}
