package dev.cipu.dataplane.net;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SingleChains;
import java.util.function.LongSupplier;

/** Records the chains of a receiveq, {@link ToGuest#SLICE} frames at a time. Owner: the thread that owns the port. */
final class ReceiveqJournal {
    private final QueueJournal journal;
    private final Capture capture;
    private final LongSupplier nanoTime;

    /** Bytes of the buffers popped last: their chains forget them when frames are written. */
    private final int[] room = new int[ToGuest.SLICE];

    private long taken;

    ReceiveqJournal(QueueJournal journal, Capture capture, LongSupplier nanoTime) {
        this.journal = journal;
        this.capture = capture;
        this.nanoTime = nanoTime;
    }

    /** A slice begins: these buffers were popped just now. */
    void popped(SingleChains chains, int count) {
        taken = nanoTime.getAsLong();
        for (int i = 0; i < count; i++) {
            room[i] = chains.length(i);
        }
    }

    /**
     * Records the first buffers of the slice, with frames {@code from} and so on of the burst in them.
     *
     * @param partial whether the guest completes checksums
     */
    void gave(SingleChains chains, int count, Burst burst, int from, PacketPool pool, boolean partial) {
        if (count == 0) {
            return;
        }
        long now = nanoTime.getAsLong();
        for (int i = 0; i < count; i++) {
            int frame = from + i;
            int length = burst.length(frame);
            int captured = capture.ofFrame(length);
            long at = journal.begin(RecordLayout.RECEIVE, RecordLayout.PASSED, taken, now, captured);
            if (at != 0) {
                long offload = partial ? burst.offload(frame) : Offload.NONE;
                long first = offload == Offload.NONE ? 0 : NetHeader.partialChecksum(Offload.csumStart(offload));
                QueueJournal.chain(at, chains.name(i), 0, room[i], chains.length(i));
                QueueJournal.content(at, first, Offload.csumOffset(offload), length);
                if (captured > 0) {
                    HostMemory.copy(pool.frameOffset(burst.slot(frame)), at + RecordLayout.HEADER_BYTES, captured);
                }
            }
        }
    }

    /**
     * Records a chain that begins a frame, before the guest gets it.
     *
     * @param written bytes of it that were written
     * @param frame where the frame lies. May be guest memory: then what is recorded is what the guest makes of it
     * @param first what the guest is told in the first word of the header
     * @param last and in the last one
     */
    void gave(Chain chain, int written, long frame, int length, long first, int last) {
        int captured = capture.ofFrame(length);
        long now = nanoTime.getAsLong();
        long at = journal.begin(RecordLayout.RECEIVE, RecordLayout.PASSED, taken, now, captured);
        if (at != 0) {
            QueueJournal.chain(at, chain.head(), chain.readableBytes(), chain.writableBytes(), written);
            QueueJournal.content(at, first, NetHeader.csumOffset(last), length);
            if (captured > 0) {
                HostMemory.copy(frame, at + RecordLayout.HEADER_BYTES, captured);
            }
        }
    }

    /** Records a chain that continues a frame. */
    void continued(Chain chain, int written) {
        rest(chain, RecordLayout.PASSED, written, RecordLayout.CONTINUED);
    }

    /** Records a chain that goes back empty. */
    void refused(Chain chain) {
        rest(chain, RecordLayout.DROPPED, 0, 0);
    }

    private void rest(Chain chain, int status, int written, int flags) {
        long at = journal.begin(RecordLayout.RECEIVE, status, taken, nanoTime.getAsLong(), 0);
        if (at != 0) {
            QueueJournal.flag(at, flags);
            QueueJournal.chain(at, chain.head(), chain.readableBytes(), chain.writableBytes(), written);
            QueueJournal.content(at, 0, 0, 0);
        }
    }

    void release() {
        journal.release();
    }
}
