package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.TranslationMiss;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
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

    /** Translations, if the driver has accepted that there are any. */
    private @Nullable Iotlb iotlb;

    private final TranslationWaits waits;
    private final TranslationWaits.Questions front;
    private @Nullable LogRegion log;
    private @Nullable EventFd logged;
    private boolean logging;

    /**
     * @param patience how long a ring waits for a translation
     * @param front who is asked for translations
     */
    Vrings(CardFunction function, Duration patience, TranslationWaits.Questions front) {
        this.front = front;
        waits = new TranslationWaits(function.device().queueCount(), patience.toNanos());
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
        if (!anyRunning()) {
            // while it has stopped the rings a front-end does not say what becomes invalid
            boolean translated = negotiated != null && negotiated.has(RingFeature.ACCESS_PLATFORM);
            iotlb = translated ? new Iotlb() : null;
        }
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
        pauseAll();
        leaveFormer();
    }

    /** Grows or shrinks the table under running rings; a region that a running ring lies in is not removed. */
    void changeTable(MemoryTable next) {
        former = table;
        table = next;
        if (logging) {
            // logs know which page is where
            pauseAll();
        } else if (iotlb == null) {
            for (Vring ring : rings) {
                ring.replaceMemory(next.memory());
            }
        }
        leaveFormer();
    }

    private void pauseAll() {
        for (Vring ring : rings) {
            ring.pause();
        }
    }

    private void leaveFormer() {
        Iotlb cache = iotlb;
        if (cache != null) {
            cache.retain(table.memory());
            retranslate(cache.view(), true);
        }
        former.closeAllBut(table);
        former = MemoryTable.EMPTY;
        startReady();
    }

    /**
     * A translation that the front-end tells.
     *
     * @param access what it permits, 1 to read, 2 to write
     */
    void translate(long iova, long size, long user, int access) {
        Iotlb cache = cache();
        MemorySegment part = table.memory().userRange(user, size);
        if (part == null || size <= 0) {
            throw new RefusedException("translation to 0x" + Long.toHexString(user) + ", which is not shared");
        }
        boolean quiesce = cache.update(iova, size, part.address(), access);
        retranslate(cache.view(), quiesce);
        startReady();
    }

    /** A translation ends; when this returns nothing uses it any more. */
    void invalidate(long iova, long size) {
        Iotlb cache = cache();
        if (cache.invalidate(iova, size)) {
            retranslate(cache.view(), true);
            startReady();
        }
    }

    private Iotlb cache() {
        Iotlb cache = iotlb;
        if (cache == null) {
            throw new RefusedException("translations without ACCESS_PLATFORM");
        }
        return cache;
    }

    /** A ring that loses the ground under itself starts anew once it is translated again. */
    private void retranslate(GuestMemory view, boolean quiesce) {
        waits.settle(view);
        RingFormat format = format();
        for (Vring ring : rings) {
            if (ring.isRunning() && format != null) {
                if (ring.liesIn(view, format)) {
                    ring.translate(view, quiesce);
                } else {
                    ring.pause();
                }
            }
        }
    }

    /** A running ring has met an address that is not translated. */
    void missed(int index, long address, boolean write) {
        Iotlb cache = iotlb;
        if (cache == null || !rings[index].isRunning()) {
            return;
        }
        if (cache.view().regionOf(address) >= 0) {
            // told meanwhile
            rings[index].translate(cache.view(), false);
        } else {
            await(index, address, write);
        }
    }

    private void await(int index, long address, boolean write) {
        if (waits.begin(index, address, write, System.nanoTime())) {
            front.ask(address, write);
        }
    }

    /** Asks again for what is waited for: there was nobody to ask. */
    void askAgain() {
        waits.repeat(front);
    }

    /** Nanoseconds until {@link #expired} has something to say. */
    long patience() {
        return waits.left(System.nanoTime());
    }

    /** A ring that has waited too long for a translation, -1 if there is none. */
    int expired() {
        int index = waits.expire(System.nanoTime());
        return index < 0 || rings[index].isRunning() || rings[index].isComplete() ? index : expired();
    }

    /** Whether pages that a device writes are logged, once there is a log. */
    void logging(boolean on) {
        if (on != logging) {
            logging = on;
            pauseAll();
            startReady();
        }
    }

    void log(LogRegion region) {
        if (logging) {
            pauseAll();
        }
        LogRegion old = log;
        log = region;
        if (old != null) {
            old.close();
        }
        startReady();
    }

    /** Consumes the event, which is told of marks in the log. */
    void logged(EventFd event) {
        if (logging) {
            pauseAll();
        }
        EventFd old = logged;
        logged = event;
        if (old != null) {
            old.close();
        }
        startReady();
    }

    boolean anyLies(MemoryRegion region) {
        if (iotlb != null) {
            // addresses of rings are not the region's, and a ring that loses its translations stops
            return false;
        }
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
        Iotlb cache = iotlb;
        GuestMemory memory = cache == null ? table.memory() : cache.view();
        for (int i = 0; i < rings.length; i++) {
            Vring ring = rings[i];
            if (!ring.isRunning() && ring.isComplete()) {
                TranslationMiss miss = cache == null ? null : ring.firstMissing(memory, RingFormat.of(agreed));
                if (miss == null) {
                    ring.start(memory, table.memory(), agreed, inflight, logging ? log : null, logged);
                } else {
                    await(i, miss.address(), miss.write());
                }
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
        return table.filesStillCover()
                && (inflight == null || inflight.fileStillCovers())
                && (log == null || log.fileStillCovers());
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
        if (log != null) {
            log.close();
            log = null;
        }
        if (logged != null) {
            logged.close();
            logged = null;
        }
    }
}
