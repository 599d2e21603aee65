package dev.cipu.sim.model;

/**
 * How much something was used while measuring.
 *
 * @param name what it is
 * @param use the share of it that was taken, 0..1
 * @param ceiling packets or requests a second at which all of it would be, if they take what these took; infinite if they took
 *     nothing
 */
public record Load(String name, double use, double ceiling) {}
