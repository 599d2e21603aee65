/**
 * Load on a device behind a vhost-user socket, measured and checked from the driver's side: what {@code cipu drive} and
 * the benchmarks run. One thread drives all queues of a device; nothing is allocated for a request or a frame.
 */
package dev.cipu.shim.load;
