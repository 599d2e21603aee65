/** Programs that a benchmark starts on cores of their own, ours and others'. */
@NullMarked
package dev.cipu.bench.process;

import org.jspecify.annotations.NullMarked;
