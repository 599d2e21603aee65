/** Traces replayed into a device behind a vhost-user or vfio-user socket. */
@NullMarked
package dev.cipu.shim.replay.live;

import org.jspecify.annotations.NullMarked;
