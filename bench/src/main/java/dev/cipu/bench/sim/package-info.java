/** How fast the timing model runs. */
package dev.cipu.bench.sim;
