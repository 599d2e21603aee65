/**
 * The vfio-user wire as both roles see it: layouts, codes and messages. Citations name the sections of the vfio-user protocol
 * document that QEMU ships ({@code docs/interop/vfio-user.rst}); structures that it borrows are those of the kernel's VFIO.
 */
@NullMarked
package dev.cipu.shim.vfio;

import org.jspecify.annotations.NullMarked;
