/** Asks the timing model on users' behalf: named workloads, runs, explanations, comparisons, and what they look like. */
@NullMarked
package dev.cipu.shim.sim;

import org.jspecify.annotations.NullMarked;
