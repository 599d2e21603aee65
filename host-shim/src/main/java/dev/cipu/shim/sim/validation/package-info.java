/** The timing model held against what was published. */
@NullMarked
package dev.cipu.shim.sim.validation;

import org.jspecify.annotations.NullMarked;
