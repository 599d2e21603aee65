/** Runs of the timing model as files for other people's viewers: a timeline of packets, and registers over time. */
@NullMarked
package dev.cipu.shim.sim.trace;

import org.jspecify.annotations.NullMarked;
