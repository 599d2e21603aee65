package dev.cipu.virtio.net.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.Seed;
import dev.cipu.virtio.net.HashConfig;
import dev.cipu.virtio.net.NetControlState;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetHash;
import dev.cipu.virtio.net.RssConfig;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Fuzzing of control commands. An input is a byte that chooses the features, then commands, each behind its length in two bytes.
 * Whatever comes, nothing is thrown, an error changes nothing, and the state stays one that the receive path can use.
 */
class NetControlFuzzTest {
    private static final int PAIRS = 3;
    private static final int RANDOM_INPUTS = 4_000;

    /** Bytes of data that some command has, and one more. */
    private static final int[] LENGTHS = {0, 1, 2, 4, 6, 8, 8, 12, 13, 13, 14, 17, 53};

    @FuzzTest
    void hostileCommands(byte[] input) {
        run(input);
    }

    /** The short regression: commands that begin as known ones do, with random data. */
    @Test
    void randomCommands() {
        Random random = new Random(Seed.get());
        int done = 0;
        for (int i = 0; i < RANDOM_INPUTS; i++) {
            byte[] input = new byte[5 + LENGTHS[random.nextInt(LENGTHS.length)]];
            random.nextBytes(input);
            input[0] = (byte) 0xff;
            input[1] = (byte) (input.length - 3);
            input[2] = 0;
            input[3] = (byte) random.nextInt(8);
            input[4] = (byte) random.nextInt(4);
            for (int at = 5; at < input.length; at++) {
                // small numbers make sense more often
                input[at] = random.nextInt(3) == 0 ? (byte) random.nextInt(5) : random.nextBoolean() ? 0 : input[at];
            }
            done += run(input);
        }
        assertThat(done).as("commands done").isGreaterThan(RANDOM_INPUTS / 100);
    }

    private static int run(byte[] input) {
        NetDevice device = new NetDevice(new byte[] {2, 0, 0, 0, 0, 1}, 1500, PAIRS);
        NetControlState state = device.control();
        NetControlCommands commands = new NetControlCommands(state, queue -> queue < 4);
        if (input.length == 0) {
            return 0;
        }
        FeatureSet features =
                (input[0] & 1) != 0 ? device.offered() : FeatureSet.of(32, 17, 18 + ((input[0] >> 1) & 7));
        assertThat(device.negotiate(device.offered().and(features))).isTrue();
        int done = 0;
        int at = 1;
        while (at + 2 <= input.length) {
            int length = (input[at] & 0xff) | (input[at + 1] & 0xff) << 8;
            at += 2;
            int n = Math.min(Math.min(length, input.length - at), NetControlLayout.MAX_BYTES);
            MemorySegment.copy(MemorySegment.ofArray(input), at, commands.memory(), 0, n);
            at += n;
            List<Object> before = picture(state);
            int reply = commands.replyBytes(length);
            int ack = commands.run(length);
            assertThat(reply).isIn(0, NetControlLayout.COAL_BYTES);
            assertThat(ack).isIn(NetControlLayout.OK, NetControlLayout.ERR);
            if (ack == NetControlLayout.ERR) {
                assertThat(picture(state)).isEqualTo(before);
            } else {
                done++;
                check(state);
            }
        }
        return done;
    }

    private static void check(NetControlState state) {
        assertThat(state.mac() >>> 48).isZero();
        assertThat(state.mac() & 1).isZero();
        assertThat(state.pairsInUse()).isBetween(1, PAIRS);
        assertThat(state.tunnels() & ~NetHash.ALL_TUNNELS).isZero();
        HashConfig hash = state.hash();
        assertThat(hash.types() & ~NetHash.ALL_TYPES).isZero();
        assertThat(hash.key().length).isLessThanOrEqualTo(NetHash.MAX_KEY);
        RssConfig rss = state.rss();
        if (rss != null) {
            assertThat(rss.entries()).isBetween(1, NetHash.MAX_TABLE);
            assertThat(rss.unclassified()).isLessThan(PAIRS);
            for (int i = -1; i < rss.entries(); i++) {
                assertThat(rss.pair(i)).isLessThan(PAIRS);
            }
        }
    }

    /** All that commands can change. */
    private static List<Object> picture(NetControlState state) {
        long[] vlans = new long[64];
        for (int id = 0; id < 4096; id++) {
            vlans[id >> 6] |= state.hasVlan(id) ? 1L << id : 0;
        }
        StringBuilder coalescing = new StringBuilder();
        for (int queue = 0; queue < 2 * PAIRS; queue++) {
            coalescing.append(state.coalescing().parameters(queue)).append(' ');
        }
        RssConfig rss = state.rss();
        return List.of(
                state.modes(),
                state.mac(),
                state.macs(),
                Arrays.toString(vlans),
                state.isAnnouncing(),
                state.pairsInUse(),
                rss == null ? "none" : rss,
                state.hash(),
                state.tunnels(),
                state.guestOffloads(),
                coalescing.toString());
    }
}
