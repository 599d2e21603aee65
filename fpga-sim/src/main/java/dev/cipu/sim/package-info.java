/**
 * What the hardware would take. The PCIe link, the DMA and descriptor engines and the discrete events that time them
 * will live here, with the paced ports and stores that bring the modelled times to real guests.
 */
package dev.cipu.sim;
