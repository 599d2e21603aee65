package dev.cipu.shim.load;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SplitQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A network device for {@link ScriptedBackEnd} that sends every frame back; it can be told to spoil one of them. */
final class Reflector implements ScriptedBackEnd.Device {
    static final FeatureSet FEATURES =
            FeatureSet.of(RingFeature.VERSION_1, RingFeature.EVENT_IDX, NetFeature.MRG_RXBUF, NetFeature.MQ);

    private static final int MAX_BYTES = 10_000;

    private final MemorySegment frame = Arena.ofAuto().allocate(MAX_BYTES);
    private final Chain out = new Chain();
    private final Chain in = new Chain();
    private volatile long lose = -1;
    private volatile long repeat = -1;
    private volatile long alter = -1;
    private volatile long cut = -1;
    private long count;

    Reflector lose(long number) {
        lose = number;
        return this;
    }

    Reflector repeat(long number) {
        repeat = number;
        return this;
    }

    Reflector alter(long number) {
        alter = number;
        return this;
    }

    Reflector cut(long number) {
        cut = number;
        return this;
    }

    @Override
    public int serve(int index, SplitQueue queue, List<@Nullable SplitQueue> all) {
        if (index % 2 == 0) {
            return 0;
        }
        SplitQueue receiveq = all.get(index - 1);
        if (receiveq == null) {
            return 0;
        }
        int done = 0;
        while (done < 32 && queue.pop(out)) {
            int bytes = (int) out.readableBytes();
            out.read(0, frame, 0, bytes);
            queue.push(out.head(), 0);
            done++;
            long number = count++;
            if (number == lose) {
                continue;
            }
            if (number == alter) {
                frame.set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) (frame.get(ValueLayout.JAVA_BYTE, bytes - 1) ^ 1));
            }
            frame.set(ValueLayout.JAVA_SHORT_UNALIGNED, NetHeader.NUM_BUFFERS, (short) 1);
            for (int i = number == repeat ? 0 : 1; i < 2 && receiveq.pop(in); i++) {
                int sent = number == cut ? bytes - 2 : bytes;
                in.write(0, frame, 0, sent);
                receiveq.push(in.head(), sent);
            }
        }
        queue.publish();
        receiveq.publish();
        return done;
    }
}
