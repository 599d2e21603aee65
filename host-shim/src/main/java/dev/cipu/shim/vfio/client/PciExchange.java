package dev.cipu.shim.vfio.client;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.LinkException.Kind;
import dev.cipu.shim.probe.Pause;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Requests of a driver to a function: a disk reads its first sectors, a network device sends a frame to nobody. */
public final class PciExchange {
    private static final int MOST = 64;
    private static final int DATA_BYTES = 4096;
    private static final int FRAME_BYTES = NetHeader.BYTES + 60;

    /** Where a frame has what is not zero: addresses and type. */
    private static final byte[] FRAME = {2, 0, 0, 0, 0x0c, 4, 2, 0, 0, 0, 0x0c, 3, (byte) 0x88, (byte) 0xb5};

    private final PciRig rig;
    private final boolean net;
    private final int index;
    private final long buffer;
    private DriverQueue ring;
    private @Nullable BlkDriver disk;

    private PciExchange(PciRig rig, DeviceKind kind) {
        this.rig = rig;
        net = kind == DeviceKind.NET;
        index = Exchange.index(kind);
        buffer = rig.memory().allocate(DATA_BYTES, DATA_BYTES);
        ring = fresh();
    }

    /** Sets up the queues that it takes on a connection that has agreed on features, and says DRIVER_OK. */
    public static PciExchange start(PciRig rig, DeviceKind kind, int vector) {
        PciExchange exchange = new PciExchange(rig, kind);
        if (exchange.net) {
            // nothing in it: some devices start whole pairs only
            rig.start(0, rig.queue(exchange.size(0)), CommonLayout.NO_VECTOR);
        }
        rig.start(exchange.index, exchange.ring, vector);
        rig.driverOk();
        return exchange;
    }

    private int size(int queue) {
        int most = rig.registers().queue(queue, CommonLayout.QUEUE_SIZE);
        if (most == 0) {
            throw new LinkException(Kind.REFUSED, "queue " + queue + " is not available");
        }
        return Math.min(MOST, Integer.highestOneBit(most));
    }

    private DriverQueue fresh() {
        DriverQueue made = rig.queue(size(index));
        disk = net ? null : new BlkDriver(made, rig.memory());
        return made;
    }

    /** Sets the queue up anew, after it was reset. */
    public void restart() {
        ring = fresh();
        rig.start(index, ring, CommonLayout.NO_VECTOR);
    }

    public PciRig rig() {
        return rig;
    }

    public int index() {
        return index;
    }

    /** Gives one request to the device. */
    public void give() {
        give(BlkRequest.IN, DATA_BYTES);
    }

    private void give(int type, int bytes) {
        BlkDriver requests = disk;
        if (requests != null) {
            requests.submit(type, 0, buffer, bytes);
        } else {
            for (int i = 0; i < FRAME.length; i++) {
                rig.memory()
                        .segment()
                        .set(ValueLayout.JAVA_BYTE, rig.memory().offset(buffer) + NetHeader.BYTES + i, FRAME[i]);
            }
            ring.add(new long[] {buffer}, new int[] {FRAME_BYTES}, 1, 1);
        }
        ring.publish();
        rig.registers().kick(index);
    }

    /** Gives one chain that lies where no memory is. */
    public void giveBad() {
        long nowhere = PciRig.GUEST / 2;
        ring.add(new long[] {nowhere, nowhere}, new int[] {BlkRequest.HEADER_BYTES, DATA_BYTES + 1}, net ? 2 : 1, 2);
        ring.publish();
        rig.registers().kick(index);
    }

    /** Gives one chain of one buffer anywhere. */
    public void giveAt(long address, int bytes, boolean writable) {
        ring.add(new long[] {address}, new int[] {bytes}, writable ? 0 : 1, 1);
        ring.publish();
        rig.registers().kick(index);
    }

    /** Whether a request comes back within {@code limit}, and well. */
    public boolean take(Duration limit) {
        BlkDriver requests = disk;
        return Pause.until(() -> (requests == null ? ring.poll() : requests.poll()) >= 0, limit)
                && (requests == null || requests.status() == BlkRequest.OK);
    }

    /** Gives one request and waits for it. */
    public boolean serve() {
        give();
        return take(rig.peer().timeout());
    }

    /** Has a disk write out what it keeps. */
    public boolean flush() {
        give(BlkRequest.FLUSH, 0);
        return take(rig.peer().timeout());
    }
}
