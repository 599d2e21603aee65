package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.virtio.FeatureSet;
import org.jspecify.annotations.Nullable;

/**
 * All rings of a session together with what they stand on: the memory table and the inflight region. No mapping is
 * closed before every worker that might look at it has let go. Owned by the session's thread.
 */
final class Vrings implements AutoCloseable {
    private final Vring[] rings;
    private MemoryTable table = MemoryTable.EMPTY;
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

    /** Takes a ring back from its worker and hands it over again. */
    void restart(int index) {
        rings[index].pause();
        startReady();
    }

    /** Replaces the whole table. Rings that run go on in the new one from where they were. */
    void replaceTable(MemoryTable next) {
        for (Vring ring : rings) {
            ring.pause();
        }
        MemoryTable old = table;
        table = next;
        old.close();
        startReady();
    }

    /** Grows or shrinks the table under running rings; a region that a running ring lies in is not removed. */
    void changeTable(MemoryTable next) {
        MemoryTable old = table;
        table = next;
        for (Vring ring : rings) {
            ring.replaceMemory(next.memory());
        }
        old.closeAllBut(next);
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

    /** Should a worker not let go, this throws and leaves its memory mapped: a leak is better than a fault. */
    @Override
    public void close() {
        for (Vring ring : rings) {
            ring.close();
        }
        table.close();
        table = MemoryTable.EMPTY;
        if (inflight != null) {
            inflight.close();
            inflight = null;
        }
    }
}
