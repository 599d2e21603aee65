package dev.cipu.sim.memory;

import dev.cipu.sim.event.Latency;
import java.lang.foreign.MemorySegment;

/**
 * The host's memory behind the root complex: how long an access takes, and what is in it. The rings are really there, written by
 * a driver; of payload only the addresses matter.
 */
public final class HostMemory {
    private final MemorySegment content;
    private final long base;
    private final Latency access;
    private final Iotlb iotlb;

    /**
     * Memory of a host.
     *
     * @param content what is in it from {@code base} on
     * @param base address of its first byte
     * @param access from a request's arrival until its data is there
     * @param iotlb where the host translates the card's addresses
     */
    public HostMemory(MemorySegment content, long base, Latency access, Iotlb iotlb) {
        this.content = content;
        this.base = base;
        this.access = access;
        this.iotlb = iotlb;
    }

    /** How long this access takes, in picoseconds. */
    public long accessTime(long address, int bytes) {
        return access.next() + iotlb.translate(address, bytes);
    }

    /** How long it takes until what was written at {@code address} is on its way into memory. */
    public long writeTime(long address, int bytes) {
        return iotlb.translate(address, bytes);
    }

    /** Copies what is at {@code address} now into {@code target}. */
    public void read(long address, MemorySegment target, long at, int bytes) {
        MemorySegment.copy(content, address - base, target, at, bytes);
    }

    /** Copies {@code bytes} of {@code source} to {@code address} now. */
    public void write(long address, MemorySegment source, long at, int bytes) {
        MemorySegment.copy(source, at, content, address - base, bytes);
    }
}
