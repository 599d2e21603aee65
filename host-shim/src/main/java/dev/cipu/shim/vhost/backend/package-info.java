/**
 * The card's side of vhost-user: one session per front-end, its memory, its rings, and the socket it comes in by.
 */
@NullMarked
package dev.cipu.shim.vhost.backend;

import org.jspecify.annotations.NullMarked;
