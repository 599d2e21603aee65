package dev.cipu.shim.vfio.server;

import dev.cipu.shim.session.PageLog;
import dev.cipu.shim.vfio.VfioMessage;
import dev.cipu.virtio.memory.Le;
import java.io.Serial;
import java.lang.foreign.MemorySegment;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All of a client's memory by address: what it shared where that is mapped, the rest, which is far, by messages. Owned by the
 * session's thread.
 *
 * <p>While a message is under way the client may command what it likes, so whatever takes the queues or the memory from under the
 * caller ends the access with {@link Changed}.
 */
final class FarMemory implements AutoCloseable {
    private final DmaRequests requests;
    private final Supplier<DmaTable> table;
    private final Supplier<@Nullable PageLog> log;
    private final IntSupplier changes;
    private final FarPages pages;
    private int begun;

    /** The client has no such memory, or does not let us have it. */
    static final class Fault extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;

        Fault(String message) {
            super(message);
        }
    }

    /** Queues or memory are not what they were when the access began: all is to be looked at anew. */
    static final class Changed extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;

        Changed() {
            super(null, null, false, false);
        }
    }

    /**
     * @param line to the client
     * @param table what the client has mapped, as it is now
     * @param log where pages that were written are marked, null for nowhere
     * @param changes a count of what has happened to queues and memory
     */
    FarMemory(DmaRequests.Line line, Supplier<DmaTable> table, Supplier<@Nullable PageLog> log, IntSupplier changes) {
        requests = new DmaRequests(request -> {
            VfioMessage reply = line.ask(request);
            check();
            return reply;
        });
        this.table = table;
        this.log = log;
        this.changes = changes;
        pages = new FarPages((address, bytes) -> table.get().forget(address, bytes));
    }

    /** From here on nothing may change until the caller is done. */
    void begin() {
        begun = changes.getAsInt();
    }

    /** The card's own pages that stand for far memory. */
    FarPages pages() {
        return pages;
    }

    /** Whether an address is the client's and not mapped here. */
    boolean isFar(long address) {
        DmaTable.Place place = table.get().place(address);
        return place != null && !place.isShared();
    }

    /**
     * The card's memory behind an address that is far, the client's behind one that is not.
     *
     * @throws Fault if the client has none there
     */
    MemorySegment own(long address, long bytes) {
        DmaTable.Place place = table.get().place(address);
        if (place == null || place.bytes().byteSize() < bytes) {
            throw new Fault("no memory at 0x" + Long.toHexString(address));
        }
        return place.bytes().asSlice(0, bytes);
    }

    /** Bytes that the client moves with one message, as it says. */
    void limit(long bytes) {
        requests.limit(bytes);
    }

    void read(long address, MemorySegment into) {
        for (long done = 0; done < into.byteSize(); ) {
            DmaTable.Place place = place(address + done, false);
            MemorySegment part = into.asSlice(
                    done, Math.min(into.byteSize() - done, place.bytes().byteSize()));
            if (place.isShared()) {
                copy(place.bytes(), part, part.byteSize());
            } else {
                requests.read(address + done, part);
            }
            done += part.byteSize();
        }
    }

    void write(long address, MemorySegment from) {
        for (long done = 0; done < from.byteSize(); ) {
            DmaTable.Place place = place(address + done, true);
            MemorySegment part = from.asSlice(
                    done, Math.min(from.byteSize() - done, place.bytes().byteSize()));
            try {
                if (place.isShared()) {
                    copy(part, place.bytes(), part.byteSize());
                } else {
                    requests.write(address + done, part);
                }
            } finally {
                PageLog marks = log.get();
                if (marks != null) {
                    // only now: who asks in between must find the page again
                    marks.mark(address + done, part.byteSize());
                }
            }
            done += part.byteSize();
        }
    }

    private void check() {
        if (changes.getAsInt() != begun) {
            throw new Changed();
        }
    }

    private DmaTable.Place place(long address, boolean write) {
        DmaTable.Place place = table.get().place(address);
        if (place == null || !place.permits(write)) {
            throw new Fault("no memory at 0x" + Long.toHexString(address));
        }
        return place;
    }

    /** An index is moved at once: both sides look at it while it moves. */
    private static void copy(MemorySegment from, MemorySegment to, long bytes) {
        boolean whole = from.isNative() && (from.address() | to.address()) % Short.BYTES == 0;
        if (bytes == Short.BYTES && whole) {
            // pairs with the driver's release and acquire of what this is
            Le.U16.setRelease(to, 0L, (short) Le.U16.getAcquire(from, 0L));
        } else {
            MemorySegment.copy(from, 0, to, 0, bytes);
        }
    }

    @Override
    public void close() {
        requests.close();
    }
}
