package dev.cipu.shim.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rings of kernels that this one is not; a memfd stands for the ring's descriptor. */
class RingTest {
    private static final String NAME = "ring-test";

    private final KernelCalls calls = new KernelCalls();

    private static MemorySegment parameters(Arena arena, int features) {
        MemorySegment parameters = arena.allocate(RingLayout.PARAMETER_BYTES, 8);
        parameters.set(ValueLayout.JAVA_INT, RingLayout.P_FEATURES, features);
        parameters.set(ValueLayout.JAVA_INT, RingLayout.P_CQ_ENTRIES, 1);
        return parameters;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, RingLayout.FEATURE_SINGLE_MMAP, RingLayout.FEATURE_RW_CUR_POS})
    void aKernelThatLacksAFeatureGetsNoRing(int features) {
        try (Arena arena = Arena.ofConfined();
                Memfd file = Memfd.create(NAME, 4096)) {
            Fd number = file.fd().duplicate();
            assertThat(Ring.open(calls, number, parameters(arena, features), file.fd()))
                    .isNull();
            assertThat(number.isOpen()).isFalse();
        }
    }

    @Test
    void aRingThatCannotBeMappedLeavesNothing() throws Exception {
        try (Arena arena = Arena.ofConfined();
                Memfd file = Memfd.create(NAME, 4096)) {
            Fd number = file.fd().duplicate();
            MemorySegment parameters = parameters(arena, RingLayout.NEEDED_FEATURES);
            // more than any address space: the second mapping fails, the first is of the completions
            parameters.set(ValueLayout.JAVA_INT, RingLayout.P_SQ_ENTRIES, -1);
            assertThatThrownBy(() -> Ring.open(calls, number, parameters, file.fd()))
                    .isInstanceOf(PosixException.class);
            assertThat(OpenDescriptors.mappings(NAME)).isZero();
            assertThat(number.isOpen()).isFalse();
        }
    }
}
