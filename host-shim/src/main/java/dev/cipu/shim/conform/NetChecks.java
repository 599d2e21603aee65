package dev.cipu.shim.conform;

import dev.cipu.shim.conform.Reflection.Received;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Payload;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.net.NetConfig;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Network devices: configuration, what is sent, and how what is received is laid into buffers. {@code [virtio-1.4 §5.1]} */
final class NetChecks {
    private static final String NO_CONFIG = "over this back-end the front-end keeps the configuration space";
    private static final int FRAME = 128;
    private static final int BUFFERS = 64;
    private static final int ETHERNET_MTU = 1500;

    private NetChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.net(NetChecks::pairs, "NT-001"),
                Check.net(NetChecks::mtuField, "NT-002", "NT-003", "NT-004"),
                Check.net(NetChecks::hashLimits, "NT-007", "NT-008"),
                Check.net(NetChecks::speed, "NT-010", "NT-011"),
                Check.net(NetChecks::needsControl, "NT-013", "NT-014"),
                Check.net(NetChecks::largestFrame, "NT-006"),
                Check.net(NetChecks::tooLargeFrame, "NT-005"),
                Check.net(NetChecks::unknownFlags, "NT-015"),
                Check.net(NetChecks::checksumFieldsWithoutFlag, "NT-016"),
                Check.net(NetChecks::headerLengthIsAHint, "NT-019"),
                Check.net(NetChecks::wrongChecksumPasses, "NT-026"),
                Check.net(NetChecks::oneBuffer, "NT-029", "NT-030"),
                Check.net(NetChecks::merged, "NT-028", "NT-031", "NT-032", "NT-033"),
                Check.net(NetChecks::tags, "NT-085"),
                Check.net(NetChecks::firstPairOnly, "NT-089", "NT-090"),
                Check.net(NetChecks::contents, "NQ-001"),
                Check.net(NetChecks::transmitLength, "NQ-002"),
                Check.net(NetChecks::receiveLength, "NQ-003"),
                Check.net(NetChecks::starved, "NQ-004"),
                Check.net(NetChecks::shortChains, "NQ-005"));
    }

    static void needReflection(Trial trial) {
        trial.need(trial.survey().reflects(), "no frame comes back: nothing behind the device reflects them");
    }

    static Reflection reflection(Trial trial, int... features) {
        needReflection(trial);
        return Reflection.start(trial, FeatureSet.of(features), BUFFERS, Reflection.BIG_BUFFER);
    }

    private static byte[] config(Trial trial) {
        Rig rig = trial.connect();
        trial.need(rig.has(ProtocolFeature.CONFIG), NO_CONFIG);
        return rig.config(0, NetConfig.TUNNEL_TYPES);
    }

    private static int u16(byte[] bytes, int at) {
        return Byte.toUnsignedInt(bytes[at]) | Byte.toUnsignedInt(bytes[at + 1]) << 8;
    }

    private static void pairs(Trial trial) {
        trial.needFeature(NetFeature.MQ, "MQ");
        Rig rig = trial.connect();
        if (rig.has(ProtocolFeature.CONFIG)) {
            int pairs = u16(rig.config(0, NetConfig.MTU), NetConfig.MAX_PAIRS);
            trial.check("NT-001", pairs >= 1 && pairs <= 0x8000, "max_virtqueue_pairs is " + pairs);
        } else {
            trial.need(rig.has(ProtocolFeature.MQ), "the back-end does not say how many pairs it has");
            int pairs = rig.maxQueues();
            trial.check("NT-001", pairs >= 1 && pairs <= 0x8000, "GET_QUEUE_NUM says " + pairs);
        }
    }

    private static void mtuField(Trial trial) {
        trial.needFeature(NetFeature.MTU, "MTU");
        byte[] config = config(trial);
        int mtu = u16(config, NetConfig.MTU);
        trial.check("NT-002", mtu >= 68, "mtu is " + mtu);
        trial.check("NT-003", mtu >= 1280, "mtu is " + mtu);
        int again = u16(config(trial), NetConfig.MTU);
        trial.check("NT-004", again == mtu, "mtu was " + mtu + ", then " + again);
    }

    private static void hashLimits(Trial trial) {
        boolean rss = trial.offered().has(NetFeature.RSS);
        trial.need(rss || trial.offered().has(NetFeature.HASH_REPORT), "neither RSS nor HASH_REPORT is offered");
        byte[] config = config(trial);
        int key = Byte.toUnsignedInt(config[NetConfig.RSS_MAX_KEY]);
        trial.check("NT-007", key >= 40, "rss_max_key_size is " + key);
        trial.need(rss, "RSS is not offered");
        int table = u16(config, NetConfig.RSS_MAX_TABLE);
        trial.check("NT-008", table >= 128, "rss_max_indirection_table_length is " + table);
    }

    private static void speed(Trial trial) {
        trial.needFeature(NetFeature.SPEED_DUPLEX, "SPEED_DUPLEX");
        byte[] config = config(trial);
        int speed = u16(config, NetConfig.SPEED) | u16(config, NetConfig.SPEED + 2) << 16;
        trial.check("NT-010", speed >= -1, "speed is " + Integer.toUnsignedString(speed));
        int duplex = Byte.toUnsignedInt(config[NetConfig.DUPLEX]);
        trial.check("NT-011", duplex <= 1 || duplex == 0xff, "duplex is " + duplex);
    }

    private static void needsControl(Trial trial) {
        // the control queue is the front-end's: only a back-end with one of its own could be told to be at fault
        boolean hash = trial.offered().has(NetFeature.HASH_REPORT);
        boolean extra = trial.offered().has(NetFeature.CTRL_RX_EXTRA);
        boolean control = trial.offered().has(NetFeature.CTRL_VQ);
        trial.check("NT-013", !hash || control, "HASH_REPORT is " + (hash ? "" : "not ") + "offered");
        trial.check("NT-014", !extra || control, "CTRL_RX_EXTRA is " + (extra ? "" : "not ") + "offered");
    }

    /** Sends a frame with a header and expects the same frame; the reason for a failure, or null. */
    static @Nullable String lost(Reflection reflection, byte[] header, byte[] frame) {
        Received received = reflection.echo(header, frame);
        if (received == null) {
            return "it does not come back";
        }
        return Arrays.equals(received.frame(), frame) ? null : "it comes back changed";
    }

    private static void expect(Trial trial, String id, String what, @Nullable String problem) {
        trial.check(id, problem == null, what + ": " + (problem == null ? "it comes back unchanged" : problem));
    }

    /** A device that has agreed on an MTU, told by the front-end where the front-end keeps the configuration. */
    private static Reflection limited(Trial trial) {
        trial.needFeature(NetFeature.MTU, "MTU");
        needReflection(trial);
        Rig rig = trial.connect(ProtocolFeature.NET_MTU);
        boolean told = rig.has(ProtocolFeature.NET_MTU);
        trial.need(told, "there is no message to agree on an MTU (protocol feature NET_MTU)");
        rig.accept(FeatureSet.of(NetFeature.MTU, RingFeature.VERSION_1)).share();
        rig.link().demand("an MTU of " + ETHERNET_MTU, Request.NET_SET_MTU, Payload.u64(ETHERNET_MTU));
        return Reflection.on(rig, BUFFERS, Reflection.BIG_BUFFER);
    }

    private static void largestFrame(Trial trial) {
        int bytes = ETHERNET_MTU + Frames.ETHERNET;
        String problem = lost(limited(trial), Reflection.plainHeader(), Frames.plain(bytes, 1));
        expect(trial, "NT-006", "a frame of " + bytes + " bytes", problem);
    }

    private static void tooLargeFrame(Trial trial) {
        Reflection reflection = limited(trial);
        // more than a tag takes
        byte[] frame = Frames.plain(ETHERNET_MTU + Frames.ETHERNET + 9, 2);
        boolean used = reflection.send(Reflection.plainHeader(), frame);
        Received received = used ? reflection.receive(trial.peer().quiet()) : null;
        trial.check(
                "NT-005",
                received == null,
                received == null
                        ? "a frame above the MTU is not passed on"
                        : "a frame of " + received.frame().length + " bytes is passed on with an MTU of "
                                + ETHERNET_MTU);
    }

    private static void unknownFlags(Trial trial) {
        Reflection reflection = reflection(trial);
        String problem = lost(reflection, Reflection.header(0xf8, 0, 0, 0, 0, 0), Frames.plain(FRAME, 3));
        expect(trial, "NT-015", "a frame with flags 0xf8", problem);
    }

    private static void checksumFieldsWithoutFlag(Trial trial) {
        Reflection reflection = reflection(trial, NetFeature.CSUM);
        String problem = lost(reflection, Reflection.header(0, 0, 0, 0, 9, 0xfff0), Frames.plain(FRAME, 4));
        expect(trial, "NT-016", "csum_start and csum_offset without NEEDS_CSUM", problem);
    }

    private static void headerLengthIsAHint(Trial trial) {
        Reflection reflection = reflection(trial);
        String problem = lost(reflection, Reflection.header(0, 0, 0xffff, 0, 0, 0), Frames.plain(FRAME, 5));
        expect(trial, "NT-019", "hdr_len of 65535", problem);
    }

    private static void wrongChecksumPasses(Trial trial) {
        Reflection reflection = reflection(trial, NetFeature.CSUM);
        byte[] frame = Frames.udp(FRAME, true);
        frame[Frames.TRANSPORT + Frames.UDP_CHECKSUM] ^= 0x55;
        expect(trial, "NT-026", "a datagram with a wrong checksum", lost(reflection, Reflection.plainHeader(), frame));
    }

    private static void oneBuffer(Trial trial) {
        Reflection reflection = reflection(trial);
        for (int bytes : new int[] {60, 61, 500, 1514}) {
            Received received = reflection.echo(Reflection.plainHeader(), Frames.plain(bytes, bytes));
            if (received == null) {
                throw new Skipped("a frame of " + bytes + " bytes does not come back");
            }
            trial.check("NT-030", received.numBuffers() == 1, "num_buffers is " + received.numBuffers());
            boolean whole = received.frame().length == bytes;
            trial.check("NT-029", whole, received.frame().length + " of " + bytes + " bytes in one buffer");
        }
    }

    private static void merged(Trial trial) {
        trial.needFeature(NetFeature.MRG_RXBUF, "MRG_RXBUF");
        needReflection(trial);
        int buffer = 256;
        int bytes = 1500;
        Reflection reflection = Reflection.start(trial, FeatureSet.of(NetFeature.MRG_RXBUF), BUFFERS, buffer);
        for (int round = 0; round < 6; round++) {
            Received received = reflection.echo(Reflection.plainHeader(), Frames.plain(bytes, round));
            if (received == null) {
                throw new Skipped("a frame of " + bytes + " bytes does not come back");
            }
            int needed = (bytes + NetHeader.BYTES + buffer - 1) / buffer;
            String counted =
                    "num_buffers is " + received.numBuffers() + " of " + needed + ", lengths " + received.lengths();
            trial.check("NT-028", received.numBuffers() == received.lengths().size(), counted);
            trial.check("NT-031", received.numBuffers() == needed && received.frame().length == bytes, counted);
            boolean full = received.lengths().stream()
                    .limit(received.lengths().size() - 1L)
                    .allMatch(length -> length == buffer);
            trial.check("NT-032", full, counted);
            trial.check(
                    "NT-033", received.together(), received.together() ? "used together" : "used one after the other");
            for (int i = 0; i < received.lengths().size(); i++) {
                reflection.refill();
            }
        }
    }

    private static void tags(Trial trial) {
        Reflection reflection = reflection(trial);
        for (int vlan : new int[] {1, 100, 4094}) {
            String problem = lost(reflection, Reflection.plainHeader(), Frames.tagged(FRAME, vlan));
            if (problem != null) {
                trial.fail("NT-085", "a frame with tag " + vlan + ": " + problem);
                return;
            }
        }
        trial.pass("NT-085", "frames with tags 1, 100 and 4094 come back");
    }

    /** Only the rings of the first pair are enabled, as a front-end does before its guest asks for more. */
    private static void firstPairOnly(Trial trial) {
        needReflection(trial);
        trial.need(trial.survey().queues() > 1, "the device has one pair");
        Reflection reflection = reflection(trial, NetFeature.MQ);
        int count = 30;
        int back = 0;
        for (int i = 0; i < count; i++) {
            back += reflection.echo(Reflection.plainHeader(), Frames.plain(FRAME, i)) == null ? 0 : 1;
        }
        trial.check("NT-089", back == count, back + " of " + count + " frames come to the first receiveq");
        trial.check("NT-090", back == count, back + " of " + count + " frames come although other pairs are off");
    }

    private static void contents(Trial trial) {
        Reflection reflection = reflection(trial);
        for (int bytes = 60; bytes < 110; bytes++) {
            String problem = lost(reflection, Reflection.plainHeader(), Frames.plain(bytes, bytes));
            if (problem != null) {
                trial.fail("NQ-001", "a frame of " + bytes + " bytes: " + problem);
                return;
            }
        }
        trial.pass("NQ-001", "50 lengths come back unchanged");
    }

    private static void transmitLength(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        trial.need(exchange.serveRaw(exchange.sample()), "the device serves nothing");
        long length = exchange.queue().raw().usedLength(0);
        trial.check("NQ-002", length == 0, "used length " + length + " of a chain without a byte to write");
    }

    private static void receiveLength(Trial trial) {
        Reflection reflection = reflection(trial);
        Received received = reflection.echo(Reflection.plainHeader(), Frames.plain(FRAME, 6));
        if (received == null) {
            throw new Skipped("a frame does not come back");
        }
        long length = received.lengths().getFirst();
        trial.check("NQ-003", length == FRAME + NetHeader.BYTES, "used length " + length + " for a frame of " + FRAME);
    }

    /** Without receive buffers frames are dropped; with new ones it goes on. */
    private static void starved(Trial trial) {
        needReflection(trial);
        Reflection reflection = Reflection.start(trial, FeatureSet.NONE, 1, Reflection.BIG_BUFFER);
        for (int i = 0; i < 10; i++) {
            trial.need(reflection.send(Reflection.plainHeader(), Frames.plain(FRAME, i)), "frames are not taken");
        }
        trial.need(reflection.receive(trial.peer().timeout()) != null, "the first frame does not come back");
        trial.watch();
        reflection.refill();
        reflection.refill();
        Received late = reflection.receive(trial.peer().quiet());
        Received fresh = late != null ? late : reflection.echo(Reflection.plainHeader(), Frames.plain(FRAME, 7));
        trial.check("NQ-004", fresh != null, fresh != null ? "it goes on with new buffers" : "it stays stuck");
    }

    /** Chains that are too short for a header, or for a frame behind it, are used and forgotten. */
    private static void shortChains(Trial trial) {
        Reflection reflection = reflection(trial);
        for (int bytes : new int[] {0, 1, 13}) {
            if (!reflection.send(Reflection.plainHeader(), new byte[bytes])) {
                trial.fail("NQ-005", "a frame of " + bytes + " bytes is not used");
                return;
            }
        }
        reflection.rig().link().askNumber(Request.GET_FEATURES);
        Received received;
        byte[] frame = Frames.plain(FRAME, 8);
        int odd = 0;
        do {
            received = odd == 0
                    ? reflection.echo(Reflection.plainHeader(), frame)
                    : reflection.receive(trial.peer().timeout());
        } while (received != null && !Arrays.equals(received.frame(), frame) && odd++ < 3);
        trial.check(
                "NQ-005",
                received != null,
                received != null
                        ? "short frames are used, and it goes on" + (odd > 0 ? "; " + odd + " of them come back" : "")
                        : "it does not go on");
    }
}
