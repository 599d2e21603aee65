/** Virtio devices as PCI functions: the registers of VIRTIO over PCI, for drivers of version 1.0 and later. */
@NullMarked
package dev.cipu.device.virtio;

import org.jspecify.annotations.NullMarked;
