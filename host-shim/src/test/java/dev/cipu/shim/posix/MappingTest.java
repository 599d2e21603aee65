package dev.cipu.shim.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappingTest {
    @TempDir
    Path folder;

    @Test
    void mapsFromAnyOffset() {
        try (Memfd memory = Memfd.create("m", 300_000);
                Mapping whole = memory.map();
                Mapping part = Mapping.of(memory.fd().duplicate(), 70_001, 229_999)) {
            whole.segment().set(ValueLayout.JAVA_BYTE, 299_999, (byte) 9);
            assertThat(part.segment().byteSize()).isEqualTo(229_999);
            assertThat(part.segment().get(ValueLayout.JAVA_BYTE, 229_998)).isEqualTo((byte) 9);
        }
    }

    @Test
    void closingUnmapsOnceAndForbidsAccess() throws Exception {
        long descriptors = OpenDescriptors.count();
        Memfd memory = Memfd.create("mapping-test", 4096);
        Mapping mapping = memory.map();
        MemorySegment segment = mapping.segment();
        assertThat(OpenDescriptors.mappings("mapping-test")).isEqualTo(1);
        mapping.close();
        mapping.close();
        memory.close();
        assertThat(OpenDescriptors.mappings("mapping-test")).isZero();
        assertThat(OpenDescriptors.count()).isEqualTo(descriptors);
        assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesWhatTheFileDoesNotCoverAndClosesIt() throws Exception {
        try (Memfd memory = Memfd.create("m", 8192)) {
            long before = OpenDescriptors.count();
            long[][] bad = {{0, 8193}, {8192, 1}, {1, 8192}, {-4096, 4096}, {0, 0}, {0, -1}, {4096, Long.MAX_VALUE}};
            for (long[] range : bad) {
                Fd copy = memory.fd().duplicate();
                assertThatThrownBy(() -> Mapping.of(copy, range[0], range[1]))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThat(copy.isOpen()).isFalse();
            }
            assertThat(OpenDescriptors.count()).isEqualTo(before);
        }
    }

    @Test
    void refusesWhatIsNoFile() {
        EventFd event = EventFd.create();
        assertThatThrownBy(() -> Mapping.of(event.fd(), 0, 4096)).isInstanceOf(IllegalArgumentException.class);
        assertThat(event.fd().isOpen()).isFalse();
    }

    @Test
    void noticesATruncatedFileAndSurvivesTouchingIt() {
        try (Fd file = Fd.open(folder.resolve("f"), OpenFlag.READ_WRITE | OpenFlag.CREATE, 0600)) {
            file.truncate(1 << 20);
            try (Mapping mapping = Mapping.of(file.duplicate(), 0, 1 << 20)) {
                assertThat(mapping.fileStillCovers()).isTrue();
                file.truncate(4096);
                assertThat(mapping.fileStillCovers()).isFalse();
                assertThatThrownBy(() -> mapping.segment().get(ValueLayout.JAVA_BYTE, 1 << 19))
                        .isInstanceOf(InternalError.class);
            }
        }
    }

    @Test
    void aMemfdCannotBeCut() {
        try (Memfd memory = Memfd.create("m", 8192)) {
            assertThatThrownBy(() -> memory.fd().truncate(4096))
                    .isInstanceOfSatisfying(
                            PosixException.class, e -> assertThat(e.errnoName()).isEqualTo("EPERM"));
        }
    }
}
