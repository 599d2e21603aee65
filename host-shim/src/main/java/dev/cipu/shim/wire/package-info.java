/** Messages of a header and a payload over a Unix socket, whatever their protocol. */
@NullMarked
package dev.cipu.shim.wire;

import org.jspecify.annotations.NullMarked;
