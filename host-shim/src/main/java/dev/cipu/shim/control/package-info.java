/** How a running card is changed: requests on a socket of its own. */
@NullMarked
package dev.cipu.shim.control;

import org.jspecify.annotations.NullMarked;
