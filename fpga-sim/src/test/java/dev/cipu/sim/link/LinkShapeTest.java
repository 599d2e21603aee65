package dev.cipu.sim.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinkShapeTest {
    static LinkShape shape(int generation, int lanes, int maxPayload) {
        return new LinkShape(generation, lanes, 200_000, maxPayload, 512, 64, 32, 64, 16384, 8);
    }

    /** Transfers times lanes times the line code's share. */
    @ParameterizedTest
    @CsvSource({"1,1,2.0", "2,4,16.0", "3,8,63.015", "4,16,252.06", "5,16,504.12", "6,16,1024.0"})
    void bandwidthFollowsFromGenerationAndLanes(int generation, int lanes, double gigabits) {
        assertThat(shape(generation, lanes, 256).bitsPerSecond() / 1e9).isCloseTo(gigabits, within(0.01));
    }

    @Test
    void flitsTakeTheirShare() {
        LinkShape six = shape(6, 16, 256);
        assertThat(six.packetBitsPerSecond() / six.bitsPerSecond()).isCloseTo(236.0 / 256, within(1e-9));
        LinkShape five = shape(5, 16, 256);
        assertThat(five.packetBitsPerSecond()).isEqualTo(five.bitsPerSecond());
    }

    @ParameterizedTest
    @CsvSource({
        "0,8,256,512,64,32,64,16384,generation 0",
        "7,8,256,512,64,32,64,16384,generation 7",
        "3,3,256,512,64,32,64,16384,3 lanes",
        "3,32,256,512,64,32,64,16384,32 lanes",
        "3,8,200,512,64,32,64,16384,MPS of 200",
        "3,8,8192,512,64,32,64,16384,MPS of 8192",
        "3,8,256,64,64,32,64,16384,MRRS of 64",
        "3,8,256,512,32,32,64,16384,RCB of 32",
        "3,8,256,512,64,0,64,16384,0 tags",
        "3,8,256,512,64,32,0,16384,0 headers",
        "3,8,256,512,64,32,64,128,128 bytes",
    })
    void whatCannotBeIsRefused(
            int generation, int lanes, int mps, int mrrs, int rcb, int tags, int headers, int bytes, String why) {
        assertThatThrownBy(() -> new LinkShape(generation, lanes, 0, mps, mrrs, rcb, tags, headers, bytes, 8))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }
}
