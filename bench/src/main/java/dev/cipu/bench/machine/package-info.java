/** What a machine is, and what benchmarks on it are worth. */
@NullMarked
package dev.cipu.bench.machine;

import org.jspecify.annotations.NullMarked;
