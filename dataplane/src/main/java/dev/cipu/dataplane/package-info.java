/**
 * What the card does with packets and requests. Pure Java: no socket, file or operating-system call.
 */
package dev.cipu.dataplane;
