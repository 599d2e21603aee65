package dev.cipu.virtio.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.cipu.virtio.RingFeature;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** The driver publishes: the device sees whole chains and what is in their buffers, all of a publication or nothing. */
public class AvailableStress {
    private AvailableStress() {}

    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "a whole chain")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "a broken one")
    public static class SplitChain {
        private final StressRing ring = new StressRing();

        @Actor
        public void driver() {
            ring.offer(1, 2);
        }

        @Actor
        public void device(I_Result seen) {
            seen.r1 = ring.take(1, 2);
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "both, whole")
    @Outcome(id = "1", expect = FORBIDDEN, desc = "half of a publication")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "a broken one")
    public static class SplitBatch {
        private final StressRing ring = new StressRing();

        @Actor
        public void driver() {
            ring.offer(2, 1);
        }

        @Actor
        public void device(I_Result seen) {
            seen.r1 = ring.take(2, 1);
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "both, whole")
    @Outcome(id = "1", expect = FORBIDDEN, desc = "half of a publication")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "a broken one")
    public static class SplitBurst {
        private final StressRing ring = new StressRing();

        @Actor
        public void driver() {
            ring.offer(2, 1);
        }

        @Actor
        public void device(I_Result seen) {
            seen.r1 = ring.takeBurst();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "a whole chain")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "a broken one")
    public static class PackedChain {
        private final StressRing ring = new StressRing(RingFeature.RING_PACKED);

        @Actor
        public void driver() {
            ring.offer(1, 2);
        }

        @Actor
        public void device(I_Result seen) {
            seen.r1 = ring.take(1, 2);
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "both, whole")
    @Outcome(id = "1", expect = FORBIDDEN, desc = "half of a publication")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "a broken one")
    public static class PackedBatch {
        private final StressRing ring = new StressRing(RingFeature.RING_PACKED);

        @Actor
        public void driver() {
            ring.offer(2, 1);
        }

        @Actor
        public void device(I_Result seen) {
            seen.r1 = ring.take(2, 1);
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "both, whole")
    @Outcome(id = "1", expect = FORBIDDEN, desc = "half of a publication")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "a broken one")
    public static class PackedBurst {
        private final StressRing ring = new StressRing(RingFeature.RING_PACKED);

        @Actor
        public void driver() {
            ring.offer(2, 1);
        }

        @Actor
        public void device(I_Result seen) {
            seen.r1 = ring.takeBurst();
        }
    }
}
