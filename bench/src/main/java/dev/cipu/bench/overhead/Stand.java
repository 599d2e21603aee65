package dev.cipu.bench.overhead;

import dev.cipu.bench.process.RunLength;
import dev.cipu.shim.load.OrderPlan;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One way set up and ready, held still except in its turns. Its processes belong to whoever started them. */
interface Stand {
    Way way();

    /** Why it cannot do a work, null if it can. */
    @Nullable
    String refusal(Work work);

    /** Whether it can follow orders that come at rates of their own. */
    boolean takesOrders();

    /**
     * Does a work for a while.
     *
     * @param orders null to do all as soon as possible
     * @param profile whether to look where the time goes, which takes some of it
     */
    Measured measure(Work work, RunLength length, @Nullable OrderPlan orders, boolean profile)
            throws IOException, InterruptedException;
}
