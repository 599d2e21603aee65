package dev.cipu.virtio.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.cipu.virtio.RingFeature;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** The device publishes: the driver sees used elements and what is in their buffers, all of a publication or nothing. */
public class UsedStress {
    private UsedStress() {}

    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "both, whole")
    @Outcome(id = "1", expect = FORBIDDEN, desc = "half of a publication")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "a broken one")
    public static class SplitElements {
        private final StressRing ring = new StressRing().holding(2);

        @Actor
        public void driver(I_Result seen) {
            seen.r1 = ring.reclaim(2);
        }

        @Actor
        public void device() {
            ring.complete(2);
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "both, whole")
    @Outcome(id = "1", expect = FORBIDDEN, desc = "half of a publication")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "a broken one")
    public static class PackedElements {
        private final StressRing ring = new StressRing(RingFeature.RING_PACKED).holding(2);

        @Actor
        public void driver(I_Result seen) {
            seen.r1 = ring.reclaim(2);
        }

        @Actor
        public void device() {
            ring.complete(2);
        }
    }
}
