package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.ring.RingFormat;
import org.jspecify.annotations.Nullable;

/**
 * All rings of a session together with what they stand on: the memory table and the inflight region. No mapping is
 * closed before every worker that might look at it has let go. Owned by the session's thread.
 */
final class Vrings implements AutoCloseable {
    private final Vring[] rings;
    private MemoryTable table = MemoryTable.EMPTY;

    /** What {@link #table} replaces, until no worker uses it. */
    private MemoryTable former = MemoryTable.EMPTY;

    private @Nullable InflightRegion inflight;
    private @Nullable FeatureSet features;

    Vrings(CardFunction function) {
        rings = new Vring[function.device().queueCount()];
        for (int i = 0; i < rings.length; i++) {
            rings[i] = new Vring(i, function);
        }
    }

    int count() {
        return rings.length;
    }

    Vring ring(int index) {
        return rings[index];
    }

    MemoryTable table() {
        return table;
    }

    /** The format of the rings, null as long as features are not agreed on. */
    @Nullable
    RingFormat format() {
        FeatureSet agreed = features;
        return agreed == null ? null : RingFormat.of(agreed);
    }

    boolean anyRunning() {
        for (Vring ring : rings) {
            if (ring.isRunning()) {
                return true;
            }
        }
        return false;
    }

    /** What driver and device agreed on; no ring starts before this is known. Null: unknown again. */
    void features(@Nullable FeatureSet negotiated) {
        features = negotiated;
        startReady();
    }

    /** Whether the driver has finished its set-up; no ring is served before that. */
    void driverIsReady(boolean ready) {
        for (Vring ring : rings) {
            ring.driverIsReady(ready);
        }
    }

    /** Takes a ring back from its worker and hands it over again. */
    void restart(int index) {
        rings[index].suspend();
        startReady();
    }

    /** Replaces the whole table. Rings that run go on in the new one from where they were. */
    void replaceTable(MemoryTable next) {
        former = table;
        table = next;
        for (Vring ring : rings) {
            ring.pause();
        }
        leaveFormer();
    }

    /** Grows or shrinks the table under running rings; a region that a running ring lies in is not removed. */
    void changeTable(MemoryTable next) {
        former = table;
        table = next;
        for (Vring ring : rings) {
            ring.replaceMemory(next.memory());
        }
        leaveFormer();
    }

    private void leaveFormer() {
        former.closeAllBut(table);
        former = MemoryTable.EMPTY;
        startReady();
    }

    boolean anyLies(MemoryRegion region) {
        for (Vring ring : rings) {
            if (ring.lies(region)) {
                return true;
            }
        }
        return false;
    }

    void inflight(InflightRegion region) {
        if (anyRunning()) {
            region.close();
            throw new RefusedException("a new inflight region while rings run");
        }
        InflightRegion old = inflight;
        inflight = region;
        if (old != null) {
            old.close();
        }
        startReady();
    }

    /** Starts every ring that has all it needs. */
    void startReady() {
        FeatureSet agreed = features;
        if (agreed == null) {
            return;
        }
        for (Vring ring : rings) {
            if (!ring.isRunning() && ring.isComplete()) {
                ring.start(table.memory(), agreed, inflight);
            }
        }
    }

    /** All rings stopped and disabled; memory stays. */
    void reset() {
        for (Vring ring : rings) {
            ring.reset();
        }
    }

    boolean filesStillCover() {
        return table.filesStillCover() && (inflight == null || inflight.fileStillCovers());
    }

    /**
     * Should a worker not let go of a ring, the others are taken back all the same; then this throws and leaves the memory
     * mapped: a leak is better than a fault.
     */
    @Override
    public void close() {
        RuntimeException held = null;
        for (Vring ring : rings) {
            try {
                ring.close();
            } catch (RuntimeException e) {
                if (held == null) {
                    held = e;
                } else {
                    held.addSuppressed(e);
                }
            }
        }
        if (held != null) {
            throw held;
        }
        former.close();
        former = MemoryTable.EMPTY;
        table.close();
        table = MemoryTable.EMPTY;
        if (inflight != null) {
            inflight.close();
            inflight = null;
        }
    }
}
