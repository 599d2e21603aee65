/** Many runs of the timing model over figures of cards and workloads, in a file that a later run goes on with. */
@NullMarked
package dev.cipu.shim.sim.sweep;

import org.jspecify.annotations.NullMarked;
