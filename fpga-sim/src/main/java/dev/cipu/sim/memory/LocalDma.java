package dev.cipu.sim.memory;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
import java.lang.foreign.MemorySegment;

/** Memory of the host as its own cores reach it: no link and no translation. What it costs is in the cores' time for a packet. */
public final class LocalDma implements Dma {
    private final Timeline timeline;
    private final HostMemory memory;
    private final MemorySegment local;

    public LocalDma(Timeline timeline, HostMemory memory, MemorySegment local) {
        this.timeline = timeline;
        this.memory = memory;
        this.local = local;
    }

    @Override
    public void read(long address, int bytes, long at, Actor done, long argument) {
        if (at != NO_DATA) {
            memory.read(address, local, at, bytes);
        }
        timeline.after(0, done, argument);
    }

    @Override
    public void write(long address, int bytes, long at, Actor arrived, long argument) {
        if (at != NO_DATA) {
            memory.write(address, local, at, bytes);
        }
        timeline.after(0, arrived, argument);
    }

    @Override
    public MemorySegment local() {
        return local;
    }
}
