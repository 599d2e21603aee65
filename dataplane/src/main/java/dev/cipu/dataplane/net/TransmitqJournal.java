package dev.cipu.dataplane.net;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SingleChains;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Records the chains of a transmitq, a burst at a time, while the frames that were copied out of them are still in the cache. What is
 * recorded is the card's copy. Owner: the thread that owns the port.
 */
final class TransmitqJournal {
    private final QueueJournal journal;
    private final Capture capture;
    private final LongSupplier nanoTime;

    /** Chains of the burst at hand without a frame that could be used. */
    private final boolean[] dropped = new boolean[Burst.CAPACITY];

    private boolean anyDropped;
    private long taken;

    TransmitqJournal(QueueJournal journal, Capture capture, LongSupplier nanoTime) {
        this.journal = journal;
        this.capture = capture;
        this.nanoTime = nanoTime;
    }

    /** Chains were popped just now. */
    void popped() {
        taken = nanoTime.getAsLong();
    }

    /** Chain {@code index} of the burst brought no frame. */
    void dropped(int index) {
        dropped[index] = true;
        anyDropped = true;
    }

    /**
     * Records the first chains of a burst.
     *
     * @param from the first one's frame in {@code burst}; the others follow it
     */
    void took(SingleChains chains, int count, Burst burst, int from, PacketPool pool) {
        long now = nanoTime.getAsLong();
        int frame = from;
        for (int i = 0; i < count; i++) {
            if (anyDropped && dropped[i]) {
                drop(now, chains.name(i), chains.length(i), 0);
            } else {
                frame(now, chains.name(i), chains.length(i), 0, burst, frame++, pool);
            }
        }
        if (anyDropped) {
            anyDropped = false;
            Arrays.fill(dropped, false);
        }
    }

    /**
     * Records a chain of any form, and begins the next one.
     *
     * @param frame where its frame would be in {@code burst}
     */
    void took(Chain chain, Burst burst, int frame, PacketPool pool) {
        long now = nanoTime.getAsLong();
        if (frame < burst.count()) {
            frame(now, chain.head(), chain.readableBytes(), chain.writableBytes(), burst, frame, pool);
        } else {
            drop(now, chain.head(), chain.readableBytes(), chain.writableBytes());
        }
        taken = now;
    }

    private void frame(long now, int id, long readable, long writable, Burst burst, int frame, PacketPool pool) {
        int length = burst.length(frame);
        int captured = capture.ofFrame(length);
        long at = journal.begin(RecordLayout.TRANSMIT, RecordLayout.PASSED, taken, now, captured);
        if (at != 0) {
            long offload = burst.offload(frame);
            QueueJournal.chain(at, id, readable, writable, 0);
            QueueJournal.content(at, header(offload), Offload.csumOffset(offload), length);
            if (captured > 0) {
                HostMemory.copy(pool.frameOffset(burst.slot(frame)), at + RecordLayout.HEADER_BYTES, captured);
            }
        }
    }

    private void drop(long now, int id, long readable, long writable) {
        long at = journal.begin(RecordLayout.TRANSMIT, RecordLayout.DROPPED, taken, now, 0);
        if (at != 0) {
            QueueJournal.chain(at, id, readable, writable, 0);
            QueueJournal.content(at, 0, 0, 0);
        }
    }

    /** The header's first word as far as the card heeds it. */
    private static long header(long offload) {
        return offload == Offload.NONE
                ? 0
                : NetHeader.first(
                        NetHeader.FLAG_NEEDS_CSUM,
                        Offload.gsoType(offload),
                        0,
                        Offload.gsoSize(offload),
                        Offload.csumStart(offload));
    }

    void release() {
        journal.release();
    }
}
