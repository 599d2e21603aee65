/** Us and a peer in turns, as a rule a C program behind the same driver; and what becomes of that from report to report. */
@NullMarked
package dev.cipu.bench.versus;

import org.jspecify.annotations.NullMarked;
