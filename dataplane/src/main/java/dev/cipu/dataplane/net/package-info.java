/**
 * Frames: the pool they live in, the ports they come from and go to, and the switch between. Everything that belongs to
 * one switch is owned by one worker.
 */
package dev.cipu.dataplane.net;
