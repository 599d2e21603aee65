package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.RawRing.FAR;
import static dev.cipu.virtio.ring.RawRing.INDIRECT;
import static dev.cipu.virtio.ring.RawRing.LOW;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static dev.cipu.virtio.ring.RawRing.NEXT;
import static dev.cipu.virtio.ring.RawRing.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Which bytes of the driver's memory the device keeps its hands off. {@code [virtio-1.4 §2.7.5.1]} */
class ForeignBytesTest {
    private static final int SIZE = 8;
    private static final int PART = 16;
    private static final long TABLE = FAR;

    private final RawRing ring = new RawRing(SIZE);
    private final SplitQueue queue = ring.device(RingFeature.INDIRECT_DESC, RingFeature.EVENT_IDX);
    private final Chain chain = new Chain();

    /** Two readable and two writable buffers, spread over two regions; direct, or half of it in a table. */
    private void offer(boolean indirect) {
        ring.poke(NEAR, filled(3 * PART, 1));
        ring.poke(LOW, filled(3 * PART, 2));
        ring.descriptor(0, NEAR, PART, NEXT, 1);
        if (indirect) {
            ring.descriptor(1, TABLE, 48, INDIRECT, 0);
            ring.entry(TABLE, 0, LOW, PART, NEXT, 1);
            ring.entry(TABLE, 1, NEAR + PART, PART, NEXT | WRITE, 2);
            ring.entry(TABLE, 2, LOW + PART, PART, WRITE, 0);
        } else {
            ring.descriptor(1, LOW, PART, NEXT, 2);
            ring.descriptor(2, NEAR + PART, PART, NEXT | WRITE, 3);
            ring.descriptor(3, LOW + PART, PART, WRITE, 0);
        }
        ring.offer(0);
    }

    private static byte[] filled(int bytes, int value) {
        byte[] all = new byte[bytes];
        Arrays.fill(all, (byte) value);
        return all;
    }

    @Test
    @Conforms("SR-003")
    void aReadableBufferIsNeverWritten() {
        for (boolean indirect : new boolean[] {false, true}) {
            offer(indirect);
            assertThat(queue.pop(chain)).isTrue();
            MemorySegment much = MemorySegment.ofArray(filled(4 * PART, 9));
            assertThat(chain.write(0, much, 0, 4 * PART)).isEqualTo(2 * PART);
            assertThat(chain.write(PART, much, 0, 4 * PART)).isEqualTo(PART);
            assertThat(ring.peek(NEAR, PART)).isEqualTo(filled(PART, 1));
            assertThat(ring.peek(LOW, PART)).isEqualTo(filled(PART, 2));
            assertThat(ring.peek(NEAR + PART, PART)).isEqualTo(filled(PART, 9));
            assertThat(ring.peek(LOW + PART, PART)).isEqualTo(filled(PART, 9));
            assertThat(ring.peek(NEAR + 2 * PART, PART))
                    .as("behind the buffers")
                    .isEqualTo(filled(PART, 1));
            assertThat(ring.peek(LOW + 2 * PART, PART)).as("behind the buffers").isEqualTo(filled(PART, 2));
            queue.push(chain.head(), 2 * PART);
        }
    }

    @Test
    @Conforms("SR-004")
    void aWritableBufferIsNeverRead() {
        for (boolean indirect : new boolean[] {false, true}) {
            offer(indirect);
            assertThat(queue.pop(chain)).isTrue();
            MemorySegment room = MemorySegment.ofArray(filled(4 * PART, 7));
            assertThat(chain.read(0, room, 0, 4 * PART)).isEqualTo(2 * PART);
            byte[] got = room.toArray(ValueLayout.JAVA_BYTE);
            for (int i = 0; i < got.length; i++) {
                assertThat(got[i]).isEqualTo((byte) (i < PART ? 1 : i < 2 * PART ? 2 : 7));
            }
            assertThat(chain.read(2 * PART, room, 0, PART)).isZero();
            queue.push(chain.head(), 0);
        }
    }

    @Test
    @Conforms("SR-005")
    void noDescriptorIsEverWritten() {
        for (boolean indirect : new boolean[] {false, true}) {
            offer(indirect);
            byte[] descriptors = ring.descriptors().toArray(ValueLayout.JAVA_BYTE);
            byte[] table = ring.peek(TABLE, 48);
            byte[] avail = ring.avail().toArray(ValueLayout.JAVA_BYTE);
            queue.suppressKicks();
            assertThat(queue.pop(chain)).isTrue();
            queue.unpop(chain);
            assertThat(queue.pop(chain)).isTrue();
            chain.write(0, MemorySegment.ofArray(filled(PART, 5)), 0, PART);
            queue.push(chain.head(), PART);
            queue.publish();
            queue.awaitKicks();
            assertThat(ring.descriptors().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(descriptors);
            assertThat(ring.peek(TABLE, 48)).isEqualTo(table);
            assertThat(ring.avail().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(avail);
        }
    }
}
