/** Ports of the card's switch that are interfaces of the host. */
@NullMarked
package dev.cipu.shim.net;

import org.jspecify.annotations.NullMarked;
