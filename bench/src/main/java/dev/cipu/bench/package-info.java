/**
 * Comparisons with the peers that users run today, and micro-benchmarks of the hot pieces.
 */
package dev.cipu.bench;
