/** The {@code cipu} command line. */
@NullMarked
package dev.cipu.shim.cli;

import org.jspecify.annotations.NullMarked;
