/** A card and its guests in one process, each checking what the others do to its data. */
@NullMarked
package dev.cipu.shim.demo;

import org.jspecify.annotations.NullMarked;
