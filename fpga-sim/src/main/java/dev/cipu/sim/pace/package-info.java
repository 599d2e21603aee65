/**
 * Devices that real guests use and that take as long as a model says: stores and ports which hold back what is done until it is
 * due. They know the model by {@link dev.cipu.sim.pace.RequestTiming} and {@link dev.cipu.sim.pace.FrameTiming} only.
 */
@NullMarked
package dev.cipu.sim.pace;

import org.jspecify.annotations.NullMarked;
