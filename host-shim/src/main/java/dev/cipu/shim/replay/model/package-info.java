/** Traces replayed into the timing model of cards. */
@NullMarked
package dev.cipu.shim.replay.model;

import org.jspecify.annotations.NullMarked;
