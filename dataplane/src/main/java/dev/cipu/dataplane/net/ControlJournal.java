package dev.cipu.dataplane.net;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.control.NetControlLayout;
import dev.cipu.virtio.ring.Chain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongSupplier;

/** Records the commands of a control queue. Owner: the thread that owns the port. */
final class ControlJournal {
    private final QueueJournal journal;
    private final Capture capture;
    private final LongSupplier nanoTime;
    private long taken;

    ControlJournal(QueueJournal journal, Capture capture, LongSupplier nanoTime) {
        this.journal = journal;
        this.capture = capture;
        this.nanoTime = nanoTime;
    }

    /** A command was popped just now. */
    void popped() {
        taken = nanoTime.getAsLong();
    }

    /**
     * Records a command that was answered.
     *
     * @param command the card's copy
     * @param status the ack, or {@link RecordLayout#NO_STATUS}
     */
    void answered(Chain chain, MemorySegment command, int status, int written) {
        long length =
                status == RecordLayout.NO_STATUS ? 0 : Math.min(chain.readableBytes(), NetControlLayout.MAX_BYTES);
        int captured = capture.ofDescription(length);
        long at = journal.begin(RecordLayout.CONTROL, status, taken, nanoTime.getAsLong(), captured);
        if (at != 0) {
            QueueJournal.chain(at, chain.head(), chain.readableBytes(), chain.writableBytes(), written);
            QueueJournal.content(at, 0, length < NetControlLayout.DATA ? 0 : code(command), length);
            MemorySegment.copy(command, 0, HostMemory.ALL, at + RecordLayout.HEADER_BYTES, captured);
        }
    }

    /** Class and command in one number. */
    private static int code(MemorySegment command) {
        return Byte.toUnsignedInt(command.get(ValueLayout.JAVA_BYTE, NetControlLayout.CLASS)) << 8
                | Byte.toUnsignedInt(command.get(ValueLayout.JAVA_BYTE, NetControlLayout.COMMAND));
    }

    void release() {
        journal.release();
    }
}
