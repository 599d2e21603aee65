package dev.cipu.dataplane.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.RangeLimits;
import dev.cipu.virtio.conformance.Conforms;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Secure erase, lifetime, ranges with limits of their own. */
@Timeout(60)
class RareRequestTest {
    private static final int SECTORS = 2048;

    private final MemoryStore store = new MemoryStore(SECTORS * 512L);

    @Test
    @Conforms({"BK-022", "BK-024"})
    void secureEraseHasLimitsOfItsOwn() {
        BlkGuest guest =
                new BlkGuest(Disk.of(store), BlkGuest.traits(store).withSecureErase(new RangeLimits(64, 2, 8)));
        long data = guest.buffer(SECTORS * 512);
        guest.fill(data, SECTORS * 512, 1);
        byte[] expected = guest.bytes(data, SECTORS * 512);
        guest.run(BlkRequest.OUT, 0, data, SECTORS * 512);
        assertThat(erase(guest, 8, 16, 0, 512, 64)).isEqualTo(BlkRequest.OK);
        Arrays.fill(expected, 8 * 512, 24 * 512, (byte) 0);
        Arrays.fill(expected, 512 * 512, 576 * 512, (byte) 0);
        assertThat(erase(guest, 8, 16, BlkRequest.SEGMENT_UNMAP)).isEqualTo(BlkRequest.UNSUPP);
        assertThat(erase(guest, 8, 16, 2)).isEqualTo(BlkRequest.UNSUPP);
        assertThat(erase(guest, 4, 8, 0)).as("misaligned").isEqualTo(BlkRequest.IOERR);
        assertThat(erase(guest, 8, 4, 0)).as("half a unit").isEqualTo(BlkRequest.IOERR);
        assertThat(erase(guest, 8, 72, 0)).as("too long").isEqualTo(BlkRequest.IOERR);
        assertThat(erase(guest, SECTORS, 8, 0)).as("outside").isEqualTo(BlkRequest.IOERR);
        assertThat(guest.raw()
                        .header(BlkRequest.SECURE_ERASE, 0)
                        .segment(0, 8, 0)
                        .segment(8, 8, 0)
                        .segment(16, 8, 0)
                        .status())
                .as("too many")
                .isEqualTo(BlkRequest.IOERR);
        guest.run(BlkRequest.IN, 0, data, SECTORS * 512);
        assertThat(guest.bytes(data, SECTORS * 512)).isEqualTo(expected);
        assertThat(guest.counters.get("secure_erases")).isEqualTo(1);
    }

    private static int erase(BlkGuest guest, long sector, int sectors, int flags) {
        return guest.raw()
                .header(BlkRequest.SECURE_ERASE, 0)
                .segment(sector, sectors, flags)
                .status();
    }

    private static int erase(BlkGuest guest, long sector, int sectors, int flags, long other, int otherSectors) {
        return guest.raw()
                .header(BlkRequest.SECURE_ERASE, 0)
                .segment(sector, sectors, flags)
                .segment(other, otherSectors, flags)
                .status();
    }

    @Test
    void erasedMemoryIsOverwrittenBeforeItIsGivenBack() {
        List<MemorySegment> chunks = new ArrayList<>();
        MemoryStore watched = new MemoryStore(
                2 * MemoryStore.CHUNK_BYTES,
                () -> {
                    MemorySegment chunk = Arena.ofAuto().allocate(MemoryStore.CHUNK_BYTES, 4096);
                    chunks.add(chunk);
                    return chunk;
                },
                () -> 0);
        BlkGuest guest = new BlkGuest(Disk.of(watched), BlkGuest.traits(watched).withSecureErase(true));
        long data = guest.buffer(MemoryStore.CHUNK_BYTES);
        guest.fill(data, MemoryStore.CHUNK_BYTES, 5);
        guest.run(BlkRequest.OUT, 0, data, MemoryStore.CHUNK_BYTES);
        assertThat(erase(guest, 0, MemoryStore.CHUNK_BYTES / 512, 0)).isEqualTo(BlkRequest.OK);
        assertThat(watched.residentBytes()).isZero();
        assertThat(chunks.getFirst().toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void whatIsNotOfferedIsUnsupportedAndAReadOnlyDiskErasesNothing() {
        BlkGuest plain = new BlkGuest(store);
        long data = plain.buffer(512);
        assertThat(erase(plain, 0, 8, 0)).isEqualTo(BlkRequest.UNSUPP);
        assertThat(plain.run(BlkRequest.GET_LIFETIME, 0, data, 6)).isEqualTo(BlkRequest.UNSUPP);
        BlkGuest reader = new BlkGuest(
                Disk.of(store), BlkGuest.traits(store).withReadOnly(true).withSecureErase(true));
        assertThat(erase(reader, 0, 8, 0)).isEqualTo(BlkRequest.IOERR);
        BlkDevice restricted = new BlkDevice(BlkGuest.traits(store).withSecureErase(true));
        restricted.restrict(FeatureSet.of(BlkFeature.WRITE_ZEROES));
        BlkGuest held = new BlkGuest(
                Disk.of(store), restricted, FeatureSet.NONE, Arena.ofAuto().allocate(4 << 20, 4096));
        assertThat(erase(held, 0, 8, 0)).isEqualTo(BlkRequest.UNSUPP);
        assertThat(held.raw().header(BlkRequest.DISCARD, 0).segment(0, 8, 0).status())
                .isEqualTo(BlkRequest.UNSUPP);
        assertThat(held.raw()
                        .header(BlkRequest.WRITE_ZEROES, 0)
                        .segment(0, 8, 0)
                        .status())
                .isEqualTo(BlkRequest.OK);
    }

    @Test
    @Conforms({"BK-034", "BK-035", "BK-036"})
    void lifetimeFollowsWhatIsWritten() {
        Disk disk = new Disk(store, null, new Wear(10 * 4096, 0));
        BlkGuest guest = new BlkGuest(disk, BlkGuest.traits(store).withLifetime(true));
        long data = guest.buffer(4096);
        long life = guest.buffer(16);
        int[] stages = {1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11};
        int[] ends = {1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3};
        for (int written = 0; written < stages.length; written++) {
            guest.fill(life, 16, 99);
            assertThat(guest.run(BlkRequest.GET_LIFETIME, 0, life, 6)).isEqualTo(BlkRequest.OK);
            assertThat(guest.ring.usedLength()).isEqualTo(7);
            assertThat(guest.bytes(life, 6)).containsExactly((byte) ends[written], 0, 0, 0, (byte) stages[written], 0);
            guest.run(BlkRequest.OUT, 0, data, 4096);
        }
        // more room than the answer needs, and less
        assertThat(guest.run(BlkRequest.GET_LIFETIME, 0, life, 16)).isEqualTo(BlkRequest.OK);
        assertThat(guest.ring.usedLength()).isEqualTo(6);
        assertThat(guest.run(BlkRequest.GET_LIFETIME, 0, life, 2)).isEqualTo(BlkRequest.OK);
        assertThat(guest.counters.get("lifetimes")).isEqualTo(stages.length + 2);
        assertThatThrownBy(() -> new Wear(0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(new Wear(100, 50).tenths()).isEqualTo(5);
    }

    @Test
    @Conforms({"BK-030", "BK-003"})
    void writesAreDurableWithoutFlushAndWithoutAChoice() {
        RecordingStore slow = new RecordingStore(SECTORS * 512L);
        slow.automatic = true;
        BlkGuest guest = new BlkGuest(slow);
        long data = guest.buffer(512);
        FeatureSet none = FeatureSet.of(RingFeature.VERSION_1);
        guest.device.negotiate(none);
        guest.run(BlkRequest.OUT, 0, data, 512);
        guest.device.negotiate(none.with(BlkFeature.CONFIG_WCE));
        guest.run(BlkRequest.OUT, 0, data, 512);
        guest.device.writeConfig(BlkConfig.WRITEBACK, new byte[] {1});
        guest.run(BlkRequest.OUT, 0, data, 512);
        assertThat(slow.seen).containsExactly("WRITE durable", "WRITE durable", "WRITE");
    }

    @Test
    void manyRangesKeepTheWorkerAwakeUntilTheyAreDone() {
        BlkGuest guest = new BlkGuest(store);
        BlkGuest.Raw raw = guest.raw().header(BlkRequest.WRITE_ZEROES, 0);
        for (int i = 0; i < 16; i++) {
            raw.segment(i * 8L, 8, 0);
        }
        raw.writable(guest.statusByte(), 1).publish();
        int turns = 0;
        while (!guest.served.arm()) {
            assertThat(guest.served.poll()).as("work in turn %d", turns++).isPositive();
        }
        assertThat(guest.ring.poll()).isNotNegative();
        assertThat(turns).isGreaterThan(8);
    }

    @Test
    void aDiskAsksItsStoreHowLargeItIs() {
        AtomicLong sectors = new AtomicLong(100);
        BlockStore growing = new Sized(sectors);
        Disk disk = Disk.of(growing);
        assertThat(disk.refresh()).isFalse();
        sectors.set(200);
        assertThat(disk.sectors()).isEqualTo(100);
        assertThat(disk.refresh()).isTrue();
        assertThat(disk.sectors()).isEqualTo(200);
        BlkGuest guest = new BlkGuest(disk, BlkGuest.traits(growing));
        long data = guest.buffer(512);
        assertThat(guest.run(BlkRequest.IN, 199, data, 512)).isEqualTo(BlkRequest.OK);
        sectors.set(50);
        assertThat(disk.refresh()).isTrue();
        assertThat(guest.run(BlkRequest.IN, 199, data, 512)).isEqualTo(BlkRequest.IOERR);
        assertThat(guest.run(BlkRequest.IN, 49, data, 512)).isEqualTo(BlkRequest.OK);
    }

    private record Sized(AtomicLong current) implements BlockStore {
        @Override
        public long sectors() {
            return current.get();
        }

        @Override
        public int blockSize() {
            return 512;
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public boolean canDiscard() {
            return true;
        }

        @Override
        public BlockChannel channel(int tasks) {
            return new NullStore(1 << 20).channel(tasks);
        }

        @Override
        public void close() {}
    }
}
