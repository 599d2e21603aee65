/**
 * What the specification demands of a device, asked of a back-end through its socket. A check is a method that opens a
 * connection of its own and reports what it saw under the ids of {@link dev.cipu.virtio.conformance.Requirement}; demands that the
 * list lacks, those of the vhost-user protocol foremost, are in {@code wire.tsv}.
 */
@NullMarked
package dev.cipu.shim.conform;

import org.jspecify.annotations.NullMarked;
