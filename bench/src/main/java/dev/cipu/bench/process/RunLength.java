package dev.cipu.bench.process;

/**
 * How long one sample takes.
 *
 * @param warmupSeconds before it
 * @param seconds measured
 */
public record RunLength(double warmupSeconds, double seconds) {}
