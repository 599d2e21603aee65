package dev.cipu.shim.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ByKeyTest {
    private final ByKey<String> things = new ByKey<>();

    @Test
    void whatIsAddedIsFoundAndInOrder() {
        long[] keys = {7, -3, Long.MAX_VALUE, 0, Long.MIN_VALUE, 8};
        for (long key : keys) {
            assertThat(things.get(key)).isNull();
            assertThat(things.add(key, "of " + key)).isEqualTo("of " + key);
        }
        for (long key : keys) {
            assertThat(things.get(key)).isEqualTo("of " + key);
        }
        List<String> inOrder =
                LongStream.of(keys).sorted().mapToObj(key -> "of " + key).toList();
        assertThat(things.values()).isEqualTo(inOrder);
    }

    @Test
    void thereIsRoomForMany() {
        for (int i = 0; i < 1000; i++) {
            things.add(i * 37 % 1000, "of " + i * 37 % 1000);
        }
        assertThat(things.size()).isEqualTo(1000);
        for (int i = 0; i < 1000; i++) {
            assertThat(things.get(i)).isEqualTo("of " + i);
        }
    }

    @Test
    void aKeyIsTakenOnce() {
        things.add(5, "one");
        assertThatThrownBy(() -> things.add(5, "another")).isInstanceOf(IllegalArgumentException.class);
    }
}
