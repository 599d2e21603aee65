/**
 * The journal of a card's queues on disk: the recorder that a running card has, and the reader, with what makes other formats of it.
 * Chronicle Queue is known here alone. The format is docs/traces.md.
 */
package dev.cipu.shim.trace;
