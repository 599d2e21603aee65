/**
 * The few POSIX and Linux calls that the card makes. Cold calls go through one jnr-ffi interface ({@link
 * dev.cipu.shim.posix.LibC}), hot ones through FFM. Every descriptor belongs to one {@link dev.cipu.shim.posix.Fd}.
 */
@NullMarked
package dev.cipu.shim.posix;

import org.jspecify.annotations.NullMarked;
