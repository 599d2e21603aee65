package dev.cipu.shim.conform;

import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SplitQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The far side of a network device on split rings: what comes from a transmitq goes to the first receiveq. */
final class Mirror {
    private final Chain chain = new Chain();
    private final Chain room = new Chain();
    private final MemorySegment bytes = MemorySegment.ofArray(new byte[8192]);
    private final Predicate<byte[]> passes;

    /**
     * @param passes frames that come back
     */
    Mirror(Predicate<byte[]> passes) {
        this.passes = passes;
    }

    /** Sends back what is in a transmitq; how many frames there were. */
    int serve(SplitQueue transmitq, List<@Nullable SplitQueue> all) {
        int done = 0;
        while (transmitq.pop(chain)) {
            int length = chain.read(0, bytes, 0, (int) chain.readableBytes());
            transmitq.push(chain.head(), 0);
            SplitQueue receiveq = all.getFirst();
            byte[] frame = bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            if (receiveq != null && length > NetHeader.BYTES && passes.test(frame) && receiveq.pop(room)) {
                bytes.asSlice(0, NetHeader.BYTES).fill((byte) 0);
                receiveq.push(room.head(), room.write(0, bytes, 0, length));
                receiveq.publish();
            }
            done++;
        }
        if (done > 0) {
            transmitq.publish();
        }
        return done;
    }
}
