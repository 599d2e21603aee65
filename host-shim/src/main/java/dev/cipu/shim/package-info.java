/**
 * Everything that touches the operating system, and the {@code cipu} command line.
 */
package dev.cipu.shim;
