/** Virtio devices on a PCI bus: the registers through which a modern driver finds and runs them. */
@NullMarked
package dev.cipu.device.virtio;

import org.jspecify.annotations.NullMarked;
