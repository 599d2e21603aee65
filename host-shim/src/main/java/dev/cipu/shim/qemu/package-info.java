/** Putting devices into machines of QEMU that run, and taking them out again. */
@NullMarked
package dev.cipu.shim.qemu;

import org.jspecify.annotations.NullMarked;
