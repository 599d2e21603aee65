/** The card's descriptor engines: what they read and write of a ring, access by access. */
package dev.cipu.sim.ring;
