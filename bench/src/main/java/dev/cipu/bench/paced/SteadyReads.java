package dev.cipu.bench.paced;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.shim.load.Latency;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.driver.BlkDriver;
import org.HdrHistogram.Histogram;

/**
 * A guest's driver that reads 4 KiB at a steady rate, whatever has been answered so far, as many users together do. Time for which
 * the system keeps it from running is not made up for with a burst: it is the card that is measured, and the rate that was reached
 * is told. Owned by the thread that runs it.
 */
final class SteadyReads implements AutoCloseable {
    private static final int RING = 1024;
    private static final int BYTES = 4096;
    private static final int SECTORS = BYTES / BlkRequest.SECTOR_BYTES;
    private static final int SPREAD = 1024;
    private static final long GUEST_BYTES = 8L << 20;
    private static final long LONGEST = 60_000_000_000L;
    private static final double NANOS = 1e9;

    private final EmbeddedGuest guest;
    private final BlkDriver driver;
    private final long data;
    private final long[] began = new long[RING];
    private final Histogram times = new Histogram(1, LONGEST, 3);
    private long failed;

    /** What the driver saw. */
    record Seen(long requests, double perSecond, long failed, Latency latency) {}

    SteadyReads(CardFunction disk) {
        guest = new EmbeddedGuest(disk, FeatureSet.of(RingFeature.VERSION_1, RingFeature.EVENT_IDX), GUEST_BYTES);
        driver = new BlkDriver(guest.start(0, RING, 0), guest.memory());
        driver.ring().suppressCalls();
        data = guest.memory().allocate(BYTES, BYTES);
    }

    /** Reads for a while, and waits for the last answer. */
    Seen run(double perSecond, double seconds) {
        times.reset();
        failed = 0;
        long begin = System.nanoTime();
        long count = Math.round(perSecond * seconds);
        double interval = NANOS / perSecond;
        double next = 0;
        long sent = 0;
        while (sent < count) {
            long now = System.nanoTime();
            if (now - begin >= next && send(sent, now)) {
                sent++;
                next = Math.max(next + interval, (double) (now - begin));
            }
            take();
        }
        while (driver.inFlight() > 0) {
            take();
        }
        double took = (System.nanoTime() - begin) / NANOS;
        return new Seen(count, count / took, failed, Latency.of(times));
    }

    /** False while the ring is full. */
    private boolean send(long number, long now) {
        int token = driver.submit(BlkRequest.IN, number % SPREAD * SECTORS, data, BYTES);
        if (token < 0) {
            return false;
        }
        began[token] = now;
        if (driver.publish()) {
            guest.kick(0);
        }
        return true;
    }

    private void take() {
        int token = driver.poll();
        if (token >= 0) {
            times.recordValue(Math.clamp(System.nanoTime() - began[token], 1, LONGEST));
            failed += driver.status() == BlkRequest.OK ? 0 : 1;
        }
    }

    @Override
    public void close() {
        guest.close();
    }
}
