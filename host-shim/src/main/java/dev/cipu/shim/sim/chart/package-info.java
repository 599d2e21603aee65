/** Charts as SVG text, the same to the last byte for the same numbers on any machine, and the page that they stand on. */
@NullMarked
package dev.cipu.shim.sim.chart;

import org.jspecify.annotations.NullMarked;
