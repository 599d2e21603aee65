package dev.cipu.shim.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class RingLayoutTest {
    private static final ValueLayout U8 = ValueLayout.JAVA_BYTE;
    private static final ValueLayout U16 = ValueLayout.JAVA_SHORT;
    private static final ValueLayout U32 = ValueLayout.JAVA_INT;
    private static final ValueLayout U64 = ValueLayout.JAVA_LONG;

    private static final StructLayout OFFSETS = MemoryLayout.structLayout(
            U32.withName("0"),
            U32.withName("1"),
            U32.withName("2"),
            U32.withName("3"),
            U32.withName("4"),
            U32.withName("5"),
            U32.withName("6"),
            U32.withName("7"),
            U64.withName("8"));

    private static final StructLayout PARAMETERS = MemoryLayout.structLayout(
            U32.withName("sq_entries"),
            U32.withName("cq_entries"),
            U32.withName("flags"),
            U32.withName("sq_thread_cpu"),
            U32.withName("sq_thread_idle"),
            U32.withName("features"),
            U32.withName("wq_fd"),
            MemoryLayout.sequenceLayout(3, U32).withName("resv"),
            OFFSETS.withName("sq"),
            OFFSETS.withName("cq"));

    private static final StructLayout SUBMISSION = MemoryLayout.structLayout(
            U8.withName("opcode"),
            U8.withName("flags"),
            U16.withName("ioprio"),
            U32.withName("fd"),
            U64.withName("off"),
            U64.withName("addr"),
            U32.withName("len"),
            U32.withName("rw_flags"),
            U64.withName("user_data"),
            U16.withName("buf_index"),
            U16.withName("personality"),
            U32.withName("splice_fd_in"),
            U64.withName("addr3"),
            U64.withName("pad"));

    private static final StructLayout COMPLETION =
            MemoryLayout.structLayout(U64.withName("user_data"), U32.withName("res"), U32.withName("flags"));

    private static long in(StructLayout layout, String... names) {
        PathElement[] path = new PathElement[names.length];
        for (int i = 0; i < names.length; i++) {
            path[i] = PathElement.groupElement(names[i]);
        }
        return layout.byteOffset(path);
    }

    @Test
    void offsetsAreThoseOfTheKernelsStructures() {
        assertThat(PARAMETERS.byteSize()).isEqualTo(RingLayout.PARAMETER_BYTES);
        assertThat(in(PARAMETERS, "cq_entries")).isEqualTo(RingLayout.P_CQ_ENTRIES);
        assertThat(in(PARAMETERS, "flags")).isEqualTo(RingLayout.P_FLAGS);
        assertThat(in(PARAMETERS, "features")).isEqualTo(RingLayout.P_FEATURES);
        assertThat(in(PARAMETERS, "sq", "1")).isEqualTo(RingLayout.P_SQ_TAIL);
        assertThat(in(PARAMETERS, "sq", "4")).isEqualTo(RingLayout.P_SQ_FLAGS);
        assertThat(in(PARAMETERS, "sq", "6")).isEqualTo(RingLayout.P_SQ_ARRAY);
        assertThat(in(PARAMETERS, "cq", "0")).isEqualTo(RingLayout.P_CQ_HEAD);
        assertThat(in(PARAMETERS, "cq", "1")).isEqualTo(RingLayout.P_CQ_TAIL);
        assertThat(in(PARAMETERS, "cq", "5")).isEqualTo(RingLayout.P_CQ_CQES);
        assertThat(SUBMISSION.byteSize()).isEqualTo(RingLayout.SUBMISSION_BYTES);
        assertThat(in(SUBMISSION, "fd")).isEqualTo(RingLayout.S_FD);
        assertThat(in(SUBMISSION, "off")).isEqualTo(RingLayout.S_OFFSET);
        assertThat(in(SUBMISSION, "addr")).isEqualTo(RingLayout.S_ADDRESS);
        assertThat(in(SUBMISSION, "len")).isEqualTo(RingLayout.S_LENGTH);
        assertThat(in(SUBMISSION, "rw_flags")).isEqualTo(RingLayout.S_RW_FLAGS);
        assertThat(in(SUBMISSION, "user_data")).isEqualTo(RingLayout.S_USER_DATA);
        assertThat(COMPLETION.byteSize()).isEqualTo(RingLayout.COMPLETION_BYTES);
        assertThat(in(COMPLETION, "res")).isEqualTo(RingLayout.C_RESULT);
    }
}
