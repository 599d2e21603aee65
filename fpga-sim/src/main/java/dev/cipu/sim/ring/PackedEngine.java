package dev.cipu.sim.ring;

import static dev.cipu.virtio.ring.PackedLayout.DESCRIPTOR_BYTES;
import static dev.cipu.virtio.ring.PackedLayout.EVENT_BYTES;
import static dev.cipu.virtio.ring.PackedLayout.FLAG_AVAIL;
import static dev.cipu.virtio.ring.PackedLayout.FLAG_INDIRECT;
import static dev.cipu.virtio.ring.PackedLayout.FLAG_NEXT;
import static dev.cipu.virtio.ring.PackedLayout.FLAG_USED;
import static dev.cipu.virtio.ring.PackedLayout.FLAG_WRITE;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.memory.CardMemory;
import dev.cipu.sim.memory.Dma;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.PackedLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * A packed queue. A turn is one read: descriptors tell by themselves whether they are available, so as many are read as there may
 * be, and the first that is not ends the turn until the next doorbell. {@code [virtio-1.4 §2.8]}
 */
final class PackedEngine implements DescriptorEngine {
    private static final int OWNER = FLAG_AVAIL | FLAG_USED;

    private final RingPlace place;
    private final EngineShape shape;
    private final Dma dma;
    private final ChainTaker taker;
    private final MemorySegment local;
    private final UsedBatch used;
    private final BusyTime busy;

    private final Actor descriptorsRead = this::descriptorsRead;
    private final Actor tableRead = this::tableRead;
    private final Actor written = _ -> {};
    private final Actor lastWritten = this::lastWritten;

    /** A copy of the ring, as far as it was read; and what goes back to it. */
    private final long ringPlace;

    private final long usedPlace;
    private final long tablePlace;
    private final long suppressionPlace;

    private final ArrayDeque<Chain> freeChains = new ArrayDeque<>();
    private Chain building;

    private boolean reading;
    private boolean rung;
    private boolean broken;
    private int allowed;

    /** The next descriptor to read. */
    private int readAt = PackedLayout.START;

    /** The next of those that were read and are available, and how many there are. */
    private int takeAt = PackedLayout.START;

    private int available;
    private int asked;

    /** Descriptors of the chain that is being read. */
    private int passed;

    private int tableEntries;

    /** Where the next used descriptor goes, where the first that has not been written does, and the slots between. */
    private int usedAt = PackedLayout.START;

    private int writeAt = PackedLayout.START;

    /** Ring slots of each used descriptor that waits, in order. */
    private final int[] waitingSlots;

    /** Slots that became used since the driver was asked whether it wants to hear of it. */
    private int untold;

    private int arrivedAt = PackedLayout.START;
    private long roundTrips;

    PackedEngine(RingPlace place, EngineShape shape, Timeline timeline, Dma dma, CardMemory card, ChainTaker taker) {
        if (!PackedLayout.isValidSize(place.size())) {
            throw new IllegalArgumentException("a packed queue of " + place.size());
        }
        this.place = place;
        this.shape = shape;
        this.dma = dma;
        this.taker = taker;
        local = dma.local();
        ringPlace = card.allocate((long) DESCRIPTOR_BYTES * place.size());
        usedPlace = card.allocate((long) DESCRIPTOR_BYTES * place.size());
        tablePlace = card.allocate((long) DESCRIPTOR_BYTES * shape.indirectEntries());
        suppressionPlace = card.allocate(EVENT_BYTES);
        used = new UsedBatch(timeline, shape, this::writeUsed);
        busy = new BusyTime(timeline);
        waitingSlots = new int[shape.usedBatch()];
        for (int i = 0; i < place.size(); i++) {
            freeChains.add(new Chain());
        }
        building = nextChain();
    }

    private Chain nextChain() {
        // one more than the ring can hold is never needed, but the last one is prepared before it is
        Chain chain = freeChains.isEmpty() ? new Chain() : freeChains.remove();
        chain.begin(0);
        return chain;
    }

    @Override
    public void doorbell() {
        rung = true;
        go();
    }

    @Override
    public void allow(int chains) {
        allowed += chains;
        go();
    }

    private void go() {
        if (reading || broken) {
            return;
        }
        takeChains();
        if (reading || broken || allowed == 0 || (available > 0 && passed == 0)) {
            return;
        }
        if (rung || passed > 0) {
            rung = false;
            int index = PackedLayout.index(readAt);
            asked = Math.min(shape.prefetch(), place.size() - index);
            long offset = (long) DESCRIPTOR_BYTES * index;
            reading = true;
            busy.begin();
            roundTrips++;
            dma.read(place.descriptors() + offset, DESCRIPTOR_BYTES * asked, ringPlace + offset, descriptorsRead, 0);
        }
    }

    private void descriptorsRead(long unused) {
        reading = false;
        int found = 0;
        while (found < asked && available < place.size() && isAvailable(readAt)) {
            readAt = PackedLayout.advance(readAt, 1, place.size());
            found++;
            available++;
        }
        busy.end(found, shape.prefetch());
        if (found == asked) {
            // where this many were, there may be more
            rung = true;
        } else if (found == 0 && passed > 0) {
            // the rest of a chain must be there before its first descriptor is available
            broken = true;
            return;
        }
        go();
    }

    private boolean isAvailable(int position) {
        long descriptor = ringPlace + (long) DESCRIPTOR_BYTES * PackedLayout.index(position);
        return (flags(descriptor) & OWNER) == PackedLayout.availFlags(position);
    }

    /** Takes what was read; stops in the middle of a chain if the rest of it was not. */
    private void takeChains() {
        while (available > 0 && (passed > 0 || allowed > 0)) {
            long descriptor = ringPlace + (long) DESCRIPTOR_BYTES * PackedLayout.index(takeAt);
            takeAt = PackedLayout.advance(takeAt, 1, place.size());
            available--;
            passed++;
            int flags = flags(descriptor);
            if ((flags & FLAG_INDIRECT) != 0) {
                askTable(descriptor, flags);
                return;
            }
            if (!add(descriptor, flags)) {
                return;
            }
            if ((flags & FLAG_NEXT) == 0) {
                finish(descriptor);
            } else if (passed >= place.size()) {
                broken = true;
                return;
            }
        }
    }

    private void finish(long last) {
        Chain chain = building;
        // the buffer id is that of the last descriptor [virtio-1.4 §2.8.6]
        chain.rename(Short.toUnsignedInt(local.get(Le.SHORT, last + 12)));
        chain.occupy(passed);
        passed = 0;
        allowed--;
        building = nextChain();
        taker.take(chain);
    }

    private void askTable(long descriptor, int flags) {
        int bytes = length(descriptor);
        if ((flags & FLAG_NEXT) != 0
                || passed > 1
                || bytes <= 0
                || bytes % DESCRIPTOR_BYTES != 0
                || bytes > DESCRIPTOR_BYTES * shape.indirectEntries()) {
            broken = true;
            return;
        }
        tableEntries = bytes / DESCRIPTOR_BYTES;
        reading = true;
        busy.begin();
        roundTrips++;
        dma.read(local.get(Le.LONG, descriptor), bytes, tablePlace, tableRead, descriptor);
    }

    private void tableRead(long descriptor) {
        reading = false;
        busy.end(1, 1);
        for (int i = 0; i < tableEntries; i++) {
            long entry = tablePlace + (long) DESCRIPTOR_BYTES * i;
            // of the flags in a table, only that for writing counts [virtio-1.4 §2.8.7]
            if (!add(entry, flags(entry))) {
                return;
            }
        }
        finish(descriptor);
        go();
    }

    private boolean add(long descriptor, int flags) {
        boolean writable = (flags & FLAG_WRITE) != 0;
        if (!writable && building.count() > building.readable()) {
            broken = true;
            return false;
        }
        building.add(local.get(Le.LONG, descriptor), length(descriptor), writable);
        return true;
    }

    @Override
    public void complete(Chain chain, int bytes) {
        long at = usedPlace + (long) DESCRIPTOR_BYTES * PackedLayout.index(usedAt);
        int flags = PackedLayout.usedFlags(usedAt) | (bytes > 0 ? FLAG_WRITE : 0);
        local.set(Le.LONG, at, 0);
        local.set(Le.LONG, at + 8, PackedLayout.rest(bytes, chain.id(), flags));
        usedAt = PackedLayout.advance(usedAt, chain.slots(), place.size());
        waitingSlots[used.pending()] = chain.slots();
        freeChains.add(chain);
        used.add();
    }

    /** Neighbours in the ring go in one write, which the driver may see from its beginning on. */
    private void writeUsed(int count) {
        int i = 0;
        int slots = 0;
        while (i < count) {
            int first = PackedLayout.index(writeAt);
            int run = 0;
            boolean neighbours = true;
            while (i < count && neighbours) {
                int taken = waitingSlots[i++];
                writeAt = PackedLayout.advance(writeAt, taken, place.size());
                slots += taken;
                run++;
                neighbours = taken == 1 && first + run < place.size();
            }
            long offset = (long) DESCRIPTOR_BYTES * first;
            boolean last = i == count;
            dma.write(
                    place.descriptors() + offset,
                    DESCRIPTOR_BYTES * run,
                    usedPlace + offset,
                    last ? lastWritten : written,
                    last ? ((long) slots << Integer.SIZE) | count : 0);
        }
    }

    private void lastWritten(long argument) {
        int slots = (int) (argument >>> Integer.SIZE);
        untold += slots;
        arrivedAt = PackedLayout.advance(arrivedAt, slots, place.size());
        taker.used((int) argument);
    }

    @Override
    public void readSuppression(Actor done, long argument) {
        dma.read(place.driverArea(), EVENT_BYTES, suppressionPlace, done, argument);
    }

    @Override
    public boolean wantsInterrupt() {
        int event = local.get(Le.INT, suppressionPlace);
        int slots = Math.min(untold, place.size());
        untold = 0;
        return PackedLayout.wantsEvent(event, arrivedAt, slots, place.size(), shape.eventIndex());
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

    private int length(long descriptor) {
        return local.get(Le.INT, descriptor + 8);
    }

    private int flags(long descriptor) {
        return Short.toUnsignedInt(local.get(Le.SHORT, descriptor + 14));
    }
}
