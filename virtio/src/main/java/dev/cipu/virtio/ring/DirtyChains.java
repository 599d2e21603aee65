package dev.cipu.virtio.ring;

import java.util.HashMap;
import java.util.Map;

/**
 * What the device may have written into each chain in flight, told to the log once the chain is done: all of its writable
 * parts, for a request that failed may have written more than it says. Only queues that log have one; it allocates. Owner:
 * the thread that owns the queue.
 */
final class DirtyChains {
    private final DirtyLog log;

    /** By head: address and length of each writable part in turn. */
    private final Map<Integer, long[]> parts = new HashMap<>();

    DirtyChains(DirtyLog log) {
        this.log = log;
    }

    void popped(Chain chain) {
        int first = chain.readableParts();
        long[] ranges = new long[2 * (chain.parts() - first)];
        for (int i = 0; i < ranges.length; i += 2) {
            ranges[i] = chain.address(first + i / 2);
            ranges[i + 1] = chain.length(first + i / 2);
        }
        parts.put(chain.head(), ranges);
    }

    /** The data is written, the used element not yet visible. */
    void pushed(int head) {
        long[] ranges = parts.remove(head);
        for (int i = 0; ranges != null && i < ranges.length; i += 2) {
            log.written(ranges[i], ranges[i + 1]);
        }
    }

    /** Entries {@code from} to {@code to - 1} of a used ring, and its index. */
    void usedRing(int from, int to, int size) {
        for (int i = from; i != to; i = SplitLayout.wrap(i + 1)) {
            log.deviceAreaWritten(
                    SplitLayout.RING + (long) SplitLayout.USED_ENTRY_BYTES * (i & size - 1),
                    SplitLayout.USED_ENTRY_BYTES);
        }
        deviceArea(0, SplitLayout.RING);
    }

    /** As many slots of a packed ring from position {@code from} on. */
    void slots(long descriptorsAt, int from, int count, int size) {
        int index = PackedLayout.index(from);
        int lap = Math.min(count, size - index);
        log.written(
                descriptorsAt + (long) index * PackedLayout.DESCRIPTOR_BYTES,
                (long) lap * PackedLayout.DESCRIPTOR_BYTES);
        log.written(descriptorsAt, (long) (count - lap) * PackedLayout.DESCRIPTOR_BYTES);
        log.told();
    }

    void deviceArea(long offset, long bytes) {
        log.deviceAreaWritten(offset, bytes);
        log.told();
    }
}
