package dev.cipu.dataplane.blk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.dataplane.ParkBell;
import dev.cipu.dataplane.Worker;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkRequest;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver and a worker on threads of their own: when kicks are sent, and that none is lost. */
@Timeout(60)
class KickTest {
    private final CounterGroup counters = CounterGroup.unlisted(Worker.COUNTERS);
    private final ParkBell bell = new ParkBell();

    private static BlkGuest guest(boolean eventIndex) {
        return new BlkGuest(
                new NullStore(1 << 20), false, eventIndex ? FeatureSet.of(RingFeature.EVENT_IDX) : FeatureSet.NONE);
    }

    /** Runs requests, some at a time, as a driver that kicks when the device wants it; returns the kicks. */
    private int drive(BlkGuest guest, IdlePolicy idle, int requests, int depth) throws InterruptedException {
        Worker worker = new Worker(idle, bell, System::nanoTime, counters, (_, cause) -> {
            throw new IllegalStateException(cause);
        });
        worker.add(guest.served);
        Thread thread = new Thread(worker, "worker");
        thread.start();
        long data = guest.buffer(512);
        int kicks = 0;
        for (int i = 0; i < requests; i += depth) {
            for (int j = 0; j < depth; j++) {
                guest.driver.submit(BlkRequest.IN, 0, data, 512);
            }
            if (guest.driver.publish()) {
                kicks++;
                bell.ring();
            }
            while (guest.driver.inFlight() > 0) {
                if (guest.driver.poll() < 0) {
                    LockSupport.parkNanos(1);
                }
            }
        }
        worker.remove(guest.served);
        worker.stop();
        thread.join();
        return kicks;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aWorkerThatSleepsAtOnceLosesNoKick(boolean eventIndex) throws InterruptedException {
        // a lost kick would cost the longest sleep, one second: a handful of them ends in the time limit
        int kicks = drive(guest(eventIndex), new IdlePolicy.Sleep(0), 10_000, 1);
        assertThat(kicks).isPositive();
        assertThat(counters.get("sleeps")).isPositive();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPollingWorkerIsNeverKickedAndNeverCalls(boolean eventIndex) throws InterruptedException {
        BlkGuest guest = guest(eventIndex);
        guest.ring.suppressCalls();
        // more than the 16-bit indices hold, so that a stale event index would show
        assertThat(drive(guest, IdlePolicy.SPIN, 80_000, 40)).isZero();
        assertThat(guest.counters.get("calls")).isZero();
        assertThat(guest.counters.get("reads")).isEqualTo(80_000);
    }
}
