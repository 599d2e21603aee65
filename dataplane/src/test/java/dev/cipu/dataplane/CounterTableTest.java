package dev.cipu.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class CounterTableTest {
    private final MemorySegment memory = Arena.ofAuto().allocate(1 << 16, 64);
    private final CounterTable table = new CounterTable(memory, 4711, 1_700_000_000_000L);

    @Test
    void groupsAreListedWithNamesAndValues() {
        CounterGroup net = table.group("net0/queue0", "packets", "bytes");
        CounterGroup blk = table.group("blk0", List.of("reads"));
        net.add(0, 3);
        net.add(0, 4);
        net.add(1, 99);
        blk.set(0, -1);
        CounterReader.Snapshot read = CounterReader.read(memory);
        assertThat(read.pid()).isEqualTo(4711);
        assertThat(read.startMillis()).isEqualTo(1_700_000_000_000L);
        assertThat(read.groups())
                .containsExactly(
                        new CounterReader.Group("net0/queue0", Map.of("packets", 7L, "bytes", 99L)),
                        new CounterReader.Group("blk0", Map.of("reads", -1L)));
        assertThat(net.get("packets")).isEqualTo(7);
        assertThatThrownBy(() -> net.get("nothing")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void retiredGroupsMakeRoomAndStartAtZeroAgain() {
        for (int i = 0; i < 10_000; i++) {
            CounterGroup a = table.group("a" + i, "x", "y", "z");
            CounterGroup b = table.group("b", "x".repeat(i % 900));
            assertThat(a.get(0)).isZero();
            a.add(0, 5);
            table.retire(a);
            b.add(0, 7);
            table.retire(b);
        }
        assertThat(CounterReader.read(memory).groups()).isEmpty();
        assertThat(CounterReader.read(memory).unlisted()).isZero();
    }

    @Test
    void aFullTableStillCounts() {
        List<CounterGroup> groups = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            groups.add(table.group("group" + i, "n"));
        }
        groups.forEach(group -> group.add(0, 1));
        CounterReader.Snapshot read = CounterReader.read(memory);
        assertThat(read.groups()).hasSizeBetween(400, 600);
        assertThat(read.unlisted()).isEqualTo(1000 - read.groups().size());
        groups.forEach(table::retire);
        assertThat(CounterReader.read(memory).groups()).isEmpty();
    }

    @Test
    void aForeignOrShortFileIsRefused() {
        assertThatThrownBy(() -> CounterReader.read(Arena.ofAuto().allocate(4096, 64)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CounterReader.read(memory.asSlice(0, 8))).isInstanceOf(IllegalArgumentException.class);
        memory.set(ValueLayout.JAVA_INT, CounterLayout.AT_VERSION, 99);
        assertThatThrownBy(() -> CounterReader.read(memory)).hasMessageContaining("99");
    }

    @Test
    void aTornFileNeverThrowsAnythingElse() {
        Random random = new Random(1);
        table.group("one", "a", "b");
        table.group("two", "c");
        MemorySegment copy = Arena.ofAuto().allocate(memory.byteSize(), 64);
        for (int i = 0; i < 2_000; i++) {
            copy.copyFrom(memory);
            for (int j = 0; j < 4; j++) {
                copy.set(ValueLayout.JAVA_BYTE, 32 + random.nextInt(480), (byte) random.nextInt());
            }
            // a sequence left odd would make each attempt slow
            copy.set(ValueLayout.JAVA_INT, CounterLayout.AT_SEQUENCE, 0);
            assertThat(CounterReader.read(copy.asSlice(0, 64 + 8L * random.nextInt(2000)))
                            .groups())
                    .hasSizeLessThanOrEqualTo(1024);
        }
    }

    @Test
    void aReaderNeverSeesAGroupInTheMakingOrAHalfWrittenValue() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            while (!stop.get()) {
                CounterGroup group = table.group("pair", "up", "down");
                // groups come and go far more often than any reader looks, but leave it time to
                for (int i = 0; i < 20_000; i++) {
                    group.add(0, 0x1_0000_0001L);
                }
                table.retire(group);
                table.retire(table.group("other", "q"));
            }
        });
        writer.start();
        for (int i = 0; i < 2_000; i++) {
            for (CounterReader.Group group : CounterReader.read(memory).groups()) {
                if (group.owner().equals("pair")) {
                    assertThat(group.values().keySet()).containsExactly("up", "down");
                    long up = group.values().getOrDefault("up", -2L);
                    assertThat(up >>> 32).isEqualTo(up & 0xffffffffL);
                } else {
                    assertThat(group.owner()).isEqualTo("other");
                }
            }
        }
        stop.set(true);
        writer.join();
    }

    @Test
    void theLayoutIsWhatItsPictureSays() {
        assertThat(memory.asSlice(0, 8).toArray(ValueLayout.JAVA_BYTE))
                .isEqualTo("cipuCNT1".getBytes(StandardCharsets.US_ASCII));
        assertThat(memory.get(Le.LONG, 16)).isEqualTo(4711);
        assertThat(memory.get(Le.LONG, 32)).isEqualTo(1 << 16);
    }

    @Test
    void countingAllocatesNothing() {
        CounterGroup group = table.group("g", "n");
        assertThat(Allocation.inSteadyState(() -> {
                    for (int i = 0; i < 1_000_000; i++) {
                        group.add(0, 1);
                    }
                }))
                .isZero();
    }
}
