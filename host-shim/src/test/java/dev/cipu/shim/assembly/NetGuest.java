package dev.cipu.shim.assembly;

import dev.cipu.shim.probe.Pause;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.driver.NetDriver;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** A guest with a network function: it sends numbered frames and checks those that come. */
final class NetGuest extends FunctionDriver {
    private static final int BUFFER = 256;
    private static final int FRAME = 80;
    private static final int ETHERNET = 14;
    private static final short EXPERIMENTAL = (short) 0xb588;
    private static final int STATUS_OFFSET = 6;

    final byte[] mac;
    private final NetDriver driver;
    private long sent;
    private long received;

    NetGuest(Path socket) {
        super(socket);
        mac = registers.device(0, 6);
        driver = start();
    }

    private NetDriver start() {
        negotiate(FeatureSet.of(NetFeature.MAC, NetFeature.STATUS));
        useVectors();
        NetDriver made = new NetDriver(queue(0), queue(1), memory, BUFFER);
        made.publishReceive();
        made.receiveq().suppressCalls();
        made.transmitq().suppressCalls();
        driverOk();
        return made;
    }

    /** Whether the cable is plugged in, as the device says. */
    boolean linkUp() {
        return (registers.device(STATUS_OFFSET, 1)[0] & 1) != 0;
    }

    long sent() {
        return sent;
    }

    long received() {
        return received;
    }

    /** Sends the next frame to somebody; false if there is no room. */
    boolean send(byte[] to) {
        while (driver.reclaim()) {
            // as a driver does before it sends
        }
        int slot = driver.transmitSlot();
        if (slot < 0) {
            return false;
        }
        MemorySegment all = driver.segment();
        long at = driver.frameOffset(slot);
        MemorySegment.copy(to, 0, all, ValueLayout.JAVA_BYTE, at, to.length);
        MemorySegment.copy(mac, 0, all, ValueLayout.JAVA_BYTE, at + 6, mac.length);
        all.set(Le.SHORT_UNALIGNED, at + 12, EXPERIMENTAL);
        all.set(Le.LONG_UNALIGNED, at + ETHERNET, sent);
        if (!driver.send(FRAME)) {
            return false;
        }
        driver.publishTransmit();
        sent++;
        return true;
    }

    /**
     * Takes frames that {@code from} has sent here; throws if one is missing, changed or of somebody else. Frames for others are what a
     * switch floods before it has learnt.
     */
    int receive(byte[] from) {
        int count = 0;
        int others = 0;
        int bytes = driver.receive();
        while (bytes >= 0) {
            long at = driver.receivedOffset() + NetHeader.BYTES;
            MemorySegment frame = driver.segment().asSlice(at, FRAME);
            long number = frame.get(Le.LONG_UNALIGNED, ETHERNET);
            boolean mine = MemorySegment.ofArray(mac).mismatch(frame.asSlice(0, 6)) == -1;
            boolean his = MemorySegment.ofArray(from).mismatch(frame.asSlice(6, 6)) == -1;
            driver.recycle();
            if (!mine) {
                others++;
            } else if (bytes != NetHeader.BYTES + FRAME || !his || number != received) {
                throw new AssertionError(
                        "frame " + number + " of " + bytes + " bytes came in place of frame " + received);
            }
            if (mine) {
                received++;
                count++;
            }
            bytes = driver.receive();
        }
        if (count + others > 0) {
            driver.publishReceive();
        }
        return count;
    }

    /** Has these two exchange so many frames each way, at most a few on their way at a time. */
    static void exchange(NetGuest one, NetGuest other, int frames) {
        for (int i = 0; i < frames; i++) {
            if (!Pause.until(() -> one.send(other.mac), LIMIT)
                    || !Pause.until(() -> other.receive(one.mac) > 0, LIMIT)
                    || !Pause.until(() -> other.send(one.mac), LIMIT)
                    || !Pause.until(() -> one.receive(other.mac) > 0, LIMIT)) {
                throw new AssertionError("frame " + i + " was lost");
            }
        }
    }
}
