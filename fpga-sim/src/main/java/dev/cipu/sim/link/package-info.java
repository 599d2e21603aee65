/** The PCI Express link between card and host: what a transfer costs in bytes and time. */
package dev.cipu.sim.link;
