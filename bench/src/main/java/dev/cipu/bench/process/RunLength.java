package dev.cipu.bench;

/**
 * How long one sample takes.
 *
 * @param warmupSeconds before it
 * @param seconds measured
 */
record RunLength(double warmupSeconds, double seconds) {}
