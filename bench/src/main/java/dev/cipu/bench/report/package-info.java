/** What a benchmark found, in the form that stays. */
@NullMarked
package dev.cipu.bench.report;

import org.jspecify.annotations.NullMarked;
