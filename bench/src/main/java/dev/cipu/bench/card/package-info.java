/** What a running card takes and how fast it changes, measured from outside, with the command line that users have. */
@NullMarked
package dev.cipu.bench.card;

import org.jspecify.annotations.NullMarked;
