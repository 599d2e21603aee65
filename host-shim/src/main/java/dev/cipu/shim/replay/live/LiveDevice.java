package dev.cipu.shim.replay.live;

import dev.cipu.shim.load.StallWatch;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.driver.DriverMemory;
import java.util.function.Function;

/** A device that is replayed into, behind whatever socket: its memory and rings, and whether it is there. One thread owns it. */
interface LiveDevice extends StallWatch.Signs, AutoCloseable {
    /**
     * What a player wants of a device.
     *
     * @param features of the device, to accept where they are offered
     * @param indirectEntries longest chain to be put into an indirect table, 0 for none
     * @param queues that will be started at most
     * @param memoryBytes besides the rings
     */
    record Needs(FeatureSet features, int indirectEntries, int queues, long memoryBytes) {}

    /**
     * Connects to the device of a replay.
     *
     * @param kind what it has to be, as far as it says
     * @param player makes the player, which then owns the device; if it throws, the device is closed
     * @throws dev.cipu.shim.vhost.frontend.FrontEndException if there is no back-end or it refuses
     * @throws dev.cipu.shim.probe.LinkException if there is no function or it refuses
     */
    static <T> T connect(LiveSpec spec, DeviceKind kind, Needs needs, Function<LiveDevice, T> player) {
        if (!spec.function()) {
            return spec.target()
                    .connect(
                            spec.target().ringFeatures().or(needs.features()),
                            needs.indirectEntries(),
                            needs.queues(),
                            needs.memoryBytes(),
                            frontEnd -> player.apply(new BackEndDevice(frontEnd)));
        }
        LiveDevice device = FunctionDevice.connect(spec.target(), kind, needs);
        try {
            return player.apply(device);
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    FeatureSet offered();

    /** What is in use of it. */
    FeatureSet negotiated();

    /** Queues, or pairs of a network device, that there are. */
    int maxQueues();

    /** Where buffers are taken from. */
    DriverMemory memory();

    byte[] readConfig(int offset, int bytes);

    /** Makes queues 0..{@code count}-1 and starts them. */
    void start(int count);

    /** One that was started. */
    LiveQueue queue(int index);

    /** Stops all of them. */
    void stop();

    /** What to call whoever serves the device. */
    String server();

    @Override
    void close();
}
