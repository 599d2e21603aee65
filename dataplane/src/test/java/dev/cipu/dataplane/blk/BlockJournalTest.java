package dev.cipu.dataplane.blk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.Allocation;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.Capture.Payload;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.dataplane.journal.Records;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockJournalTest {
    private static final Capture ALL = new Capture(Payload.ALL, Capture.DEFAULT_HEADER_BYTES);

    private final Arena arena = Arena.ofConfined();
    private final Records records = new Records(arena);
    private long clock = 1_000;

    @AfterEach
    void free() {
        arena.close();
    }

    private BlkGuest guest(BlockStore store, Capture capture) {
        return new BlkGuest(
                Disk.of(store),
                new BlkDevice(BlkGuest.traits(store)),
                FeatureSet.NONE,
                Arena.ofAuto().allocate(4 << 20, 4096),
                new BlockJournal(records.queue(3), capture, () -> clock += 10));
    }

    @Test
    void aRequestIsRecordedWithItsSectorStatusAndData() {
        BlkGuest guest = guest(new MemoryStore(1 << 20), ALL);
        long data = guest.buffer(4096);
        guest.fill(data, 4096, 7);
        assertThat(guest.run(BlkRequest.OUT, 40, data, 4096)).isEqualTo(BlkRequest.OK);
        byte[] written = guest.bytes(data, 4096);
        guest.fill(data, 4096, 0);
        assertThat(guest.run(BlkRequest.IN, 40, data, 4096)).isEqualTo(BlkRequest.OK);
        assertThat(guest.run(BlkRequest.FLUSH, 0, 0, 0)).isEqualTo(BlkRequest.OK);
        assertThat(guest.run(BlkRequest.IN, 1 << 20, data, 512)).isEqualTo(BlkRequest.IOERR);

        List<Records.One> all = records.take();
        assertThat(all).extracting(Records.One::kind).containsOnly(RecordLayout.BLOCK);
        assertThat(all).extracting(Records.One::queue).containsOnly(3);
        assertThat(all)
                .extracting(Records.One::detail)
                .containsExactly(BlkRequest.OUT, BlkRequest.IN, BlkRequest.FLUSH, BlkRequest.IN);
        assertThat(all).extracting(Records.One::subject).containsExactly(40L, 40L, 0L, 1L << 20);
        assertThat(all).extracting(Records.One::status).containsExactly(0, 0, 0, (int) BlkRequest.IOERR);
        assertThat(all).extracting(Records.One::length).containsExactly(4096L, 4096L, 0L, 512L);
        assertThat(all).extracting(Records.One::readable).containsExactly(4112L, 16L, 16L, 16L);
        assertThat(all).extracting(Records.One::writable).containsExactly(1L, 4097L, 1L, 513L);
        assertThat(all).extracting(Records.One::written).containsExactly(1L, 4097L, 1L, 0L);
        assertThat(all.get(0).captured()).isEqualTo(written);
        assertThat(all.get(1).captured()).isEqualTo(written);
        assertThat(all.get(3).captured()).as("data of a read that failed").isEmpty();
        assertThat(all).allMatch(each -> each.completed() > each.taken());
    }

    @Test
    void whichBlocksAreMeantIsRecordedWithoutData() {
        BlkGuest guest = guest(new MemoryStore(1 << 20), Capture.HEADERS);
        long data = guest.buffer(512);
        assertThat(guest.run(BlkRequest.OUT, 8, data, 512)).isEqualTo(BlkRequest.OK);
        assertThat(guest.raw()
                        .header(BlkRequest.DISCARD, 0)
                        .segment(16, 8, 0)
                        .segment(64, 24, 0)
                        .status())
                .isEqualTo(BlkRequest.OK);
        List<Records.One> all = records.take();
        assertThat(all.get(0).captured()).isEmpty();
        byte[] ranges = all.get(1).captured();
        assertThat(ranges).hasSize(2 * BlkRequest.SEGMENT_BYTES);
        assertThat(ranges[0]).isEqualTo((byte) 16);
        assertThat(ranges[24]).isEqualTo((byte) 24);
    }

    /** The requests before them have left their type in the task. */
    @Test
    void requestsThatCannotBeReadAreRecordedAsSuch() {
        BlkGuest guest = guest(new MemoryStore(1 << 20), ALL);
        for (int i = 0; i < BlkGuest.SIZE; i++) {
            guest.run(BlkRequest.OUT, 8, guest.buffer(512), 512);
        }
        records.take();
        guest.raw().header(BlkRequest.OUT, 8).run();
        guest.raw().readable(guest.buffer(8), 8).status();
        List<Records.One> all = records.take();
        assertThat(all).extracting(Records.One::detail).containsExactly(-1, -1);
        assertThat(all).extracting(Records.One::status).containsExactly(RecordLayout.NO_STATUS, (int) BlkRequest.IOERR);
        assertThat(all).extracting(Records.One::length).containsExactly(0L, 0L);
    }

    /** A long request's first bytes are recorded, and how long it was. */
    @Test
    void dataIsCutWhereItIsTooLong() {
        BlkGuest guest = guest(new MemoryStore(1 << 20), ALL);
        int bytes = 2 * RecordLayout.MAX_CAPTURED;
        long data = guest.buffer(bytes);
        guest.fill(data, bytes, 3);
        assertThat(guest.run(BlkRequest.OUT, 0, data, bytes)).isEqualTo(BlkRequest.OK);
        Records.One one = records.take().getFirst();
        assertThat(one.length()).isEqualTo(bytes);
        assertThat(one.captured()).isEqualTo(Arrays.copyOf(guest.bytes(data, bytes), RecordLayout.MAX_CAPTURED));
    }

    @Test
    void aRecordedRequestAllocatesNothing() {
        BlkGuest guest = guest(new MemoryStore(1 << 20), Capture.HEADERS);
        long data = guest.buffer(4096);
        long bytes = Allocation.inSteadyState(() -> {
            for (int i = 0; i < 2_000; i++) {
                guest.run(i % 2 == 0 ? BlkRequest.OUT : BlkRequest.IN, i % 200, data, 4096);
                records.discard();
            }
        });
        assertThat(bytes).isZero();
        assertThat(records.counters.get("records"))
                .isEqualTo(guest.counters.get("reads") + guest.counters.get("writes"));
    }
}
