package dev.cipu.dataplane.blk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.memory.Le;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that no honest driver sends; the numbers are those of the list of hostile inputs. */
@Timeout(60)
class BadRequestTest {
    private static final int SECTORS = 2048;

    private final MemoryStore store = new MemoryStore(SECTORS * 512L);
    private final BlkGuest guest = new BlkGuest(store);
    private final long data = guest.buffer(1 << 17);

    /** Whatever came before, the queue still serves. */
    @AfterEach
    void theQueueGoesOn() {
        assertThat(guest.violations).isEmpty();
        assertThat(guest.served.inFlight()).isZero();
        guest.fill(data, 4096, 42);
        byte[] expected = guest.bytes(data, 4096);
        assertThat(guest.run(BlkRequest.OUT, 8, data, 4096)).isEqualTo(BlkRequest.OK);
        guest.fill(data, 4096, 0);
        assertThat(guest.run(BlkRequest.IN, 8, data, 4096)).isEqualTo(BlkRequest.OK);
        assertThat(guest.bytes(data, 4096)).isEqualTo(expected);
    }

    @Test
    void line9_aChainWithoutStatusComesBackWithLengthZero() {
        assertThat(guest.raw().header(BlkRequest.OUT, 0).readable(data, 512).run())
                .isZero();
        assertThat(guest.raw().header(BlkRequest.IN, 0).run()).isZero();
        assertThat(guest.raw().readable(data, 3).run()).isZero();
        assertThat(guest.raw()
                        .header(BlkRequest.FLUSH, 0)
                        .readable(guest.statusByte(), 1)
                        .run())
                .isZero();
        assertThat(guest.counters.get("malformed")).isEqualTo(4);
        assertThat(store.residentBytes()).as("nothing was written").isZero();
    }

    @Test
    void line9_aChainWithoutAWholeHeaderFails() {
        assertThat(guest.raw().readable(data, 15).status()).isEqualTo(BlkRequest.IOERR);
        assertThat(guest.raw().status()).isEqualTo(BlkRequest.IOERR);
        assertThat(guest.counters.get("malformed")).isEqualTo(2);
        assertThat(guest.counters.get("errors")).isEqualTo(2);
    }

    @Test
    void line25_aHeaderChangedAfterTheCheckChangesNothing() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        long header = guest.area.allocate(16, 16);
        long at = guest.area.offset(header);
        Thread attacker = new Thread(() -> {
            while (!stop.get()) {
                guest.memory.set(Le.LONG_UNALIGNED, at + 8, SECTORS - 1);
                guest.memory.set(Le.LONG_UNALIGNED, at + 8, Long.MAX_VALUE / 512);
                guest.memory.set(Le.LONG_UNALIGNED, at + 8, -1);
            }
        });
        attacker.start();
        try {
            for (int i = 0; i < 100_000; i++) {
                guest.memory.set(Le.INT_UNALIGNED, at, i & 1);
                long status = guest.area.guestAddress() + guest.area.offset(data) + 512;
                BlkGuest.Raw raw = guest.raw().readable(header, 16);
                if ((i & 1) == BlkRequest.OUT) {
                    raw.readable(data, 512);
                } else {
                    raw.writable(data, 512);
                }
                raw.writable(status, 1).run();
                assertThat(guest.bytes(status, 1)[0]).isIn(BlkRequest.OK, BlkRequest.IOERR);
            }
        } finally {
            stop.set(true);
            attacker.join();
        }
    }

    @Test
    void line37_aRangeBeyondTheCapacityFails() {
        for (int type : new int[] {BlkRequest.IN, BlkRequest.OUT}) {
            assertThat(guest.run(type, SECTORS, data, 512)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(type, SECTORS - 1, data, 1024)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(type, -1, data, 512)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(type, -1, data, 1024)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(type, Long.MAX_VALUE, data, 512)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(type, 1L << 55, data, 512)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(type, (1L << 55) - 1, data, 1024)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(type, SECTORS - 1, data, 512)).isEqualTo(BlkRequest.OK);
        }
        assertThat(guest.counters.get("errors")).isEqualTo(14);
    }

    @Test
    void line37_aDiskThatShrankRefusesWhatItLost() {
        guest.device.capacity(100);
        assertThat(guest.run(BlkRequest.IN, 99, data, 512)).isEqualTo(BlkRequest.OK);
        assertThat(guest.run(BlkRequest.IN, 99, data, 1024)).isEqualTo(BlkRequest.IOERR);
        guest.device.capacity(SECTORS + 10);
        assertThat(guest.run(BlkRequest.IN, SECTORS, data, 512))
                .as("more than the store has")
                .isEqualTo(BlkRequest.IOERR);
    }

    @Test
    void line38_aLengthThatIsNotWholeSectorsFails() {
        for (int bytes : new int[] {1, 511, 513, 4095}) {
            assertThat(guest.run(BlkRequest.IN, 0, data, bytes)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(BlkRequest.OUT, 0, data, bytes)).isEqualTo(BlkRequest.IOERR);
        }
        assertThat(store.residentBytes()).isZero();
    }

    @Test
    void line38_dataOnAFlushIsIgnored() {
        assertThat(guest.run(BlkRequest.FLUSH, 77, data, 512)).isEqualTo(BlkRequest.OK);
        assertThat(guest.raw().header(BlkRequest.FLUSH, -1).writable(data, 7).status())
                .isEqualTo(BlkRequest.OK);
        assertThat(guest.counters.get("flushes")).isEqualTo(2);
    }

    @Test
    void line38_aTransferOfNothingSucceedsInsideTheDisk() {
        assertThat(guest.run(BlkRequest.IN, 0, data, 0)).isEqualTo(BlkRequest.OK);
        assertThat(guest.run(BlkRequest.OUT, SECTORS, data, 0)).isEqualTo(BlkRequest.OK);
        assertThat(guest.run(BlkRequest.OUT, SECTORS + 1, data, 0)).isEqualTo(BlkRequest.IOERR);
        assertThat(guest.counters.get("writes")).isZero();
    }

    @Test
    void line38_aRequestOfMoreThanTheSegmentLimitsAllowFails() {
        MemoryStore large = new MemoryStore(1L << 30);
        BlkGuest other = new BlkGuest(large);
        long buffer = other.buffer(2 << 20);
        BlkGuest.Raw raw = other.raw().header(BlkRequest.IN, 0);
        for (int i = 0; i < 64; i++) {
            raw.writable(buffer, 2 << 20);
        }
        assertThat(raw.status()).isEqualTo(BlkRequest.IOERR);
    }

    @Test
    @Conforms({"BK-022", "BK-023"})
    void line39_unknownFlagsAndUnmapOnDiscardAreUnsupported() {
        assertThat(guest.raw().header(BlkRequest.DISCARD, 0).segment(0, 8, 1).status())
                .isEqualTo(BlkRequest.UNSUPP);
        assertThat(guest.raw().header(BlkRequest.DISCARD, 0).segment(0, 8, 2).status())
                .isEqualTo(BlkRequest.UNSUPP);
        assertThat(guest.raw()
                        .header(BlkRequest.WRITE_ZEROES, 0)
                        .segment(0, 8, 3)
                        .status())
                .isEqualTo(BlkRequest.UNSUPP);
        assertThat(guest.raw()
                        .header(BlkRequest.WRITE_ZEROES, 0)
                        .segment(0, 8, 0x8000_0000)
                        .status())
                .isEqualTo(BlkRequest.UNSUPP);
        assertThat(guest.counters.get("unsupported")).isEqualTo(4);
    }

    @Test
    void line39_tooManySegmentsBrokenSegmentsAndOverflowsFail() {
        for (int type : new int[] {BlkRequest.DISCARD, BlkRequest.WRITE_ZEROES}) {
            assertThat(guest.raw().header(type, 0).status()).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.raw().header(type, 0).readable(data, 15).status()).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.raw().header(type, 0).readable(data, 24).status()).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.raw().header(type, 0).segment(SECTORS, 1, 0).status())
                    .isEqualTo(BlkRequest.IOERR);
            assertThat(guest.raw().header(type, 0).segment(-1, 2, 0).status()).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.raw().header(type, 0).segment(0, -1, 0).status()).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.raw().header(type, 0).segment(1L << 55, 8, 0).status())
                    .isEqualTo(BlkRequest.IOERR);
            BlkGuest.Raw many = guest.raw().header(type, 0);
            BlkGuest.Raw most = guest.raw().header(type, 0);
            for (int i = 0; i < BlkDevice.MAX_RANGES; i++) {
                many.segment(i, 1, 0);
                most.segment(i, 1, 0);
            }
            assertThat(many.segment(17, 1, 0).status()).isEqualTo(BlkRequest.IOERR);
            assertThat(most.status()).isEqualTo(BlkRequest.OK);
        }
    }

    @Test
    void line39_oneBadSegmentSparesTheGoodOnes() {
        guest.fill(data, 4096, 9);
        guest.run(BlkRequest.OUT, 0, data, 4096);
        byte[] before = guest.bytes(data, 4096);
        assertThat(guest.raw()
                        .header(BlkRequest.WRITE_ZEROES, 0)
                        .segment(0, 8, 0)
                        .segment(SECTORS, 1, 0)
                        .status())
                .isEqualTo(BlkRequest.IOERR);
        guest.run(BlkRequest.IN, 0, data, 4096);
        assertThat(guest.bytes(data, 4096)).isEqualTo(before);
    }

    @Test
    @Conforms({"BK-020", "BK-021"})
    void line40_writesToAReadOnlyDeviceFailAndWriteNothing() {
        BlkGuest reader = new BlkGuest(store, true, FeatureSet.NONE);
        // the driver need not have acknowledged that the disk is read-only
        reader.device.negotiate(FeatureSet.NONE);
        long buffer = reader.buffer(512);
        reader.fill(buffer, 512, 5);
        assertThat(reader.run(BlkRequest.OUT, 0, buffer, 512)).isEqualTo(BlkRequest.IOERR);
        assertThat(reader.raw().header(BlkRequest.DISCARD, 0).segment(0, 1, 0).status())
                .isEqualTo(BlkRequest.IOERR);
        assertThat(reader.raw()
                        .header(BlkRequest.WRITE_ZEROES, 0)
                        .segment(0, 1, 0)
                        .status())
                .isEqualTo(BlkRequest.IOERR);
        assertThat(store.residentBytes()).isZero();
        assertThat(reader.run(BlkRequest.IN, 0, buffer, 512)).isEqualTo(BlkRequest.OK);
        assertThat(reader.run(BlkRequest.FLUSH, 0, 0, 0)).isEqualTo(BlkRequest.OK);
    }

    @Test
    void line41_unknownTypesAndScsiCommandsAreUnsupported() {
        for (int type : new int[] {2, 3, 5, 6, 7, 9, 10, 12, 14, 15, 18, 26, 0x80000000, -1, 256}) {
            assertThat(guest.run(type, 0, data, 512)).isEqualTo(BlkRequest.UNSUPP);
        }
        assertThat(store.residentBytes()).isZero();
    }

    @Test
    void line42_theSerialNumberNeverTakesMoreThanTwentyBytes() {
        byte[] serial = Arrays.copyOf("serial-0123456789".getBytes(StandardCharsets.US_ASCII), 20);
        guest.fill(data, 4096, 77);
        byte[] before = guest.bytes(data, 4096);
        long status = guest.statusByte();
        assertThat(guest.raw()
                        .header(BlkRequest.GET_ID, 0)
                        .writable(data, 1)
                        .writable(status, 1)
                        .run())
                .isEqualTo(2);
        assertThat(guest.bytes(data, 2)).isEqualTo(new byte[] {'s', before[1]});
        assertThat(guest.raw()
                        .header(BlkRequest.GET_ID, 0)
                        .writable(data, 4096)
                        .writable(status, 1)
                        .run())
                .isEqualTo(20);
        assertThat(guest.bytes(data, 20)).isEqualTo(serial);
        assertThat(Arrays.copyOfRange(guest.bytes(data, 4096), 20, 4096))
                .isEqualTo(Arrays.copyOfRange(before, 20, 4096));
        assertThat(guest.raw()
                        .header(BlkRequest.GET_ID, 0)
                        .writable(data, 20)
                        .writable(status, 1)
                        .run())
                .isEqualTo(21);
        assertThat(guest.bytes(status, 1)[0]).isEqualTo(BlkRequest.OK);
    }

    @Test
    @Conforms("SR-001")
    void line43_theStatusIsTheLastWritableByteHoweverFramed() {
        guest.fill(data, 1024, 1);
        byte[] written = guest.bytes(data, 512);
        // header in three parts, status at the end of a descriptor of ten
        long status = guest.area.allocate(10, 1);
        assertThat(guest.raw()
                        .header(BlkRequest.OUT, 3, 1, 7, 8)
                        .readable(data, 100)
                        .readable(data + 100, 412)
                        .writable(status, 10)
                        .run())
                .isZero();
        assertThat(guest.bytes(status, 10)).isEqualTo(new byte[10]);
        // data and status in one descriptor, the header in one with nothing behind it
        guest.fill(data, 1024, 200);
        assertThat(guest.raw().header(BlkRequest.IN, 3).writable(data, 513).run())
                .isEqualTo(513);
        assertThat(guest.bytes(data, 512)).isEqualTo(written);
        assertThat(guest.bytes(data + 512, 1)[0]).isEqualTo(BlkRequest.OK);
        // header and data to write in one descriptor
        long joined = guest.buffer(1024);
        guest.memory.set(Le.INT_UNALIGNED, guest.area.offset(joined), BlkRequest.OUT);
        guest.memory.set(Le.LONG_UNALIGNED, guest.area.offset(joined) + 8, 4);
        guest.fill(joined + 16, 512, 50);
        assertThat(guest.raw().readable(joined, 528).status()).isEqualTo(BlkRequest.OK);
        assertThat(guest.run(BlkRequest.IN, 4, data, 512)).isEqualTo(BlkRequest.OK);
        assertThat(guest.bytes(data, 512)).isEqualTo(guest.bytes(joined + 16, 512));
    }

    @Test
    @Conforms({"SR-015", "SR-016"})
    void usedLengthOfAFailedReadPromisesNothing() {
        long status = guest.statusByte();
        assertThat(guest.raw()
                        .header(BlkRequest.IN, SECTORS)
                        .writable(data, 512)
                        .writable(status, 1)
                        .run())
                .isZero();
        assertThat(guest.bytes(status, 1)[0]).isEqualTo(BlkRequest.IOERR);
    }
}
