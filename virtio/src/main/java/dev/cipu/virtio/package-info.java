/**
 * What the VIRTIO specification says. Pure Java: no thread, socket, file or operating-system call.
 */
package dev.cipu.virtio;
