package dev.cipu.shim.replay.live;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.load.LoadException;
import dev.cipu.shim.load.Target;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.replay.ReplayException;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.driver.NetControl;
import dev.cipu.virtio.net.NetConfig;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.control.NetControlLayout;
import dev.cipu.virtio.ring.RingFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A device that is a PCI function behind a vfio-user socket. Its driver polls, so there are no interrupts; doorbells are messages that
 * nobody answers, so that a kick takes no round trip.
 */
final class FunctionDevice implements LiveDevice {
    private static final int PAGE = 4096;

    /** A ring for commands: each takes three descriptors, one at a time. */
    private static final int CONTROL_SIZE = 4;

    private static final int CONTROL_BYTES = 3 * PAGE;
    private static final String GONE = "the server closed the connection";

    private final PciRig rig;
    private final Target target;
    private final DeviceKind kind;
    private final Needs needs;
    private final FeatureSet offered;
    private final List<LiveQueue> queues = new ArrayList<>();

    private FunctionDevice(PciRig rig, Target target, DeviceKind kind, Needs needs) {
        this.rig = rig;
        this.target = target;
        this.kind = kind;
        this.needs = needs;
        check();
        offered = rig.registers().offered();
        rig.share();
        rig.accept(wanted());
        if (target.packed() && !negotiated().has(RingFeature.RING_PACKED)) {
            throw new LoadException("the function offers no packed rings: leave --packed out");
        }
    }

    /** Pairs beyond the first are in use only after a command. {@code [virtio-1.4 §5.1.6.5.5]} */
    private FeatureSet wanted() {
        FeatureSet wanted = target.ringFeatures().or(needs.features());
        if (kind != DeviceKind.NET) {
            return wanted;
        }
        return offered.has(NetFeature.CTRL_VQ) ? wanted.with(NetFeature.CTRL_VQ) : wanted.without(NetFeature.MQ);
    }

    static FunctionDevice connect(Target target, DeviceKind kind, Needs needs) {
        long ring = Math.max(
                DriverQueue.bytes(RingFormat.SPLIT, target.queueSize(), needs.indirectEntries()),
                DriverQueue.bytes(RingFormat.PACKED, target.queueSize(), needs.indirectEntries()));
        long bytes = needs.queues() * (ring + PAGE) + CONTROL_BYTES + needs.memoryBytes();
        PciRig rig = PciRig.connect(Peer.of(target.socket(), target.timeout()), (bytes + PAGE - 1) & -PAGE);
        try {
            return new FunctionDevice(rig, target, kind, needs);
        } catch (RuntimeException e) {
            rig.close();
            throw e;
        }
    }

    private void check() {
        if (rig.kind() != kind) {
            throw new ReplayException("the trace is of a " + name(kind) + ", and the function at " + target.socket()
                    + " is " + (rig.kind() == null ? "none of the card's devices" : "a " + name(rig.kind()))
                    + ": nothing was sent; choose with --device, or name another socket");
        }
    }

    private static String name(DeviceKind kind) {
        return kind == DeviceKind.NET ? "network device" : "disk";
    }

    @Override
    public FeatureSet offered() {
        return offered;
    }

    @Override
    public FeatureSet negotiated() {
        return rig.negotiated();
    }

    @Override
    public int maxQueues() {
        boolean net = kind == DeviceKind.NET;
        if (!negotiated().has(net ? NetFeature.MQ : BlkFeature.MQ)) {
            return 1;
        }
        byte[] count = readConfig(net ? NetConfig.MAX_PAIRS : BlkConfig.NUM_QUEUES, Short.BYTES);
        return Byte.toUnsignedInt(count[0]) | Byte.toUnsignedInt(count[1]) << Byte.SIZE;
    }

    @Override
    public DriverMemory memory() {
        return rig.memory();
    }

    @Override
    public byte[] readConfig(int offset, int bytes) {
        return rig.registers().device(offset, bytes);
    }

    @Override
    public void start(int count) {
        for (int i = 0; i < count; i++) {
            queues.add(queue(i, target.queueSize()));
        }
        int pairs = count / 2;
        if (kind == DeviceKind.NET && pairs > 1) {
            LiveQueue control = queue(2 * maxQueues(), CONTROL_SIZE);
            rig.driverOk();
            use(pairs, control);
        } else {
            rig.driverOk();
        }
    }

    /** A ring of this size, or of the most that the function has for it; the device knows it then. */
    private LiveQueue queue(int index, int wanted) {
        int most = rig.registers().queue(index, CommonLayout.QUEUE_SIZE);
        if (most == 0) {
            throw new LoadException(
                    "queue " + index + " of the function is not there, though it should be by its configuration");
        }
        int size = Math.min(wanted, target.packed() ? most : Integer.highestOneBit(most));
        DriverQueue ring = rig.queue(size, needs.indirectEntries());
        rig.start(index, ring, CommonLayout.NO_VECTOR);
        Runnable doorbell = rig.registers().doorbell(index);
        return new LiveQueue(ring, () -> kick(doorbell));
    }

    private static void kick(Runnable doorbell) {
        try {
            doorbell.run();
        } catch (LinkException e) {
            throw plain(e);
        }
    }

    /** A server that leaves in order takes no more commands some time before the connection ends. */
    private static RuntimeException plain(LinkException e) {
        return e.kind() == LinkException.Kind.CLOSED ? new LoadException(GONE, e) : e;
    }

    /** {@code [virtio-1.4 §5.1.6.5.5]} */
    private void use(int pairs, LiveQueue control) {
        long deadline = System.nanoTime() + target.timeout().toNanos();
        NetControl commands =
                new NetControl(control.ring(), rig.memory(), Short.BYTES, control.kick(), () -> isBefore(deadline));
        int ack = commands.pairs(pairs);
        if (ack != NetControlLayout.OK) {
            throw new LoadException("the device does not take " + pairs + " queue pairs"
                    + (ack == NetControl.NO_ACK ? ": it does not answer" : ""));
        }
    }

    private static boolean isBefore(long deadline) {
        Thread.onSpinWait();
        return System.nanoTime() - deadline < 0;
    }

    @Override
    public LiveQueue queue(int index) {
        return queues.get(index);
    }

    @Override
    public boolean isConnected() {
        try {
            while (rig.client().attend(Duration.ZERO)) {
                // whatever it asks for has its answer
            }
            return true;
        } catch (LinkException e) {
            if (e.kind() == LinkException.Kind.CLOSED) {
                return false;
            }
            throw e;
        }
    }

    /** {@code [virtio-1.4 §2.1.2]}: a device that cannot go on says so in its status. */
    @Override
    public boolean takeError() {
        try {
            return (rig.status() & DeviceStatus.NEEDS_RESET) != 0;
        } catch (LinkException e) {
            throw plain(e);
        }
    }

    @Override
    public void stop() {
        try {
            if (!rig.resetDevice()) {
                throw new LoadException("the device does not reset");
            }
        } catch (LinkException e) {
            throw plain(e);
        }
    }

    @Override
    public String server() {
        return "the server";
    }

    @Override
    public void close() {
        rig.close();
    }
}
