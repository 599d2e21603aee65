package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class ByteSizeTest {
    @Test
    void unitsArePowersOf1024InEitherCase() {
        assertThat(ByteSize.parse("512")).isEqualTo(512);
        assertThat(ByteSize.parse("4k")).isEqualTo(4096);
        assertThat(ByteSize.parse("4K")).isEqualTo(4096);
        assertThat(ByteSize.parse("1M")).isEqualTo(1 << 20);
        assertThat(ByteSize.parse("2GiB")).isEqualTo(2L << 30);
        assertThat(ByteSize.parse("3TB")).isEqualTo(3L << 40);
    }

    @Test
    void refusesWhatIsNoSizeOrDoesNotFit() {
        assertThatIllegalArgumentException().isThrownBy(() -> ByteSize.parse("4x"));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteSize.parse("-1"));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteSize.parse(""));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteSize.parse("8388608T"));
    }

    @Test
    void formatIsExact() {
        for (String text : new String[] {"0", "1000", "4k", "1M", "1025k", "7T"}) {
            assertThat(ByteSize.format(ByteSize.parse(text))).isEqualTo(text);
        }
    }
}
