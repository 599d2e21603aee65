/** A vfio-user client: PCI functions that somebody else serves, as a driver finds them. */
@NullMarked
package dev.cipu.shim.vfio.client;

import org.jspecify.annotations.NullMarked;
