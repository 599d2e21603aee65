package dev.cipu.shim.conform;

import dev.cipu.virtio.driver.NetControl;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHash;
import dev.cipu.virtio.net.control.NetControlLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** Commands about queues: how many, which frame goes to which, when to call, what to take. {@code [virtio-1.4 §5.1.6.5.5..9]} */
final class SteeringChecks {
    private static final int FRAME = 128;
    private static final int FLOWS = 32;
    private static final int[] TABLE = {1, 0, 0, 1};

    /** Addresses and ports of an IPv4 datagram. */
    private static final int HASHED = 12;

    private static final byte[] KEY = Disk.pattern(40, 3);

    private SteeringChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.net(SteeringChecks::pairs, "CQ-008"),
                Check.net(SteeringChecks::rss, "NT-068", "NT-069", "NT-093", "NT-094", "NT-095"),
                Check.net(SteeringChecks::badRss, "CQ-009"),
                Check.net(SteeringChecks::hashReport, "NT-067"),
                Check.net(SteeringChecks::tunnels, "NT-071"),
                Check.net(SteeringChecks::offloads, "CQ-010"),
                Check.net(SteeringChecks::coalescing, "NT-099", "NT-102", "NT-107", "CQ-011"));
    }

    private static void accepted(Trial trial, String id, String what, int ack) {
        trial.check(id, ControlChecks.isOk(ack), what + ": " + ControlChecks.name(ack));
    }

    private static void pairs(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.MQ);
        int most = commands.rig().maxQueues();
        accepted(trial, "CQ-008", most + " pairs", commands.driver().pairs(most));
        for (int wrong : new int[] {0, most + 1, 0xffff}) {
            ControlChecks.refused(
                    trial, "CQ-008", wrong + " pairs", commands.driver().pairs(wrong));
        }
        accepted(
                trial,
                "CQ-008",
                "one pair, then " + most + ", and no others",
                commands.driver().pairs(1));
    }

    private static Commands scaled(Trial trial) {
        NetChecks.needReflection(trial);
        Commands.needFeatures(trial, NetFeature.MQ, NetFeature.RSS);
        trial.need(trial.survey().queues() > 1, "the device has one pair");
        return Commands.startPairs(trial, 2, NetFeature.MQ, NetFeature.RSS);
    }

    private static void rss(Trial trial) {
        if (!trial.offered().has(NetFeature.RSS)) {
            Commands commands = Commands.start(trial, NetFeature.HASH_REPORT);
            accepted(
                    trial,
                    "NT-068",
                    "MQ_HASH_CONFIG without RSS",
                    commands.driver().hash(NetHash.UDPV4, KEY));
            throw new Skipped("RSS is not offered");
        }
        Commands commands = scaled(trial);
        accepted(trial, "NT-068", "MQ_RSS_CONFIG", commands.driver().rss(NetHash.UDPV4, TABLE, 1, 2, KEY));
        int right = 0;
        for (int flow = 0; flow < FLOWS; flow++) {
            byte[] frame = Frames.flow(FRAME, flow);
            right += commands.pairOf(frame) == TABLE[hash(frame) & (TABLE.length - 1)] ? 1 : 0;
        }
        String seen = right + " of " + FLOWS + " flows come on the pair that their hash and the table say";
        trial.check("NT-093", right == FLOWS, seen);
        trial.check("NT-095", right == FLOWS, seen);
        int other = commands.pairOf(Frames.plain(FRAME, 1));
        trial.check("NT-094", other == 1, "a frame that is not hashed comes on pair " + other + ", 1 was named for it");
        accepted(
                trial, "NT-069", "MQ_VQ_PAIRS_SET after that", commands.driver().pairs(1));
        int first = 0;
        for (int flow = 0; flow < FLOWS; flow++) {
            first += commands.pairOf(Frames.flow(FRAME, flow)) == 0 ? 1 : 0;
        }
        trial.check("NT-069", first == FLOWS, first + " of " + FLOWS + " flows come on the one pair then");
    }

    /** For each bit of the input that is set, the 32 bits of the key from there on. {@code [virtio-1.4 §5.1.6.4.3]} */
    private static int hash(byte[] frame) {
        byte[] input = Arrays.copyOfRange(frame, Frames.TRANSPORT - 8, Frames.TRANSPORT - 8 + HASHED);
        int sum = 0;
        for (int bit = 0; bit < 8 * HASHED; bit++) {
            if ((input[bit / 8] & 0x80 >> bit % 8) != 0) {
                long window = 0;
                for (int i = 0; i < 5; i++) {
                    window = window << 8 | Byte.toUnsignedInt(KEY[bit / 8 + i]);
                }
                sum ^= (int) (window >>> (8 - bit % 8));
            }
        }
        return sum;
    }

    private static void badRss(Trial trial) {
        Commands.needFeatures(trial, NetFeature.MQ, NetFeature.RSS);
        Commands commands = Commands.start(trial, NetFeature.MQ, NetFeature.RSS);
        int pairs = commands.rig().maxQueues();
        ControlChecks.refused(trial, "CQ-009", "a table of 3 entries", rss(commands, new int[3], 0, KEY));
        ControlChecks.refused(
                trial, "CQ-009", "a table with pair " + pairs, rss(commands, new int[] {0, pairs}, 0, KEY));
        ControlChecks.refused(trial, "CQ-009", "pair " + pairs + " for other frames", rss(commands, TABLE, pairs, KEY));
        ControlChecks.refused(
                trial, "CQ-009", "a key of 41 bytes", rss(commands, new int[1], 0, Arrays.copyOf(KEY, 41)));
        ControlChecks.refused(
                trial,
                "CQ-009",
                "half a configuration",
                commands.driver().send(NetControlLayout.MQ, NetControlLayout.MQ_RSS_CONFIG, new byte[9]));
    }

    private static int rss(Commands commands, int[] table, int unclassified, byte[] key) {
        return commands.driver().rss(NetHash.UDPV4, table, unclassified, 1, key);
    }

    private static void hashReport(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.HASH_REPORT);
        accepted(
                trial,
                "NT-067",
                "MQ_HASH_CONFIG with one pair",
                commands.driver().hash(NetHash.UDPV4, KEY));
    }

    private static void tunnels(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.HASH_REPORT, NetFeature.HASH_TUNNEL);
        accepted(trial, "NT-071", "no tunnels", commands.driver().tunnels(0));
        ControlChecks.refused(
                trial, "NT-071", "tunnel type 31", commands.driver().tunnels(1 << 31));
    }

    private static void offloads(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.CTRL_GUEST_OFFLOADS, NetFeature.GUEST_CSUM);
        accepted(trial, "CQ-010", "no offload", commands.driver().offloads(0));
        ControlChecks.refused(
                trial,
                "CQ-010",
                "GUEST_TSO4, which was not negotiated",
                commands.driver().offloads(1L << NetFeature.GUEST_TSO4));
        accepted(
                trial,
                "CQ-010",
                "GUEST_CSUM, and none that was not negotiated",
                commands.driver().offloads(1L << NetFeature.GUEST_CSUM));
    }

    private static void coalescing(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.VQ_NOTF_COAL);
        NetControl driver = commands.driver();
        accepted(trial, "CQ-011", "4 packets and 50 us for a receiveq", driver.coalesceQueue(0, 4, 50));
        boolean kept = ControlChecks.isOk(commands.driver().coalescingOf(0)) && driver.reply() == (50L << 32 | 4);
        trial.check("CQ-011", kept, "VQ_GET tells " + (kept ? "the same" : "something else"));
        byte[] reserved = new byte[NetControlLayout.COAL_OF_QUEUE + NetControlLayout.COAL_BYTES];
        MemorySegment.ofArray(reserved).set(Le.SHORT_UNALIGNED, 2, (short) -1);
        accepted(
                trial,
                "NT-099",
                "VQ_SET with reserved bits set",
                commands.driver().send(NetControlLayout.COAL, NetControlLayout.COAL_VQ_SET, reserved));
        for (int queue : new int[] {commands.index(), 0x7fff}) {
            String what = "queue " + queue + ", no receiveq or transmitq";
            ControlChecks.refused(
                    trial, "NT-102", "VQ_SET of " + what, commands.driver().coalesceQueue(queue, 1, 1));
            ControlChecks.refused(
                    trial, "NT-102", "VQ_GET of " + what, commands.driver().coalescingOf(queue));
        }
        trial.need(commands.rig().canReset(), "the back-end knows no reset (protocol features STATUS, RESET_DEVICE)");
        driver = commands.driver();
        trial.need(ControlChecks.isOk(driver.coalesceQueue(0, 4, 50)), "VQ_SET is refused");
        Commands after = commands.afterReset();
        NetControl fresh = after.driver();
        boolean cleared = ControlChecks.isOk(fresh.coalescingOf(0)) && fresh.reply() == 0;
        trial.check("NT-107", cleared, "parameters after a reset are " + (cleared ? "0" : "not 0"));
    }
}
