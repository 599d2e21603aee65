package dev.cipu.shim.replay.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FrameFlowTest {
    private static byte[] udp(boolean six, boolean tagged, int host, int port) {
        int ip = 14 + (tagged ? 4 : 0);
        byte[] frame = new byte[ip + (six ? 40 : 20) + 8];
        int type = six ? 0x86dd : 0x0800;
        if (tagged) {
            frame[12] = (byte) 0x81;
        }
        frame[ip - 2] = (byte) (type >> 8);
        frame[ip - 1] = (byte) type;
        frame[ip] = (byte) (six ? 0x60 : 0x45);
        frame[ip + (six ? 6 : 9)] = 17;
        frame[ip + (six ? 23 : 15)] = (byte) host;
        frame[ip + (six ? 40 : 20) + 1] = (byte) port;
        return frame;
    }

    private static int flow(byte[] frame) {
        return FrameFlow.of(MemorySegment.ofArray(frame), frame.length, 3);
    }

    @Test
    void aFlowIsAddressesProtocolAndPorts() {
        for (boolean six : new boolean[] {false, true}) {
            for (boolean tagged : new boolean[] {false, true}) {
                int flow = flow(udp(six, tagged, 1, 7));
                assertThat(flow(udp(six, tagged, 1, 8))).isNotEqualTo(flow);
                assertThat(flow(udp(six, tagged, 2, 7))).isNotEqualTo(flow);
                byte[] other = udp(six, tagged, 1, 7);
                other[other.length - 1] = 99; // of the checksum
                assertThat(flow(other)).isEqualTo(flow);
            }
        }
    }

    @Test
    void whateverIsThereHasAFlow() {
        Random random = new Random(5);
        Set<Integer> flows = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            byte[] frame = udp(i % 2 == 0, i % 3 == 0, i, i);
            for (int j = 0; j < 4; j++) {
                frame[random.nextInt(frame.length)] = (byte) random.nextInt();
            }
            byte[] cut = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
            assertThat(flow(cut)).isNotNegative();
            flows.add(flow(cut));
        }
        assertThat(flows).hasSizeGreaterThan(1000);
    }
}
