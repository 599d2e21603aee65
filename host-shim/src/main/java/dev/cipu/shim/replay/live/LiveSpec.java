package dev.cipu.shim.replay.live;

import dev.cipu.shim.load.Target;
import dev.cipu.shim.replay.Pace;
import dev.cipu.shim.replay.Selection;
import java.nio.file.Path;

/**
 * A replay into a device.
 *
 * @param directory the trace
 * @param target the device, and how its rings are to look
 * @param function whether it is a PCI function behind a vfio-user socket; else a back-end behind a vhost-user socket
 * @param writes what becomes of writes to a disk
 */
public record LiveSpec(
        Path directory, Selection selection, Pace pace, Target target, boolean function, Writes writes) {}
