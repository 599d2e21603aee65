/** A card put together from its profile, run under a workload, and what came of it. */
package dev.cipu.sim.model;
