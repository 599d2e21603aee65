package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.cipu.virtio.net.NetHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Fuzzing of what a driver asks to be done to a frame. In a normal test run the fuzz test replays its seeds only; {@code
 * scripts/fuzz.sh NetHeaderFuzzTest [seconds]} lets a coverage-guided fuzzer find new inputs for it.
 */
class NetHeaderFuzzTest {
    private static final int ROUNDS = 20_000;
    private static final int[] TYPES = {
        NetHeader.GSO_NONE, NetHeader.GSO_TCPV4, NetHeader.GSO_TCPV6, NetHeader.GSO_UDP, NetHeader.GSO_UDP_L4
    };

    @FuzzTest
    void hostileHeader(byte[] input) {
        HostileHeader.run(input);
    }

    /** The short regression: good frames of every kind with a few bytes changed. */
    @Test
    void goodFramesWithBadBytes() {
        long seed = Long.getLong("cipu.seed", System.nanoTime());
        Random random = new Random(seed);
        int refused = 0;
        int whole = 0;
        int cut = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] input = input(random);
            for (int i = random.nextInt(4); i > 0; i--) {
                input[random.nextInt(Math.min(input.length, 100))] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                int segments = HostileHeader.run(input);
                refused += segments < 0 ? 1 : 0;
                whole += segments == 0 ? 1 : 0;
                cut += segments > 0 ? 1 : 0;
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "round " + round + " of seed " + seed + " (repeat with -Dcipu.seed=" + seed + ")", e);
            }
        }
        assertThat(refused).as("refused").isGreaterThan(ROUNDS / 20);
        assertThat(whole).as("whole").isGreaterThan(ROUNDS / 20);
        assertThat(cut).as("cut").isGreaterThan(ROUNDS / 20);
    }

    private static byte[] input(Random random) {
        Datagram one = new Datagram();
        int type = TYPES[random.nextInt(TYPES.length)];
        one.six = type == NetHeader.GSO_TCPV6 || (type != NetHeader.GSO_TCPV4 && random.nextBoolean());
        one.tcp = type == NetHeader.GSO_TCPV4 || type == NetHeader.GSO_TCPV6;
        one.vlans = random.nextInt(3);
        one.extra = random.nextInt(3) * 8;
        one.tcpOptions = random.nextInt(3) * 4;
        one.data = Datagram.data(random.nextInt(1000), random.nextInt());
        byte[] frame = one.frame(type == NetHeader.GSO_NONE);
        ByteBuffer input = ByteBuffer.allocate(14 + frame.length).order(ByteOrder.LITTLE_ENDIAN);
        input.put((byte) 0x3f)
                .put((byte) (type == NetHeader.GSO_NONE || random.nextBoolean() ? 0 : random.nextInt(256)));
        input.putLong(one.header(type, 32 + random.nextInt(2000))).putInt(one.checksumOffset());
        return input.put(frame).array();
    }
}
