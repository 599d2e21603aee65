package dev.cipu.device.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConfigSpaceTest {
    private final ConfigSpace config = new ConfigSpace();

    private byte[] read(int at, int bytes) {
        byte[] dst = new byte[bytes];
        config.read(at, dst);
        return dst;
    }

    private void write(int at, int... bytes) {
        byte[] src = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            src[i] = (byte) bytes[i];
        }
        config.write(at, src);
    }

    @Test
    void onlyTheWritableBitsOfARegisterChange() {
        config.u32(0x80, 0x1234_5678);
        config.writable(0x80, Integer.BYTES, 0x0f00_00f0);
        write(0x80, 0xff, 0xff, 0xff, 0xff);
        assertThat(config.u32(0x80)).isEqualTo(0x1f34_56f8);
        write(0x80, 0, 0, 0, 0);
        assertThat(config.u32(0x80)).isEqualTo(0x1034_5608);
    }

    @Test
    void aByteAloneLeavesItsNeighbours() {
        config.writable(0x80, Integer.BYTES, -1);
        write(0x80, 1, 2, 3, 4);
        write(0x82, 9);
        assertThat(read(0x7f, 6)).containsExactly(0, 1, 2, 9, 4, 0);
    }

    @Test
    void aOneClearsAndAZeroDoesNot() {
        config.u16(0x80, 0xf0f0);
        config.cleared(0x80, Short.BYTES, 0xff00);
        write(0x80, 0xff, 0x80);
        assertThat(config.u16(0x80)).isEqualTo(0x70f0);
        write(0x80, 0, 0);
        assertThat(config.u16(0x80)).isEqualTo(0x70f0);
    }

    @Test
    void aResetBringsBackAllButWhatIsSticky() {
        config.u16(0x80, 0x0101);
        config.writable(0x80, Short.BYTES, 0xffff);
        config.sticky(0x80, Short.BYTES, 0x00f0);
        config.seal();
        write(0x80, 0xff, 0xff);
        config.reset();
        assertThat(config.u16(0x80)).isEqualTo(0x01f1);
    }

    @Test
    void whatATouchedRegisterDoesIsDoneOnceInOrder() {
        List<String> done = new ArrayList<>();
        config.afterWrite(0x84, 4, () -> done.add("second"));
        config.afterWrite(0x80, 4, () -> done.add("first"));
        config.beforeRead(0x80, 4, () -> done.add("read"));
        write(0x80, 0, 0, 0, 0, 0, 0, 0, 0);
        assertThat(done).containsExactly("second", "first");
        done.clear();
        write(0x83, 0);
        write(0x88, 0);
        read(0x7f, 1);
        read(0x84, 4);
        assertThat(done).containsExactly("first");
        done.clear();
        read(0x7f, 2);
        assertThat(done).containsExactly("read");
    }

    @Test
    void registersThatNobodyDefinedAreZeroAndStaySo() {
        byte[] ones = new byte[ConfigSpace.BYTES];
        Arrays.fill(ones, (byte) -1);
        config.write(0, ones);
        assertThat(config.image()).containsOnly(0);
    }

    @Test
    void anImageIsNoWindow() {
        byte[] image = config.image();
        image[0] = 1;
        assertThat(config.u8(0)).isZero();
    }
}
