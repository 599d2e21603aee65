package dev.cipu.shim.sim;

import dev.cipu.sim.model.Workload;

/** A workload that users know by name. */
public record NamedWorkload(String name, String title, Workload workload) {}
