/**
 * Block stores that need the operating system: files and block devices, through io_uring or, where that is not allowed,
 * through plain calls.
 */
package dev.cipu.shim.store;
