/** The commands of a network device's control queue: how they look and what they mean. */
@NullMarked
package dev.cipu.virtio.net.control;

import org.jspecify.annotations.NullMarked;
