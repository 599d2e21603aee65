/** Traces read as work to be done once more: which transactions, when each is due, and what there is of them. */
@NullMarked
package dev.cipu.shim.replay;

import org.jspecify.annotations.NullMarked;
