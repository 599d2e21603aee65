/**
 * The vhost-user wire as both roles see it: message layouts, codes and the channel that carries them. Citations name the
 * sections of the vhost-user protocol document that QEMU 10.0 ships ({@code docs/interop/vhost-user.rst}).
 */
@NullMarked
package dev.cipu.shim.vhost;

import org.jspecify.annotations.NullMarked;
