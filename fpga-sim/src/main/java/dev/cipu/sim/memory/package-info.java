/** The host's memory as the card sees it: latency, translation, and what the rings hold. */
package dev.cipu.sim.memory;
