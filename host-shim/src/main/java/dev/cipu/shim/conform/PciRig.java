package dev.cipu.shim.conform;

import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.pci.Msix;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.LinkException.Kind;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.client.PciRegisters;
import dev.cipu.shim.vfio.client.VfioClient;
import dev.cipu.shim.vfio.client.VirtioRegisters;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.ring.RingFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * One driver of a function: a connection, memory for DMA, rings and events, set up step by step as {@link Rig} does for queues alone.
 * Owned by one thread.
 */
final class PciRig implements AutoCloseable {
    static final long GUEST = Rig.GUEST;
    private static final long BYTES = 4L << 20;
    private static final int RING_ALIGN = 4096;
    private static final int DRIVER = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER;
    private static final int WORDS = 4;

    /** What a driver has to accept where it is offered, to be served at all. */
    static final FeatureSet LEAST = FeatureSet.of(RingFeature.VERSION_1, RingFeature.ACCESS_PLATFORM);

    private final Peer peer;
    private final VfioClient client;
    private final VirtioRegisters registers;
    private final Memfd file = Memfd.create("cipu-probe", BYTES);
    private final Mapping mapping = file.map();
    private final DriverMemory memory = new DriverMemory(mapping.segment(), GUEST);
    private final List<EventFd> vectors = new ArrayList<>();
    private final EventFd pin = EventFd.create();
    private FeatureSet negotiated = FeatureSet.NONE;

    private PciRig(Peer peer, VfioClient client, VirtioRegisters registers) {
        this.peer = peer;
        this.client = client;
        this.registers = registers;
    }

    /** Connects; the function decodes its BARs, may reach memory, and its device is as after a reset. */
    static PciRig connect(Peer peer) {
        VfioClient client = VfioClient.connect(peer);
        try {
            client.reset();
            VirtioRegisters registers = new VirtioRegisters(client);
            enable(registers.config());
            return new PciRig(peer, client, registers);
        } catch (RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /** Lets the function decode its BARs and reach memory. */
    static void enable(PciRegisters config) {
        long command = config.get(HeaderLayout.COMMAND, 2);
        config.set(HeaderLayout.COMMAND, 2, command | HeaderLayout.COMMAND_MEMORY | HeaderLayout.COMMAND_BUS_MASTER);
    }

    Peer peer() {
        return peer;
    }

    VfioClient client() {
        return client;
    }

    VirtioRegisters registers() {
        return registers;
    }

    PciRegisters config() {
        return registers.config();
    }

    DriverMemory memory() {
        return memory;
    }

    PciRig share() {
        client.map(GUEST, BYTES, file.fd());
        return this;
    }

    void unshare() {
        client.unmap(GUEST, BYTES);
    }

    int status() {
        return registers.common(CommonLayout.STATUS);
    }

    void status(int bits) {
        registers.common(CommonLayout.STATUS, bits);
    }

    int queues() {
        return registers.common(CommonLayout.NUM_QUEUES);
    }

    /** Resets the device, and waits as a driver has to; false if the status never reads 0. */
    boolean resetDevice() {
        status(0);
        return Pause.until(() -> status() == 0, peer.timeout());
    }

    /** Whether the device takes these features. */
    boolean tryFeatures(FeatureSet wanted) {
        status(DRIVER);
        for (int i = 0; i < WORDS; i++) {
            registers.accept(i, VirtioRegisters.word(wanted, i));
        }
        status(DRIVER | DeviceStatus.FEATURES_OK);
        negotiated = wanted;
        return (status() & DeviceStatus.FEATURES_OK) != 0;
    }

    /** Accepts what is offered of {@code wanted}, and what has to be. */
    PciRig accept(FeatureSet wanted) {
        FeatureSet some = registers.offered().and(wanted.or(LEAST));
        if (!tryFeatures(some)) {
            throw new LinkException(Kind.REFUSED, "the device does not accept features " + some);
        }
        return this;
    }

    /** A ring for the driver's half, not yet known to the device. */
    DriverQueue queue(int size) {
        long bytes = DriverQueue.bytes(RingFormat.of(negotiated), size, 0);
        long at = memory.allocate(bytes, RING_ALIGN);
        return DriverQueue.of(memory.slice(at, bytes), at, size, negotiated, 0);
    }

    /** Tells the device of a ring and enables it. */
    void start(int index, DriverQueue ring, int vector) {
        registers.queue(index, CommonLayout.QUEUE_SIZE, ring.size());
        registers.queue(index, CommonLayout.QUEUE_VECTOR, vector);
        registers.address(index, CommonLayout.QUEUE_DESC, ring.descriptorAddress());
        registers.address(index, CommonLayout.QUEUE_DRIVER, ring.driverAreaAddress());
        registers.address(index, CommonLayout.QUEUE_DEVICE, ring.deviceAreaAddress());
        registers.queue(index, CommonLayout.QUEUE_ENABLE, 1);
    }

    void driverOk() {
        status(DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
    }

    /** Interrupts come by messages, each to an event. */
    void useVectors() {
        int count = client.interrupts(VfioLayout.IRQ_MSIX);
        Fd[] events = new Fd[count];
        for (int i = 0; i < count; i++) {
            EventFd event = EventFd.create();
            vectors.add(event);
            events[i] = event.fd();
        }
        client.events(VfioLayout.IRQ_MSIX, events);
        int at = config().find(Msix.ID) + Msix.CONTROL;
        config().set(at, 2, config().get(at, 2) | Msix.ENABLE);
    }

    /** Interrupts come by the pin. */
    void usePin() {
        client.events(VfioLayout.IRQ_PIN, pin.fd());
        unmaskPin();
    }

    /** The server masks the pin when it has told us of it. */
    void unmaskPin() {
        client.unmask(VfioLayout.IRQ_PIN, 0);
    }

    boolean awaitPin() {
        return Pause.until(() -> pin.drain() != 0, peer.timeout());
    }

    boolean takePin() {
        return pin.drain() != 0;
    }

    /** Waits until a vector has come; false if it does not in time. */
    boolean awaitVector(int vector) {
        return Pause.until(() -> vectors.get(vector).drain() != 0, peer.timeout());
    }

    /** Vectors that have come since they were asked for last. */
    Set<Integer> takeVectors() {
        Set<Integer> came = new TreeSet<>();
        for (int i = 0; i < vectors.size(); i++) {
            if (vectors.get(i).drain() != 0) {
                came.add(i);
            }
        }
        return came;
    }

    @Override
    public void close() {
        client.close();
        vectors.forEach(EventFd::close);
        pin.close();
        mapping.close();
        file.close();
    }
}
