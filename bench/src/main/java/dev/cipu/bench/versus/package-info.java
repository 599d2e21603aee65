/** Us and a C program behind the same driver, in turns. */
@NullMarked
package dev.cipu.bench.versus;

import org.jspecify.annotations.NullMarked;
