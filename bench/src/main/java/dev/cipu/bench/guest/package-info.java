/** Guests in this process, for benchmarks that have no other core and no transport in them. */
@NullMarked
package dev.cipu.bench.guest;

import org.jspecify.annotations.NullMarked;
