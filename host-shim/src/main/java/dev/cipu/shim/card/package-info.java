/** What a host sees of the card: functions, and the ways to drive them that need no socket. */
@NullMarked
package dev.cipu.shim.card;

import org.jspecify.annotations.NullMarked;
