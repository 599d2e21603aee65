/** Virtual time: a deterministic order of events in picoseconds, and chance that repeats. */
package dev.cipu.sim.event;
