/**
 * A driver that can be told to do anything: connections, memory and rings of a front-end with nothing hidden, for whoever
 * examines a back-end. All waits are bounded. What loads a device uses {@code vhost.frontend} instead.
 */
@NullMarked
package dev.cipu.shim.probe;

import org.jspecify.annotations.NullMarked;
