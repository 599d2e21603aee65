package dev.cipu.sim.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TlpTest {
    /** Headers of 16 and 12 bytes, 8 of framing and check, data in double words. */
    @Test
    void bytesOnTheWire() {
        LinkShape shape = LinkShapeTest.shape(3, 8, 256);
        assertThat(Tlp.readRequest(shape)).isEqualTo(24);
        assertThat(Tlp.write(shape, 64)).isEqualTo(88);
        assertThat(Tlp.write(shape, 1)).isEqualTo(28);
        assertThat(Tlp.completions(shape, 1, 64)).isEqualTo(84);
        assertThat(Tlp.completions(shape, 2, 509)).isEqualTo(552);
    }

    @Test
    void inFlitsPacketsHaveNoFraming() {
        LinkShape shape = LinkShapeTest.shape(6, 8, 256);
        assertThat(Tlp.readRequest(shape)).isEqualTo(16);
        assertThat(Tlp.completions(shape, 1, 64)).isEqualTo(76);
    }

    @ParameterizedTest
    @CsvSource({
        "0,1,256,1",
        "0,256,256,1",
        "0,257,256,2",
        "0,1512,128,12",
        "0,1512,256,6",
        "0,1512,512,3",
        "100,256,256,1",
        "4090,12,256,2",
        "4000,4096,4096,2",
        "0,4096,4096,1",
        "96,4096,256,17",
    })
    void writesAreCutAtMpsAndPages(long address, int bytes, int mps, int packets) {
        LinkShape shape = LinkShapeTest.shape(3, 8, mps);
        int sent = 0;
        int count = 0;
        while (sent < bytes) {
            sent += Tlp.writable(shape, address + sent, bytes - sent);
            count++;
        }
        assertThat(sent).isEqualTo(bytes);
        assertThat(count).isEqualTo(packets);
    }

    @ParameterizedTest
    @CsvSource({"0,64,64", "0,512,512", "0,513,512", "4000,512,96", "4095,2,1", "8192,4096,512"})
    void readsAreCutAtMrrsAndPages(long address, int bytes, int first) {
        assertThat(Tlp.request(LinkShapeTest.shape(3, 8, 256), address, bytes)).isEqualTo(first);
    }

    /** The first completion ends at a multiple of RCB, all others are of MPS. */
    @ParameterizedTest
    @CsvSource({"0,64,1", "0,256,1", "0,257,2", "0,512,2", "60,197,2", "60,196,1", "63,194,2", "63,193,1", "64,256,1"})
    void completionsAreCutAtTheBoundary(long address, int bytes, int packets) {
        assertThat(Tlp.completionPackets(LinkShapeTest.shape(3, 8, 256), address, bytes))
                .isEqualTo(packets);
    }
}
