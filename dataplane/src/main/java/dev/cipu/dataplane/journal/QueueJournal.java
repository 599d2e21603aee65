package dev.cipu.dataplane.journal;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Writes what passes one queue into the ring of the worker that serves it. If there is no room a transaction is lost, never
 * waited for; how many were is told by a record before the queue's next one. Owner: the worker; nothing is allocated.
 *
 * <p>A record is begun, filled and thereby done; {@link #release} shows it to the reader, best once a burst.
 */
public final class QueueJournal {
    /** Names of the counters that the journals of one worker share, in order. */
    public static final List<String> COUNTERS = List.of("records", "bytes", "lost");

    private static final int RECORDS = 0;
    private static final int BYTES = 1;
    private static final int LOST = 2;

    private final JournalRing ring;
    private final CounterGroup counters;
    private final int device;
    private final int queue;

    private long lost;
    private long lostFrom;
    private long lostTo;
    private long records;
    private long bytes;

    /**
     * @param counters made of {@link #COUNTERS}; the ring's worker is its writer
     * @param device the number by which the journal knows the device
     */
    public QueueJournal(JournalRing ring, CounterGroup counters, int device, int queue) {
        this.ring = ring;
        this.counters = counters;
        this.device = device;
        this.queue = queue;
    }

    /**
     * Begins a record.
     *
     * @param kind one of the constants of {@link RecordLayout}
     * @param taken when the chain was taken off the ring
     * @param completed when the card was done with it
     * @param captured bytes that are to be copied to {@link RecordLayout#HEADER_BYTES} behind the record's address
     * @return the record's address, or 0 if there was no room: then it is lost and counted
     */
    public long begin(int kind, int status, long taken, long completed, int captured) {
        if (lost > 0 && !tellLoss()) {
            lose(taken, completed);
            return 0;
        }
        long at = claim(kind, status, taken, completed, captured);
        if (at == 0) {
            lose(taken, completed);
        }
        return at;
    }

    private long claim(int kind, int status, long taken, long completed, int captured) {
        int need = RecordLayout.bytes(captured);
        long at = ring.claim(need);
        if (at != 0) {
            HostMemory.ALL.set(
                    Le.LONG_UNALIGNED, at + RecordLayout.AT_BYTES, need | (long) kind << 32 | (long) status << 40);
            HostMemory.ALL.set(Le.LONG_UNALIGNED, at + RecordLayout.AT_DEVICE, device | (long) queue << 16);
            HostMemory.ALL.set(Le.LONG_UNALIGNED, at + RecordLayout.AT_TAKEN, taken);
            HostMemory.ALL.set(Le.LONG_UNALIGNED, at + RecordLayout.AT_COMPLETED, completed);
            HostMemory.ALL.set(Le.INT_UNALIGNED, at + RecordLayout.AT_CAPTURED, captured);
            records++;
            bytes += need;
        }
        return at;
    }

    /** Says of a record whose chain it was about; its lengths as the driver made it, and the bytes written into it. */
    public static void chain(long record, int id, long readable, long writable, long written) {
        HostMemory.ALL.set(Le.SHORT_UNALIGNED, record + RecordLayout.AT_ID, (short) id);
        HostMemory.ALL.set(Le.INT_UNALIGNED, record + RecordLayout.AT_READABLE, RecordLayout.u32(readable));
        HostMemory.ALL.set(Le.INT_UNALIGNED, record + RecordLayout.AT_WRITABLE, RecordLayout.u32(writable));
        HostMemory.ALL.set(Le.INT_UNALIGNED, record + RecordLayout.AT_WRITTEN, RecordLayout.u32(written));
    }

    /** Says of a record what was in the chain; the meaning of subject and detail depends on its kind. */
    public static void content(long record, long subject, int detail, long length) {
        HostMemory.ALL.set(Le.LONG_UNALIGNED, record + RecordLayout.AT_SUBJECT, subject);
        HostMemory.ALL.set(Le.INT_UNALIGNED, record + RecordLayout.AT_DETAIL, detail);
        HostMemory.ALL.set(Le.INT_UNALIGNED, record + RecordLayout.AT_LENGTH, RecordLayout.u32(length));
    }

    /** Sets one of a record's flags. */
    public static void flag(long record, int flag) {
        HostMemory.ALL.set(ValueLayout.JAVA_BYTE, record + RecordLayout.AT_FLAGS, (byte) flag);
    }

    private void lose(long taken, long completed) {
        if (lost == 0) {
            lostFrom = taken;
        }
        lost++;
        lostTo = completed;
        counters.add(LOST, 1);
    }

    private boolean tellLoss() {
        long at = claim(RecordLayout.LOSS, 0, lostFrom, lostTo, 0);
        if (at == 0) {
            return false;
        }
        chain(at, 0, 0, 0, 0);
        content(at, lost, 0, 0);
        lost = 0;
        return true;
    }

    /** Shows the reader what was recorded so far. */
    public void release() {
        if (records > 0) {
            counters.add(RECORDS, records);
            counters.add(BYTES, bytes);
            records = 0;
            bytes = 0;
            ring.release();
        }
    }

    /** The queue rests: losses are told now, if there is room, because the next record may be long in coming. */
    public void rest() {
        if (lost > 0) {
            tellLoss();
        }
        release();
    }

    /** Transactions lost that no record tells of. Also for who knows that the worker has ended. */
    public long untold() {
        return lost;
    }

    /** When the first of those was taken. */
    public long untoldFrom() {
        return lostFrom;
    }

    /** When the last of those was completed. */
    public long untoldTo() {
        return lostTo;
    }

    /** The number of the queue's device. */
    public int device() {
        return device;
    }

    /** The queue's index. */
    public int queue() {
        return queue;
    }
}
