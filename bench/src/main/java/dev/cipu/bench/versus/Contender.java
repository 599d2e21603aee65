package dev.cipu.bench.versus;

import dev.cipu.bench.process.RunLength;
import java.io.IOException;
import java.util.Map;

/**
 * One side of a comparison, as a rule a server in a process of its own. It does nothing except during its turns.
 *
 * @param <W> what is asked of it
 */
public interface Contender<W> {
    /** Lets the side work, measures, holds it still again. Returns the figures by name. */
    Map<String, Double> measure(W workload, RunLength length) throws IOException, InterruptedException;
}
