package dev.cipu.shim.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.blk.BlkRequest;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a task makes of the kernel's answers, above all of those that are hard to provoke. */
@Timeout(20)
class FileTaskTest {
    private static final int DISK = 1 << 20;
    private static final int EFAULT = 14;
    private static final int EIO = 5;

    private final ScriptedStore store = new ScriptedStore(DISK, 1);
    private final DiskGuest guest = new DiskGuest(store);
    private final long data = guest.area.allocate(256 << 10, 4096);

    @Test
    void shortTransfersGoOnWhereTheyStopped() {
        Random random = new Random(2);
        for (int i = 0; i < 200; i++) {
            byte[] written = guest.fillRandomly(data, 16384, random);
            script(random);
            assertThat(guest.runInPieces(BlkRequest.OUT, i, data, 8, 512, 1024)).isEqualTo(BlkRequest.OK);
            for (int piece = 0; piece < 8; piece++) {
                assertThat(Arrays.copyOfRange(store.disk, (i + piece) * 512, (i + piece + 1) * 512))
                        .isEqualTo(Arrays.copyOfRange(written, piece * 1024, piece * 1024 + 512));
            }
            script(random);
            guest.fill(data, new byte[16384]);
            assertThat(guest.run(BlkRequest.IN, i, data, 4096)).isEqualTo(BlkRequest.OK);
            assertThat(guest.bytes(data, 4096)).isEqualTo(Arrays.copyOfRange(store.disk, i * 512, i * 512 + 4096));
        }
    }

    private void script(Random random) {
        store.script.clear();
        for (int i = random.nextInt(6); i > 0; i--) {
            store.script.add(
                    switch (random.nextInt(4)) {
                        case 0 -> -KernelCalls.EINTR;
                        case 1 -> -KernelCalls.EAGAIN;
                        default -> 1 + random.nextInt(700);
                    });
        }
    }

    @Test
    void directTransfersGoOnAtABlock() {
        ScriptedStore direct = new ScriptedStore(DISK, 512);
        try (DiskGuest other = new DiskGuest(direct)) {
            for (int shift : new int[] {0, 3}) {
                long buffer = other.area.allocate(8192, 4096) + shift;
                byte[] written = other.fillRandomly(buffer, 4096, new Random(shift));
                direct.script.addAll(List.of(1500, 513, 512));
                assertThat(other.run(BlkRequest.OUT, 4, buffer, 4096)).isEqualTo(BlkRequest.OK);
                assertThat(Arrays.copyOfRange(direct.disk, 2048, 6144)).isEqualTo(written);
                other.fill(buffer, new byte[4096]);
                direct.script.addAll(List.of(1023, 2047));
                assertThat(other.run(BlkRequest.IN, 4, buffer, 4096)).isEqualTo(BlkRequest.OK);
                assertThat(other.bytes(buffer, 4096)).isEqualTo(written);
            }
            direct.script.add(511);
            assertThat(other.run(BlkRequest.IN, 4, other.area.allocate(512, 512), 512))
                    .as("no progress is possible")
                    .isEqualTo(BlkRequest.IOERR);
        }
    }

    @Test
    void everyErrorEndsTheRequest() {
        for (int errno : new int[] {EFAULT, EIO, KernelCalls.EINVAL, KernelCalls.EOPNOTSUPP}) {
            for (int type : new int[] {BlkRequest.IN, BlkRequest.OUT, BlkRequest.FLUSH}) {
                store.script.add(-errno);
                assertThat(guest.run(type, 0, data, 4096)).isEqualTo(BlkRequest.IOERR);
            }
        }
        store.script.addAll(List.of(512, -EIO));
        assertThat(guest.run(BlkRequest.IN, 0, data, 4096))
                .as("an error after half of it")
                .isEqualTo(BlkRequest.IOERR);
        store.script.addAll(List.of(512, 0));
        assertThat(guest.run(BlkRequest.IN, 0, data, 4096))
                .as("the end of the file")
                .isEqualTo(BlkRequest.IOERR);
        store.script.add(-EIO);
        assertThat(guest.runRange(BlkRequest.DISCARD, 0, 8, 0)).isEqualTo(BlkRequest.IOERR);
        assertThat(guest.run(BlkRequest.IN, 0, data, 4096)).isEqualTo(BlkRequest.OK);
    }

    @Test
    void zeroingFallsBackToAHoleAndThenToWriting() {
        Arrays.fill(store.disk, (byte) 7);
        store.script.addAll(List.of(-KernelCalls.EOPNOTSUPP, -KernelCalls.EOPNOTSUPP));
        int sectors = (150 << 10) / 512;
        assertThat(guest.runRange(BlkRequest.WRITE_ZEROES, 8, sectors, 0)).isEqualTo(BlkRequest.OK);
        assertThat(store.opcodes)
                .containsExactly(FileOp.FALLOCATE, FileOp.FALLOCATE, FileOp.WRITE, FileOp.WRITE, FileOp.WRITE);
        byte[] expected = new byte[DISK];
        Arrays.fill(expected, (byte) 7);
        Arrays.fill(expected, 4096, 4096 + sectors * 512, (byte) 0);
        assertThat(store.disk).isEqualTo(expected);
    }

    @Test
    void aDiscardThatTheFileSystemDoesNotKnowIsNoError() {
        store.script.add(-KernelCalls.EOPNOTSUPP);
        assertThat(guest.runRange(BlkRequest.DISCARD, 0, 8, 0)).isEqualTo(BlkRequest.OK);
        assertThat(store.opcodes).isEqualTo(Collections.singletonList(FileOp.FALLOCATE));
    }

    @Test
    void aDurableZeroingSyncsAfterwards() {
        guest.writeback(false);
        assertThat(guest.runRange(BlkRequest.WRITE_ZEROES, 0, 8, 0)).isEqualTo(BlkRequest.OK);
        assertThat(store.opcodes).containsExactly(FileOp.FALLOCATE, FileOp.FSYNC);
        store.script.addAll(List.of(0, -EIO));
        assertThat(guest.runRange(BlkRequest.WRITE_ZEROES, 0, 8, 0)).isEqualTo(BlkRequest.IOERR);
    }

    @Test
    void anEraseIsDurableBeforeBlocksAreGivenBackAndFailsIfItIsNot() {
        assertThat(guest.runRange(BlkRequest.SECURE_ERASE, 0, 8, 0)).isEqualTo(BlkRequest.OK);
        assertThat(store.opcodes).containsExactly(FileOp.WRITE, FileOp.FSYNC, FileOp.FALLOCATE);
        store.opcodes.clear();
        store.script.addAll(List.of(ScriptedStore.HONEST, -EIO));
        assertThat(guest.runRange(BlkRequest.SECURE_ERASE, 0, 8, 0)).isEqualTo(BlkRequest.IOERR);
        assertThat(store.opcodes).containsExactly(FileOp.WRITE, FileOp.FSYNC);
        // overwritten and durable is erased, whether or not the file system takes the blocks
        store.script.addAll(List.of(ScriptedStore.HONEST, ScriptedStore.HONEST, -KernelCalls.EOPNOTSUPP));
        assertThat(guest.runRange(BlkRequest.SECURE_ERASE, 0, 8, 0)).isEqualTo(BlkRequest.OK);
    }
}
