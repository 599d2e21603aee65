package dev.cipu.shim.replay.live;

import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.shim.vhost.frontend.FrontEndQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.driver.DriverMemory;

/** A device that a vhost-user back-end serves. */
final class BackEndDevice implements LiveDevice {
    private final FrontEnd frontEnd;

    BackEndDevice(FrontEnd frontEnd) {
        this.frontEnd = frontEnd;
    }

    @Override
    public FeatureSet offered() {
        return frontEnd.offered();
    }

    @Override
    public FeatureSet negotiated() {
        return frontEnd.negotiated();
    }

    @Override
    public int maxQueues() {
        return frontEnd.maxQueues();
    }

    @Override
    public DriverMemory memory() {
        return frontEnd.memory();
    }

    @Override
    public byte[] readConfig(int offset, int bytes) {
        return frontEnd.readConfig(offset, bytes);
    }

    @Override
    public void start(int count) {
        frontEnd.start(count);
    }

    @Override
    public LiveQueue queue(int index) {
        FrontEndQueue queue = frontEnd.queue(index);
        return new LiveQueue(queue.ring(), queue::kick);
    }

    @Override
    public boolean isConnected() {
        return frontEnd.isConnected();
    }

    @Override
    public boolean takeError() {
        return frontEnd.takeError();
    }

    @Override
    public void stop() {
        frontEnd.stop();
    }

    @Override
    public String server() {
        return "the back-end";
    }

    @Override
    public void close() {
        frontEnd.close();
    }
}
