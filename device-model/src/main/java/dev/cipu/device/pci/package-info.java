/** PCI functions as a transport sees them: regions that are read and written, interrupts, reset. */
@NullMarked
package dev.cipu.device.pci;

import org.jspecify.annotations.NullMarked;
