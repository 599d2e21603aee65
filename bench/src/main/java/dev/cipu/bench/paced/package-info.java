/** How well a device with timing keeps to the delays that a model asks for. */
@NullMarked
package dev.cipu.bench.paced;

import org.jspecify.annotations.NullMarked;
