/** What it costs a card to record, and whether its recording thread keeps up. */
@NullMarked
package dev.cipu.bench.record;

import org.jspecify.annotations.NullMarked;
