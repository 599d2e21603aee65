/**
 * Hostile front-ends and hostile guests, one numbered attack after the other, against any back-end; and the judge that says what
 * each has done to it.
 */
@NullMarked
package dev.cipu.shim.torture;

import org.jspecify.annotations.NullMarked;
