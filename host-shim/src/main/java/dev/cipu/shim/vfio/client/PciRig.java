package dev.cipu.shim.vfio.client;

import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.pci.Msix;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.LinkException.Kind;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.vfio.VfioLayout;
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
import org.jspecify.annotations.Nullable;

/**
 * One driver of a function: a connection, memory for DMA, rings and events, set up step by step as {@link Rig} does for queues alone.
 * Owned by one thread.
 */
public final class PciRig implements AutoCloseable {
    public static final long GUEST = Rig.GUEST;
    public static final long BYTES = 4L << 20;
    private static final int RING_ALIGN = 4096;
    private static final int DRIVER = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER;
    private static final int WORDS = 4;

    /** What a driver has to accept where it is offered, to be served at all. */
    public static final FeatureSet LEAST = FeatureSet.of(RingFeature.VERSION_1, RingFeature.ACCESS_PLATFORM);

    private final Peer peer;
    private final VfioClient client;
    private final VirtioRegisters registers;
    private final Memfd file;
    private final Mapping mapping;
    private final DriverMemory memory;
    private final List<EventFd> vectors = new ArrayList<>();
    private final EventFd pin = EventFd.create();
    private FeatureSet negotiated = FeatureSet.NONE;

    private PciRig(Peer peer, VfioClient client, VirtioRegisters registers, Memfd file) {
        this.peer = peer;
        this.client = client;
        this.registers = registers;
        this.file = file;
        mapping = file.map();
        memory = new DriverMemory(mapping.segment(), GUEST);
    }

    /** Connects; the function decodes its BARs, may reach memory, and its device is as after a reset. */
    public static PciRig connect(Peer peer) {
        return connect(peer, BYTES);
    }

    /** As above, with so much memory, whole pages of 4096 bytes. */
    public static PciRig connect(Peer peer, long bytes) {
        VfioClient client = VfioClient.connect(peer);
        Memfd file = null;
        try {
            client.reset();
            VirtioRegisters registers = new VirtioRegisters(client);
            enable(registers.config());
            file = Memfd.create("cipu-probe", bytes);
            return new PciRig(peer, client, registers, file);
        } catch (RuntimeException e) {
            client.close();
            if (file != null) {
                file.close();
            }
            throw e;
        }
    }

    /** Lets the function decode its BARs and reach memory. */
    public static void enable(PciRegisters config) {
        long command = config.get(HeaderLayout.COMMAND, 2);
        config.set(HeaderLayout.COMMAND, 2, command | HeaderLayout.COMMAND_MEMORY | HeaderLayout.COMMAND_BUS_MASTER);
    }

    /** What a device number stands for, of drivers of any age; null for neither. {@code [virtio-1.4 §4.1.2]} */
    public static @Nullable DeviceKind kindOf(int device) {
        return switch (device) {
            case 0x1000, 0x1041 -> DeviceKind.NET;
            case 0x1001, 0x1042 -> DeviceKind.BLK;
            default -> null;
        };
    }

    /** The function's device number. */
    public int device() {
        return (int) config().get(HeaderLayout.DEVICE, 2);
    }

    /** What the function is by its number, null for neither. */
    public @Nullable DeviceKind kind() {
        return kindOf(device());
    }

    /** The file behind the memory. */
    public Fd file() {
        return file.fd();
    }

    public Peer peer() {
        return peer;
    }

    public VfioClient client() {
        return client;
    }

    public VirtioRegisters registers() {
        return registers;
    }

    public PciRegisters config() {
        return registers.config();
    }

    public DriverMemory memory() {
        return memory;
    }

    public PciRig share() {
        client.map(GUEST, memory.segment().byteSize(), file.fd());
        return this;
    }

    /** As {@link #share}, without the file: the function has to ask for what it wants, see {@link VfioClient#attend}. */
    public PciRig keep() {
        client.mapKept(GUEST, mapping.segment());
        return this;
    }

    public void unshare() {
        client.unmap(GUEST, memory.segment().byteSize());
    }

    public int status() {
        return registers.common(CommonLayout.STATUS);
    }

    public void status(int bits) {
        registers.common(CommonLayout.STATUS, bits);
    }

    public int queues() {
        return registers.common(CommonLayout.NUM_QUEUES);
    }

    /** Resets the device, and waits as a driver has to; false if the status never reads 0. */
    public boolean resetDevice() {
        status(0);
        return Pause.until(() -> status() == 0, peer.timeout());
    }

    /** Whether the device takes these features. */
    public boolean tryFeatures(FeatureSet wanted) {
        status(DRIVER);
        for (int i = 0; i < WORDS; i++) {
            registers.accept(i, VirtioRegisters.word(wanted, i));
        }
        status(DRIVER | DeviceStatus.FEATURES_OK);
        negotiated = wanted;
        return (status() & DeviceStatus.FEATURES_OK) != 0;
    }

    /** What the device was told of as accepted last. */
    public FeatureSet negotiated() {
        return negotiated;
    }

    /** Accepts what is offered of {@code wanted}, and what has to be. */
    public PciRig accept(FeatureSet wanted) {
        FeatureSet some = registers.offered().and(wanted.or(LEAST));
        if (!tryFeatures(some)) {
            throw new LinkException(Kind.REFUSED, "the device does not accept features " + some);
        }
        return this;
    }

    /** A ring for the driver's half, not yet known to the device. */
    public DriverQueue queue(int size) {
        return queue(size, 0);
    }

    /** As above, with indirect tables for chains of up to so many parts. */
    public DriverQueue queue(int size, int indirectEntries) {
        long bytes = DriverQueue.bytes(RingFormat.of(negotiated), size, indirectEntries);
        long at = memory.allocate(bytes, RING_ALIGN);
        return DriverQueue.of(memory.slice(at, bytes), at, size, negotiated, indirectEntries);
    }

    /** Tells the device of a ring and enables it. */
    public void start(int index, DriverQueue ring, int vector) {
        registers.queue(index, CommonLayout.QUEUE_SIZE, ring.size());
        registers.queue(index, CommonLayout.QUEUE_VECTOR, vector);
        registers.address(index, CommonLayout.QUEUE_DESC, ring.descriptorAddress());
        registers.address(index, CommonLayout.QUEUE_DRIVER, ring.driverAreaAddress());
        registers.address(index, CommonLayout.QUEUE_DEVICE, ring.deviceAreaAddress());
        registers.queue(index, CommonLayout.QUEUE_ENABLE, 1);
    }

    public void driverOk() {
        status(DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
    }

    /** Interrupts come by messages, each to an event. */
    public void useVectors() {
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
    public void usePin() {
        client.events(VfioLayout.IRQ_PIN, pin.fd());
        unmaskPin();
    }

    /** The server masks the pin when it has told us of it. */
    public void unmaskPin() {
        client.unmask(VfioLayout.IRQ_PIN, 0);
    }

    public boolean awaitPin() {
        return Pause.until(() -> pin.drain() != 0, peer.timeout());
    }

    public boolean takePin() {
        return pin.drain() != 0;
    }

    /** Waits until a vector has come; false if it does not in time. */
    public boolean awaitVector(int vector) {
        return Pause.until(() -> vectors.get(vector).drain() != 0, peer.timeout());
    }

    /** Vectors that have come since they were asked for last. */
    public Set<Integer> takeVectors() {
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
