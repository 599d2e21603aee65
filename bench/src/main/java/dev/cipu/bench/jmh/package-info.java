/** Micro-benchmarks of the hot pieces, one class a piece; {@code cipu bench jmh} runs them. */
package dev.cipu.bench.jmh;
