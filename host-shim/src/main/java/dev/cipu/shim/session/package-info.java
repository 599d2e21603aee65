/** What all transports over sockets have in common: peers that come one after the other, and what one of them may break. */
@NullMarked
package dev.cipu.shim.session;

import org.jspecify.annotations.NullMarked;
