/** The card's side of vfio-user: one session per client, its memory, its interrupts, and the queues of a function. */
@NullMarked
package dev.cipu.shim.vfio.server;

import org.jspecify.annotations.NullMarked;
