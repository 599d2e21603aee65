/** The project's standing benchmarks in one run and one report, and the parts that need no peer of others'. */
@NullMarked
package dev.cipu.bench.suite;

import org.jspecify.annotations.NullMarked;
