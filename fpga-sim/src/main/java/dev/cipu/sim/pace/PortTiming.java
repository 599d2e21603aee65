package dev.cipu.sim.pace;

/**
 * What a model says of a port.
 *
 * @param fromGuest frames on their way into the switch
 * @param toGuest frames on their way out of it
 */
public record PortTiming(FrameTiming fromGuest, FrameTiming toGuest) {}
