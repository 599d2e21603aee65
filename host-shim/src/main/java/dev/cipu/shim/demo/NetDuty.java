package dev.cipu.shim.demo;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.driver.NetDriver;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A guest that sends numbered, tagged frames to its peer and checks every frame that the peer sends. It never has more
 * frames on the way than the peer has buffers, so none may be lost.
 *
 * <pre>
 * 0 destination[6]   6 source[6]   12 ethertype:16   14 sequence:64   22 sent at:64 (ns)   30 tag...
 * </pre>
 */
final class NetDuty extends Duty {
    private static final int QUEUE_SIZE = 256;
    private static final int WINDOW = 192;
    private static final int BURST = 32;
    private static final int BUFFER_BYTES = 2048;
    private static final long GUEST_BYTES = 4L << 20;
    private static final int RECEIVEQ = 0;
    private static final int TRANSMITQ = 1;

    private static final int SOURCE = 6;
    private static final int ETHERTYPE = 12;
    private static final int SEQUENCE = 14;
    private static final int SENT_AT = 22;
    private static final int TAG = 30;

    /** "Local experimental ethertype 1", as a little-endian store writes it. {@code [IEEE 802 §9.2.3]} */
    private static final short EXPERIMENTAL = (short) 0xb588;

    private static final long MAC_MASK = 0xffff_ffff_ffffL;

    /** Frame lengths without checksum, in turn: seven small, four medium, one large. */
    private static final int[] LENGTHS = {60, 60, 590, 60, 60, 590, 60, 590, 60, 60, 590, 1514};

    private final NetDriver driver;
    private final MemorySegment memory;
    private final long mac;
    private @Nullable NetDuty peer;

    private long sent;
    private long received;
    private long bytes;
    private volatile long sentSeen;
    private volatile long receivedSeen;

    NetDuty(CardFunction function, byte[] mac) {
        this.mac = asLong(mac);
        FeatureSet wanted = FeatureSet.of(
                RingFeature.VERSION_1, RingFeature.EVENT_IDX, NetFeature.MAC, NetFeature.MTU, NetFeature.MRG_RXBUF);
        super(new EmbeddedGuest(function, wanted, GUEST_BYTES));
        DriverQueue receiveq = guest.start(RECEIVEQ, QUEUE_SIZE, 0);
        DriverQueue transmitq = guest.start(TRANSMITQ, QUEUE_SIZE, 0);
        driver = new NetDriver(receiveq, transmitq, guest.memory(), BUFFER_BYTES);
        memory = driver.segment();
        receiveq.suppressCalls();
        transmitq.suppressCalls();
        offer();
    }

    private static long asLong(byte[] mac) {
        long value = 0;
        for (int i = 0; i < mac.length; i++) {
            value |= (mac[i] & 0xffL) << (8 * i);
        }
        return value;
    }

    /** Whom to send to and hear from; before the first step. */
    void pairWith(NetDuty other) {
        peer = other;
    }

    @Override
    boolean step(boolean starting, boolean measured) {
        NetDuty other = Objects.requireNonNull(peer);
        boolean worked = false;
        while (driver.reclaim()) {
            worked = true;
        }
        int got = receive(other, measured);
        if (got > 0) {
            offer();
            receivedSeen = received;
            progressed(got);
            worked = true;
        }
        if (starting) {
            worked |= send(other);
        }
        return worked;
    }

    private void offer() {
        if (driver.publishReceive()) {
            guest.kick(RECEIVEQ);
        }
    }

    private int receive(NetDuty other, boolean measured) {
        int got = 0;
        long now = 0;
        while (got < BURST) {
            int filled = driver.receive();
            if (filled < 0) {
                break;
            }
            if (got == 0) {
                now = System.nanoTime();
            }
            long frame = driver.receivedOffset() + NetHeader.BYTES;
            int length = filled - NetHeader.BYTES;
            check(other, frame, length);
            record(measured, now - memory.get(Le.LONG_UNALIGNED, frame + SENT_AT));
            bytes += length;
            received++;
            got++;
            driver.recycle();
        }
        return got;
    }

    private void check(NetDuty other, long frame, int length) {
        int expected = LENGTHS[(int) (received % LENGTHS.length)];
        if (length != expected) {
            complain("a frame of " + length + " bytes arrived where one of " + expected + " was due");
            return;
        }
        long sequence = memory.get(Le.LONG_UNALIGNED, frame + SEQUENCE);
        if (sequence != received) {
            complain("frame " + sequence + " arrived where frame " + received + " was due");
            return;
        }
        boolean addressed = (memory.get(Le.LONG_UNALIGNED, frame) & MAC_MASK) == mac
                && (memory.get(Le.LONG_UNALIGNED, frame + SOURCE) & MAC_MASK) == other.mac
                && memory.get(Le.SHORT_UNALIGNED, frame + ETHERTYPE) == EXPERIMENTAL;
        if (!addressed || !Tag.matches(memory, frame + TAG, length - TAG, other.mac, sequence)) {
            complain("frame " + sequence + " was altered");
        }
    }

    private boolean send(NetDuty other) {
        long room = WINDOW - (sent - other.receivedSeen);
        int count = 0;
        long now = 0;
        while (count < BURST && count < room) {
            int slot = driver.transmitSlot();
            if (slot < 0) {
                break;
            }
            if (count == 0) {
                now = System.nanoTime();
            }
            if (!driver.send(compose(other, driver.frameOffset(slot), now))) {
                break;
            }
            sent++;
            count++;
        }
        if (count == 0) {
            return false;
        }
        sentSeen = sent;
        if (driver.publishTransmit()) {
            guest.kick(TRANSMITQ);
        }
        return true;
    }

    private int compose(NetDuty other, long frame, long now) {
        int length = LENGTHS[(int) (sent % LENGTHS.length)];
        memory.set(Le.LONG_UNALIGNED, frame, other.mac);
        memory.set(Le.LONG_UNALIGNED, frame + SOURCE, mac);
        memory.set(Le.SHORT_UNALIGNED, frame + ETHERTYPE, EXPERIMENTAL);
        memory.set(Le.LONG_UNALIGNED, frame + SEQUENCE, sent);
        memory.set(Le.LONG_UNALIGNED, frame + SENT_AT, now);
        Tag.fill(memory, frame + TAG, length - TAG, mac, sent);
        return length;
    }

    /** All that the peer has sent is here. */
    @Override
    boolean isQuiet() {
        return receivedSeen == Objects.requireNonNull(peer).sentSeen;
    }

    long sent() {
        return sentSeen;
    }

    /** Frames of the peer that have not come. */
    long missing() {
        return Objects.requireNonNull(peer).sentSeen - receivedSeen;
    }

    /** Bytes of all frames received. */
    long bytes() {
        return bytes;
    }
}
