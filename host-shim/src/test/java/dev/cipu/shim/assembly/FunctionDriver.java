package dev.cipu.shim.assembly;

import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.pci.Msix;
import dev.cipu.device.pci.PciExpress;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.client.PciRegisters;
import dev.cipu.shim.vfio.client.SingleRootRegisters;
import dev.cipu.shim.vfio.client.VfioClient;
import dev.cipu.shim.vfio.client.VirtioRegisters;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.ring.RingFormat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest's driver of a function over vfio-user, as far as all devices are alike. Doorbells count as mapped, so rings need no
 * message: one thread may use the connection and another one the rings.
 */
class FunctionDriver implements AutoCloseable {
    /** The vendor of a slot in which nothing is. */
    private static final long NOBODY = 0xffff;

    static final Duration LIMIT = Duration.ofSeconds(10);
    static final int SIZE = 64;
    private static final long GUEST = 0x1_0000_0000L;
    private static final long BYTES = 2L << 20;
    private static final int RING_ALIGN = 4096;
    private static final int DOORBELLS = 2;
    private static final int DRIVER = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER;

    final VfioClient client;
    final VirtioRegisters registers;
    private final Memfd file = Memfd.create("driver", BYTES);
    private final Mapping mapping = file.map();
    final DriverMemory memory = new DriverMemory(mapping.segment(), GUEST);
    private final List<EventFd> vectors = new ArrayList<>();
    private FeatureSet negotiated = FeatureSet.NONE;

    FunctionDriver(Path socket) {
        client = VfioClient.connect(Peer.of(socket, LIMIT));
        registers = new VirtioRegisters(client);
        becomeMaster();
        client.map(GUEST, BYTES, file.fd());
        // whoever asks for a region that can be mapped may have mapped it: its queues are polled
        client.regionBytes(DOORBELLS);
    }

    /** Lets the function reach memory. */
    final void becomeMaster() {
        config().set(HeaderLayout.COMMAND, 2, HeaderLayout.COMMAND_MEMORY | HeaderLayout.COMMAND_BUS_MASTER);
    }

    final PciRegisters config() {
        return registers.config();
    }

    SingleRootRegisters root() {
        return SingleRootRegisters.of(config());
    }

    /** Switches so many virtual functions on. */
    void enable(int functions) {
        root().number(functions);
        root().on(true);
    }

    /** Accepts what is offered of these and what has to be. */
    void negotiate(FeatureSet wanted) {
        negotiated =
                registers.offered().and(wanted.or(FeatureSet.of(RingFeature.VERSION_1, RingFeature.ACCESS_PLATFORM)));
        registers.common(CommonLayout.STATUS, DRIVER);
        for (int i = 0; i < 4; i++) {
            registers.accept(i, VirtioRegisters.word(negotiated, i));
        }
        registers.common(CommonLayout.STATUS, DRIVER | DeviceStatus.FEATURES_OK);
    }

    /** A ring that the device knows, its vector the queue's number and one. */
    DriverQueue queue(int index) {
        long bytes = DriverQueue.bytes(RingFormat.of(negotiated), SIZE, 0);
        long at = memory.allocate(bytes, RING_ALIGN);
        DriverQueue ring = DriverQueue.of(memory.slice(at, bytes), at, SIZE, negotiated, 0);
        registers.queue(index, CommonLayout.QUEUE_SIZE, SIZE);
        registers.queue(index, CommonLayout.QUEUE_VECTOR, index + 1);
        registers.address(index, CommonLayout.QUEUE_DESC, ring.descriptorAddress());
        registers.address(index, CommonLayout.QUEUE_DRIVER, ring.driverAreaAddress());
        registers.address(index, CommonLayout.QUEUE_DEVICE, ring.deviceAreaAddress());
        registers.queue(index, CommonLayout.QUEUE_ENABLE, 1);
        return ring;
    }

    int status() {
        return registers.common(CommonLayout.STATUS);
    }

    void status(int bits) {
        registers.common(CommonLayout.STATUS, bits);
    }

    void driverOk() {
        status(DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
    }

    /** From now on messages come, the first for changes of the configuration. */
    void useVectors() {
        if (vectors.isEmpty()) {
            Fd[] events = new Fd[client.interrupts(VfioLayout.IRQ_MSIX)];
            for (int i = 0; i < events.length; i++) {
                vectors.add(EventFd.create());
                events[i] = vectors.get(i).fd();
            }
            client.events(VfioLayout.IRQ_MSIX, events);
        }
        registers.common(CommonLayout.CONFIG_VECTOR, 0);
        int at = config().find(Msix.ID) + Msix.CONTROL;
        config().set(at, 2, config().get(at, 2) | Msix.ENABLE);
    }

    /** Whether the device says in time that its configuration has changed. */
    boolean changed() {
        return Pause.until(() -> vectors.getFirst().drain() > 0, LIMIT);
    }

    /** Whether it says so now. */
    boolean hasChanged() {
        return vectors.getFirst().drain() > 0;
    }

    void functionReset() {
        int at = config().find(PciExpress.ID) + PciExpress.DEVICE_CONTROL;
        config().set(at, 2, config().get(at, 2) | PciExpress.INITIATE_RESET << 8);
    }

    /** Whether the function is gone, or goes in time: its slot is empty, or the server has closed the connection. */
    boolean isEnded() {
        return Pause.until(
                () -> {
                    try {
                        return config().get(HeaderLayout.VENDOR, 2) == NOBODY;
                    } catch (LinkException e) {
                        return e.kind() == LinkException.Kind.CLOSED;
                    }
                },
                LIMIT);
    }

    @Override
    public void close() {
        client.close();
        vectors.forEach(EventFd::close);
        mapping.close();
        file.close();
    }
}
