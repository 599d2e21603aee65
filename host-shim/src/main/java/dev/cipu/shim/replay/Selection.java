package dev.cipu.shim.replay;

import dev.cipu.shim.trace.TracedDevice;
import java.util.Collection;
import java.util.List;

/**
 * What of a trace is replayed.
 *
 * @param devices their ids; none for all
 * @param queues of these devices, by index; none for all
 */
public record Selection(List<String> devices, List<Integer> queues) {
    public static final Selection ALL = new Selection(List.of(), List.of());

    public Selection {
        devices = List.copyOf(devices);
        queues = List.copyOf(queues);
    }

    boolean wants(TracedDevice device, int queue) {
        return (devices.isEmpty() || devices.contains(device.id())) && (queues.isEmpty() || queues.contains(queue));
    }

    /** @throws ReplayException if a device is none of the trace's */
    void check(Collection<TracedDevice> there) {
        List<String> ids = there.stream().map(TracedDevice::id).toList();
        for (String device : devices) {
            if (!ids.contains(device)) {
                throw new ReplayException("the trace has no device '" + device + "'; it has "
                        + (ids.isEmpty() ? "none" : String.join(", ", ids)));
            }
        }
    }
}
