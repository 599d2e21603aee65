package dev.cipu.virtio.driver;

import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.control.NetControlLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.BooleanSupplier;

/**
 * The driver's half of a network device's control queue: one command at a time, answered before the next. One thread owns it.
 *
 * <p>A command is three buffers as most drivers lay it: class and command; data; what the device writes.
 */
public final class NetControl {
    /** No answer came in time, or the device wrote none. */
    public static final int NO_ACK = -1;

    /** What no device acknowledges with, so that an ack not written shows. */
    private static final byte UNWRITTEN = (byte) 0xaa;

    private static final int WRITABLE = NetControlLayout.COAL_BYTES + 1;

    private final DriverQueue ring;
    private final DriverMemory memory;
    private final long out;
    private final long in;
    private final int room;
    private final Runnable kick;
    private final BooleanSupplier wait;
    private final long[] addresses = new long[3];
    private final int[] lengths = new int[3];

    /** Set when a command was not answered: its buffers are the device's. */
    private boolean lost;

    /**
     * @param ring the control queue, of four descriptors or more
     * @param memory where commands are kept
     * @param room bytes of the longest command's data
     * @param kick tells the device to look
     * @param wait gives the device time, whoever drives it; false: long enough
     */
    public NetControl(DriverQueue ring, DriverMemory memory, int room, Runnable kick, BooleanSupplier wait) {
        this.ring = ring;
        this.memory = memory;
        this.room = room;
        this.kick = kick;
        this.wait = wait;
        out = memory.allocate(NetControlLayout.DATA + (long) room, 8);
        in = memory.allocate(WRITABLE, 8);
    }

    /** Sends a command and waits for its ack: {@link NetControlLayout#OK}, ERR, or {@link #NO_ACK}. */
    public int send(int classCode, int command, byte... data) {
        return send(classCode, command, data, 0);
    }

    /**
     * As {@link #send(int, int, byte...)}, of a command whose data the device continues.
     *
     * @param replyBytes that it writes before the ack, 8 at most; see {@link #reply}
     */
    public int send(int classCode, int command, byte[] data, int replyBytes) {
        if (data.length > room || replyBytes > NetControlLayout.COAL_BYTES) {
            throw new IllegalArgumentException("a command of " + data.length + " bytes");
        }
        if (lost) {
            return NO_ACK;
        }
        MemorySegment all = memory.segment();
        long at = memory.offset(out);
        all.set(ValueLayout.JAVA_BYTE, at + NetControlLayout.CLASS, (byte) classCode);
        all.set(ValueLayout.JAVA_BYTE, at + NetControlLayout.COMMAND, (byte) command);
        MemorySegment.copy(data, 0, all, ValueLayout.JAVA_BYTE, at + NetControlLayout.DATA, data.length);
        all.set(Le.LONG_UNALIGNED, memory.offset(in), 0);
        all.set(ValueLayout.JAVA_BYTE, memory.offset(in) + replyBytes, UNWRITTEN);
        int parts = 0;
        addresses[parts] = out;
        lengths[parts++] = NetControlLayout.DATA;
        if (data.length > 0) {
            addresses[parts] = out + NetControlLayout.DATA;
            lengths[parts++] = data.length;
        }
        addresses[parts] = in;
        lengths[parts++] = replyBytes + 1;
        if (ring.add(addresses, lengths, parts - 1, parts) < 0) {
            throw new IllegalStateException("a control queue of " + ring.size() + " is too short");
        }
        if (ring.publish()) {
            kick.run();
        }
        return ack(replyBytes);
    }

    private int ack(int replyBytes) {
        while (ring.poll() < 0) {
            if (!wait.getAsBoolean()) {
                lost = true;
                return NO_ACK;
            }
        }
        byte ack = memory.segment().get(ValueLayout.JAVA_BYTE, memory.offset(in) + replyBytes);
        return ack == UNWRITTEN || ring.usedLength() <= replyBytes ? NO_ACK : ack;
    }

    /** What the device wrote before the ack of the last command. */
    public long reply() {
        return memory.segment().get(Le.LONG_UNALIGNED, memory.offset(in));
    }

    /** Turns a receive mode on or off; {@code command} as in {@link NetControlLayout#RX}. */
    public int mode(int command, boolean on) {
        return send(NetControlLayout.RX, command, (byte) (on ? 1 : 0));
    }

    /** The device's address, 6 bytes. */
    public int mac(byte[] mac) {
        return send(NetControlLayout.MAC, NetControlLayout.MAC_ADDR_SET, mac);
    }

    /** The addresses to receive besides, 6 bytes each. */
    public int macTable(byte[][] unicast, byte[][] multicast) {
        byte[] data = new byte[8 + NetControlLayout.MAC_BYTES * (unicast.length + multicast.length)];
        int at = table(data, 0, unicast);
        table(data, at, multicast);
        return send(NetControlLayout.MAC, NetControlLayout.MAC_TABLE_SET, data);
    }

    private static int table(byte[] data, int from, byte[][] macs) {
        MemorySegment.ofArray(data).set(Le.INT_UNALIGNED, from, macs.length);
        int at = from + 4;
        for (byte[] mac : macs) {
            System.arraycopy(mac, 0, data, at, NetControlLayout.MAC_BYTES);
            at += NetControlLayout.MAC_BYTES;
        }
        return at;
    }

    /** Receives frames of a VLAN, or no more. */
    public int vlan(int id, boolean on) {
        return send(NetControlLayout.VLAN, on ? NetControlLayout.VLAN_ADD : NetControlLayout.VLAN_DEL, (byte) id, (byte)
                (id >> 8));
    }

    /** How many pairs to use. */
    public int pairs(int count) {
        return send(NetControlLayout.MQ, NetControlLayout.MQ_VQ_PAIRS_SET, (byte) count, (byte) (count >> 8));
    }

    /**
     * Receive-side scaling.
     *
     * @param table pairs, as many as a power of two
     */
    public int rss(int types, int[] table, int unclassified, int transmitQueues, byte[] key) {
        byte[] data = new byte[NetControlLayout.RSS_FIXED + 2 * table.length + key.length];
        MemorySegment to = MemorySegment.ofArray(data);
        to.set(Le.INT_UNALIGNED, NetControlLayout.RSS_TYPES, types);
        to.set(Le.SHORT_UNALIGNED, NetControlLayout.RSS_MASK, (short) (table.length - 1));
        to.set(Le.SHORT_UNALIGNED, NetControlLayout.RSS_UNCLASSIFIED, (short) unclassified);
        int at = NetControlLayout.RSS_TABLE;
        for (int pair : table) {
            to.set(Le.SHORT_UNALIGNED, at, (short) pair);
            at += 2;
        }
        to.set(Le.SHORT_UNALIGNED, at, (short) transmitQueues);
        data[at + 2] = (byte) key.length;
        System.arraycopy(key, 0, data, at + 3, key.length);
        return send(NetControlLayout.MQ, NetControlLayout.MQ_RSS_CONFIG, data);
    }

    /** What to hash for the report. */
    public int hash(int types, byte[] key) {
        byte[] data = new byte[NetControlLayout.HASH_KEY + key.length];
        MemorySegment.ofArray(data).set(Le.INT_UNALIGNED, NetControlLayout.HASH_TYPES, types);
        data[NetControlLayout.HASH_KEY_LENGTH] = (byte) key.length;
        System.arraycopy(key, 0, data, NetControlLayout.HASH_KEY, key.length);
        return send(NetControlLayout.MQ, NetControlLayout.MQ_HASH_CONFIG, data);
    }

    /** Tunnels to look into for hashing. */
    public int tunnels(int types) {
        byte[] data = new byte[4];
        MemorySegment.ofArray(data).set(Le.INT_UNALIGNED, 0, types);
        return send(NetControlLayout.HASH_TUNNEL, NetControlLayout.HASH_TUNNEL_SET, data);
    }

    /** Which kinds of frames to take from now on, a set of features. */
    public int offloads(long bits) {
        byte[] data = new byte[8];
        MemorySegment.ofArray(data).set(Le.LONG_UNALIGNED, 0, bits);
        return send(NetControlLayout.GUEST_OFFLOADS, NetControlLayout.GUEST_OFFLOADS_SET, data);
    }

    /** Coalescing of all transmitqs or of all receiveqs, see {@link NetControlLayout#COAL}. */
    public int coalesce(int command, int packets, int micros) {
        return send(NetControlLayout.COAL, command, coalescing(packets, micros));
    }

    public int coalesceQueue(int queue, int packets, int micros) {
        byte[] data = new byte[NetControlLayout.COAL_OF_QUEUE + NetControlLayout.COAL_BYTES];
        MemorySegment.ofArray(data).set(Le.SHORT_UNALIGNED, NetControlLayout.COAL_QUEUE, (short) queue);
        System.arraycopy(
                coalescing(packets, micros), 0, data, NetControlLayout.COAL_OF_QUEUE, NetControlLayout.COAL_BYTES);
        return send(NetControlLayout.COAL, NetControlLayout.COAL_VQ_SET, data);
    }

    /** Asks for a queue's coalescing; {@link #reply} then has max_packets below and max_usecs above. */
    public int coalescingOf(int queue) {
        byte[] data = {(byte) queue, (byte) (queue >> 8), 0, 0};
        return send(NetControlLayout.COAL, NetControlLayout.COAL_VQ_GET, data, NetControlLayout.COAL_BYTES);
    }

    private static byte[] coalescing(int packets, int micros) {
        byte[] data = new byte[NetControlLayout.COAL_BYTES];
        MemorySegment.ofArray(data).set(Le.INT_UNALIGNED, 0, packets);
        MemorySegment.ofArray(data).set(Le.INT_UNALIGNED, 4, micros);
        return data;
    }

    public DriverQueue ring() {
        return ring;
    }
}
