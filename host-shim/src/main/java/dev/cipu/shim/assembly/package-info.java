/** The card put together: the one place where devices, queues, stores and transports meet, and how it is described. */
@NullMarked
package dev.cipu.shim.assembly;

import org.jspecify.annotations.NullMarked;
