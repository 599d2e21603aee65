package dev.cipu.virtio.net.control;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.net.CallCoalescing;
import dev.cipu.virtio.net.HashConfig;
import dev.cipu.virtio.net.MacFilter;
import dev.cipu.virtio.net.NetControlState;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHash;
import dev.cipu.virtio.net.RssConfig;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What each command of a network device's control queue does to the device's state. {@code [virtio-1.4 §5.1.6.5]}
 *
 * <p>A command is judged on the copy in {@link #memory}. One that is too short or too long, unknown, not negotiated, or asks for
 * what cannot be had, is answered with ERR and changes nothing. Owner: as the state's.
 */
public final class NetControlCommands {
    private static final long GROUP_BIT = 1;
    private static final int ANY_LENGTH = NetControlLayout.MAX_BYTES;
    private static final int LAST_VLAN = 0xfff;
    private static final int RECEIVEQS = 0;
    private static final int TRANSMITQS = 1;
    private static final int TABLE_COUNT = 4;

    private final NetControlState state;
    private final IntPredicate isEnabled;
    private final CommandData data = new CommandData();
    private final List<Row> rows;
    private long reply;

    /** Does a command; false: it cannot be done, and nothing was. */
    @FunctionalInterface
    private interface Handler {
        boolean run();
    }

    /**
     * One command.
     *
     * @param feature what must have been negotiated
     * @param least bytes of data at least
     * @param most bytes of data at most
     * @param replyBytes of data that the device writes before the ack
     */
    private record Row(int classCode, int command, int feature, int least, int most, int replyBytes, Handler handler) {}

    /**
     * @param isEnabled whether the receiveq or transmitq of this index is in use
     */
    public NetControlCommands(NetControlState state, IntPredicate isEnabled) {
        this.state = state;
        this.isEnabled = isEnabled;
        rows = List.of(
                mode(NetControlLayout.RX_PROMISC, NetFeature.CTRL_RX),
                mode(NetControlLayout.RX_ALLMULTI, NetFeature.CTRL_RX),
                mode(NetControlLayout.RX_ALLUNI, NetFeature.CTRL_RX_EXTRA),
                mode(NetControlLayout.RX_NOMULTI, NetFeature.CTRL_RX_EXTRA),
                mode(NetControlLayout.RX_NOUNI, NetFeature.CTRL_RX_EXTRA),
                mode(NetControlLayout.RX_NOBCAST, NetFeature.CTRL_RX_EXTRA),
                row(
                        NetControlLayout.MAC,
                        NetControlLayout.MAC_TABLE_SET,
                        NetFeature.CTRL_RX,
                        2 * TABLE_COUNT,
                        ANY_LENGTH,
                        this::setMacTable),
                row(
                        NetControlLayout.MAC,
                        NetControlLayout.MAC_ADDR_SET,
                        NetFeature.CTRL_MAC_ADDR,
                        NetControlLayout.MAC_BYTES,
                        NetControlLayout.MAC_BYTES,
                        this::setMac),
                row(NetControlLayout.VLAN, NetControlLayout.VLAN_ADD, NetFeature.CTRL_VLAN, 2, 2, () -> setVlan(true)),
                row(NetControlLayout.VLAN, NetControlLayout.VLAN_DEL, NetFeature.CTRL_VLAN, 2, 2, () -> setVlan(false)),
                row(
                        NetControlLayout.ANNOUNCE,
                        NetControlLayout.ANNOUNCE_ACK,
                        NetFeature.GUEST_ANNOUNCE,
                        0,
                        0,
                        this::endAnnouncement),
                row(NetControlLayout.MQ, NetControlLayout.MQ_VQ_PAIRS_SET, NetFeature.MQ, 2, 2, this::setPairs),
                row(
                        NetControlLayout.MQ,
                        NetControlLayout.MQ_RSS_CONFIG,
                        NetFeature.RSS,
                        NetControlLayout.RSS_FIXED + 2,
                        ANY_LENGTH,
                        this::setRss),
                row(
                        NetControlLayout.MQ,
                        NetControlLayout.MQ_HASH_CONFIG,
                        NetFeature.HASH_REPORT,
                        NetControlLayout.HASH_KEY,
                        NetControlLayout.HASH_KEY + NetHash.MAX_KEY,
                        this::setHash),
                row(
                        NetControlLayout.GUEST_OFFLOADS,
                        NetControlLayout.GUEST_OFFLOADS_SET,
                        NetFeature.CTRL_GUEST_OFFLOADS,
                        8,
                        8,
                        this::setOffloads),
                row(
                        NetControlLayout.COAL,
                        NetControlLayout.COAL_TX_SET,
                        NetFeature.NOTF_COAL,
                        NetControlLayout.COAL_BYTES,
                        NetControlLayout.COAL_BYTES,
                        () -> setCoalescing(TRANSMITQS)),
                row(
                        NetControlLayout.COAL,
                        NetControlLayout.COAL_RX_SET,
                        NetFeature.NOTF_COAL,
                        NetControlLayout.COAL_BYTES,
                        NetControlLayout.COAL_BYTES,
                        () -> setCoalescing(RECEIVEQS)),
                row(
                        NetControlLayout.COAL,
                        NetControlLayout.COAL_VQ_SET,
                        NetFeature.VQ_NOTF_COAL,
                        NetControlLayout.COAL_OF_QUEUE + NetControlLayout.COAL_BYTES,
                        NetControlLayout.COAL_OF_QUEUE + NetControlLayout.COAL_BYTES,
                        this::setQueueCoalescing),
                new Row(
                        NetControlLayout.COAL,
                        NetControlLayout.COAL_VQ_GET,
                        NetFeature.VQ_NOTF_COAL,
                        NetControlLayout.COAL_OF_QUEUE,
                        NetControlLayout.COAL_OF_QUEUE,
                        NetControlLayout.COAL_BYTES,
                        this::getQueueCoalescing),
                row(
                        NetControlLayout.HASH_TUNNEL,
                        NetControlLayout.HASH_TUNNEL_SET,
                        NetFeature.HASH_TUNNEL,
                        4,
                        4,
                        this::setTunnels));
    }

    private static Row row(int classCode, int command, int feature, int least, int most, Handler handler) {
        return new Row(classCode, command, feature, least, most, 0, handler);
    }

    private Row mode(int command, int feature) {
        return row(NetControlLayout.RX, command, feature, 1, 1, () -> setMode(1 << command));
    }

    /** Where a command is put, as long as it is, before {@link #run}; {@link NetControlLayout#MAX_BYTES} bytes. */
    public MemorySegment memory() {
        return MemorySegment.ofArray(data.memory);
    }

    /**
     * Does the command in {@link #memory}.
     *
     * @param length its bytes as the driver gave them, which may be more than fit
     * @return the ack, see {@link NetControlLayout}
     */
    public int run(long length) {
        reply = 0;
        Row row = find(length);
        return row != null && row.handler.run() ? NetControlLayout.OK : NetControlLayout.ERR;
    }

    private @Nullable Row find(long length) {
        if (length < NetControlLayout.DATA || length > NetControlLayout.MAX_BYTES) {
            return null;
        }
        data.begin((int) length);
        for (Row row : rows) {
            if (row.classCode == data.classCode() && row.command == data.command()) {
                boolean fits = data.bytes() >= row.least && data.bytes() <= row.most;
                return fits && state.has(row.feature) ? row : null;
            }
        }
        return null;
    }

    /** Bytes that the device writes before the ack of the command in {@link #memory}. */
    public int replyBytes(long length) {
        Row row = find(length);
        return row == null ? 0 : row.replyBytes;
    }

    /** Those bytes; zeros after an ERR. */
    public long reply() {
        return reply;
    }

    private boolean setMode(int bit) {
        int on = data.u8(0);
        if (on > 1) {
            return false;
        }
        state.mode(bit, on != 0);
        return true;
    }

    private boolean setMacTable() {
        long unicast = Integer.toUnsignedLong(data.u32(0));
        long second = TABLE_COUNT + unicast * NetControlLayout.MAC_BYTES;
        if (second + TABLE_COUNT > data.bytes()) {
            return false;
        }
        long multicast = Integer.toUnsignedLong(data.u32((int) second));
        if (second + TABLE_COUNT + multicast * NetControlLayout.MAC_BYTES != data.bytes()) {
            return false;
        }
        // both counts have been compared with what came
        long[] macs = new long[(int) (unicast + multicast)];
        for (int i = 0; i < macs.length; i++) {
            boolean group = i >= unicast;
            int at = (group ? 2 : 1) * TABLE_COUNT + i * NetControlLayout.MAC_BYTES;
            macs[i] = data.mac(at);
            if ((macs[i] & GROUP_BIT) != 0 != group) {
                return false;
            }
        }
        state.macs(macs.length == 0 ? MacFilter.EMPTY : new MacFilter(macs, macs.length));
        return true;
    }

    private boolean setMac() {
        long mac = data.mac(0);
        if ((mac & GROUP_BIT) != 0) {
            return false;
        }
        state.mac(mac);
        return true;
    }

    private boolean setVlan(boolean on) {
        int id = data.u16(0);
        if (id > LAST_VLAN) {
            return false;
        }
        state.vlan(id, on);
        return true;
    }

    private boolean endAnnouncement() {
        state.announcing(false);
        return true;
    }

    private boolean setPairs() {
        int pairs = data.u16(0);
        if (pairs < 1 || pairs > state.pairs()) {
            return false;
        }
        state.steerAutomatically(pairs);
        return true;
    }

    private boolean setRss() {
        int entries = data.u16(NetControlLayout.RSS_MASK) + 1;
        // [virtio-1.4 §5.1.6.5.7.1] a power of two, less than the device's limit
        if (entries > NetHash.MAX_TABLE
                || Integer.bitCount(entries) != 1
                || data.bytes() < NetControlLayout.RSS_FIXED + 2 * entries) {
            return false;
        }
        int at = NetControlLayout.RSS_TABLE;
        char[] table = new char[entries];
        for (int i = 0; i < entries; i++) {
            table[i] = (char) data.u16(at);
            if (!isPair(table[i])) {
                return false;
            }
            at += 2;
        }
        int unclassified = data.u16(NetControlLayout.RSS_UNCLASSIFIED);
        int transmitQueues = data.u16(at);
        if (!isPair(unclassified) || transmitQueues < 1 || transmitQueues > state.pairs()) {
            return false;
        }
        HashConfig hash = hashConfig(data.u32(NetControlLayout.RSS_TYPES), at + 2);
        if (hash == null) {
            return false;
        }
        state.steerBy(new RssConfig(hash, table, unclassified, transmitQueues));
        return true;
    }

    /** Whether a queue that an RSS configuration names exists; the reserved bit makes it too large. */
    private boolean isPair(int queue) {
        return queue < state.pairs() && (queue & NetControlLayout.RSS_RESERVED) == 0;
    }

    private boolean setHash() {
        // [virtio-1.4 §5.1.6.5.6.4] reserved MUST contain zeroes
        if (data.u64(NetControlLayout.HASH_RESERVED) != 0) {
            return false;
        }
        HashConfig hash = hashConfig(data.u32(NetControlLayout.HASH_TYPES), NetControlLayout.HASH_KEY_LENGTH);
        if (hash == null) {
            return false;
        }
        state.hash(hash);
        return true;
    }

    /** The types with the key whose length is at {@code at} and which ends the command; null if they make no sense. */
    private @Nullable HashConfig hashConfig(int types, int at) {
        int keyBytes = data.u8(at);
        boolean valid =
                (types & ~NetHash.ALL_TYPES) == 0 && keyBytes <= NetHash.MAX_KEY && at + 1 + keyBytes == data.bytes();
        return valid ? new HashConfig(types, data.copy(at + 1, keyBytes)) : null;
    }

    private boolean setOffloads() {
        long bits = data.u64(0);
        FeatureSet wanted = FeatureSet.ofLow(bits)
                .without(NetControlLayout.OFFLOAD_UDP_TUNNEL)
                .without(NetControlLayout.OFFLOAD_UDP_TUNNEL_CSUM);
        if ((bits >>> NetControlLayout.OFFLOAD_UDP_TUNNEL & 1) != 0) {
            wanted = wanted.with(NetFeature.GUEST_UDP_TUNNEL_GSO);
        }
        if ((bits >>> NetControlLayout.OFFLOAD_UDP_TUNNEL_CSUM & 1) != 0) {
            wanted = wanted.with(NetFeature.GUEST_UDP_TUNNEL_GSO_CSUM);
        }
        return state.guestOffloads(wanted);
    }

    private boolean setCoalescing(int direction) {
        long parameters = data.u64(0);
        if (!CallCoalescing.isPossible(parameters)) {
            return false;
        }
        state.coalescing().setAll(direction, parameters);
        return true;
    }

    private boolean setQueueCoalescing() {
        int queue = data.u16(NetControlLayout.COAL_QUEUE);
        long parameters = data.u64(NetControlLayout.COAL_OF_QUEUE);
        if (!isDataQueue(queue) || !CallCoalescing.isPossible(parameters)) {
            return false;
        }
        state.coalescing().set(queue, parameters);
        return true;
    }

    private boolean getQueueCoalescing() {
        int queue = data.u16(NetControlLayout.COAL_QUEUE);
        if (!isDataQueue(queue)) {
            return false;
        }
        reply = state.coalescing().parameters(queue);
        return true;
    }

    private boolean isDataQueue(int queue) {
        return queue < 2 * state.pairs() && isEnabled.test(queue);
    }

    private boolean setTunnels() {
        int types = data.u32(0);
        if ((types & ~NetHash.ALL_TUNNELS) != 0) {
            return false;
        }
        state.tunnels(types);
        return true;
    }
}
