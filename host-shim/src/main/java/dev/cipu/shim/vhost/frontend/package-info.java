/**
 * The driver's side of the vhost-user wire: a front-end that owns memory and rings and speaks to any back-end. Citations
 * name sections of {@code docs/interop/vhost-user.rst} as QEMU 10.0 ships it.
 */
package dev.cipu.shim.vhost.frontend;
