package dev.cipu.virtio.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.cipu.virtio.RingFeature;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** One side publishes and looks whether the other wants to hear of it, while the other asks for that and looks a last time. */
public class WakeUpStress {
    private WakeUpStress() {}

    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = FORBIDDEN, desc = "asleep, and nobody wakes it")
    @Outcome(expect = ACCEPTABLE, desc = "awake, or woken")
    public static class SplitKick {
        private final StressRing ring = new StressRing();

        @Actor
        public void driver(ZZ_Result notified) {
            notified.r1 = ring.offer(1, 1);
        }

        @Actor
        public void device(ZZ_Result notified) {
            notified.r2 = ring.deviceMaySleep();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = FORBIDDEN, desc = "asleep, and nobody wakes it")
    @Outcome(expect = ACCEPTABLE, desc = "awake, or woken")
    public static class SplitEventKick {
        private final StressRing ring = new StressRing(RingFeature.EVENT_IDX);

        @Actor
        public void driver(ZZ_Result notified) {
            notified.r1 = ring.offer(1, 1);
        }

        @Actor
        public void device(ZZ_Result notified) {
            notified.r2 = ring.deviceMaySleep();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = FORBIDDEN, desc = "asleep, and nobody wakes it")
    @Outcome(expect = ACCEPTABLE, desc = "awake, or woken")
    public static class PackedKick {
        private final StressRing ring = new StressRing(RingFeature.RING_PACKED);

        @Actor
        public void driver(ZZ_Result notified) {
            notified.r1 = ring.offer(1, 1);
        }

        @Actor
        public void device(ZZ_Result notified) {
            notified.r2 = ring.deviceMaySleep();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = FORBIDDEN, desc = "asleep, and nobody wakes it")
    @Outcome(expect = ACCEPTABLE, desc = "awake, or woken")
    public static class PackedEventKick {
        private final StressRing ring = new StressRing(RingFeature.RING_PACKED, RingFeature.EVENT_IDX);

        @Actor
        public void driver(ZZ_Result notified) {
            notified.r1 = ring.offer(1, 1);
        }

        @Actor
        public void device(ZZ_Result notified) {
            notified.r2 = ring.deviceMaySleep();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = FORBIDDEN, desc = "asleep, and nobody wakes it")
    @Outcome(expect = ACCEPTABLE, desc = "awake, or woken")
    public static class SplitCall {
        private final StressRing ring = new StressRing().holding(1);

        @Actor
        public void device(ZZ_Result notified) {
            notified.r1 = ring.complete(1);
        }

        @Actor
        public void driver(ZZ_Result notified) {
            notified.r2 = ring.driverMaySleep();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = FORBIDDEN, desc = "asleep, and nobody wakes it")
    @Outcome(expect = ACCEPTABLE, desc = "awake, or woken")
    public static class SplitEventCall {
        private final StressRing ring = new StressRing(RingFeature.EVENT_IDX).holding(1);

        @Actor
        public void device(ZZ_Result notified) {
            notified.r1 = ring.complete(1);
        }

        @Actor
        public void driver(ZZ_Result notified) {
            notified.r2 = ring.driverMaySleep();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = FORBIDDEN, desc = "asleep, and nobody wakes it")
    @Outcome(expect = ACCEPTABLE, desc = "awake, or woken")
    public static class PackedCall {
        private final StressRing ring = new StressRing(RingFeature.RING_PACKED).holding(1);

        @Actor
        public void device(ZZ_Result notified) {
            notified.r1 = ring.complete(1);
        }

        @Actor
        public void driver(ZZ_Result notified) {
            notified.r2 = ring.driverMaySleep();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "false, true", expect = FORBIDDEN, desc = "asleep, and nobody wakes it")
    @Outcome(expect = ACCEPTABLE, desc = "awake, or woken")
    public static class PackedEventCall {
        private final StressRing ring = new StressRing(RingFeature.RING_PACKED, RingFeature.EVENT_IDX).holding(1);

        @Actor
        public void device(ZZ_Result notified) {
            notified.r1 = ring.complete(1);
        }

        @Actor
        public void driver(ZZ_Result notified) {
            notified.r2 = ring.driverMaySleep();
        }
    }
}
