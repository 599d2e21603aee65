/** What the specification demands of a device, one numbered line a demand, and the mark of what shows it. */
@NullMarked
package dev.cipu.virtio.conformance;

import org.jspecify.annotations.NullMarked;
