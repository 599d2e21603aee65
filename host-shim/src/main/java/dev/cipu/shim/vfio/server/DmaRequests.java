package dev.cipu.shim.vfio.server;

import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import dev.cipu.shim.wire.ProtocolException;
import java.lang.foreign.MemorySegment;

/**
 * Reads and writes memory that the client did not share, by messages to it. {@code [vfio-user "VFIO_USER_DMA_READ"]} Owned by the
 * session's thread.
 */
final class DmaRequests implements AutoCloseable {
    /** Where a request goes. */
    @FunctionalInterface
    interface Line {
        /**
         * Sends a request and waits for its reply, which is good until the next message. Commands that come meanwhile are done.
         *
         * @throws ProtocolException if no reply comes in time
         */
        VfioMessage ask(VfioMessage request);
    }

    private final Line line;
    private final VfioMessage request = new VfioMessage();
    private int lastId;
    private int most = VfioLayout.MAX_DATA;

    DmaRequests(Line line) {
        this.line = line;
    }

    /** Bytes that the client moves with one message, as it says; 0: none. */
    void limit(long bytes) {
        most = (int) Math.min(bytes, VfioLayout.MAX_DATA);
    }

    /**
     * Fills {@code into} with what lies at an address of the client's, by as many messages as it takes.
     *
     * @throws FarMemory.Fault if the client says no
     */
    void read(long address, MemorySegment into) {
        for (long done = 0; done < into.byteSize(); ) {
            int count = count(into.byteSize() - done);
            VfioMessage reply = ask(begin(Command.DMA_READ, 0, address + done, count));
            int came = moved(reply, count, VfioLayout.DMA_DATA);
            if (reply.size() != VfioLayout.DMA_DATA + came) {
                throw new ProtocolException("a reply with " + reply.size() + " bytes for " + came + " bytes of memory");
            }
            MemorySegment.copy(MemorySegment.ofArray(reply.bytes(VfioLayout.DMA_DATA, came)), 0, into, done, came);
            done += came;
        }
    }

    /** As {@link #read}, in the other direction. */
    void write(long address, MemorySegment from) {
        for (long done = 0; done < from.byteSize(); ) {
            int count = count(from.byteSize() - done);
            begin(Command.DMA_WRITE, count, address + done, count)
                    .bytes(
                            VfioLayout.DMA_DATA,
                            from.asSlice(done, count).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
            done += moved(ask(request), count, VfioLayout.DMA_DATA);
        }
    }

    private int count(long left) {
        if (most == 0) {
            throw new FarMemory.Fault("a client that moves no data");
        }
        return (int) Math.min(left, most);
    }

    private VfioMessage begin(int command, int data, long address, int count) {
        lastId = (lastId + 1) & 0xffff;
        return request.ask(lastId, command, VfioLayout.DMA_DATA + data)
                .u64(VfioLayout.DMA_ADDRESS, address)
                .u64(VfioLayout.DMA_COUNT, count);
    }

    private VfioMessage ask(VfioMessage asked) {
        VfioMessage reply = line.ask(asked);
        if (reply.command() != asked.command()) {
            throw new ProtocolException("command " + asked.command() + " answered as command " + reply.command());
        }
        if ((reply.flags() & VfioLayout.FAILED) != 0) {
            throw new FarMemory.Fault("error " + reply.error() + " at 0x" + Long.toHexString(asked.u64(0)));
        }
        return reply;
    }

    /** Bytes that were moved, at least one: whether a client does less than it was asked for is its choice. */
    private int moved(VfioMessage reply, int asked, int least) {
        if (reply.size() < least || reply.u64(VfioLayout.DMA_ADDRESS) != request.u64(VfioLayout.DMA_ADDRESS)) {
            throw new ProtocolException("a reply that is none to a request for memory");
        }
        long count = reply.u64(VfioLayout.DMA_COUNT);
        if (count < 0 || count > asked) {
            throw new ProtocolException(
                    Long.toUnsignedString(count) + " bytes of memory moved where " + asked + " were asked for");
        }
        if (count == 0) {
            throw new FarMemory.Fault("nothing at 0x" + Long.toHexString(request.u64(VfioLayout.DMA_ADDRESS)));
        }
        return (int) count;
    }

    @Override
    public void close() {
        request.close();
    }
}
